"""What its source has signed is kept as attested; a source that signs is not believed when it does not."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.utils import timezone
from tax_office import HOUSEHOLD, INCOME, TAX, TaxOffice, details, known, open_case, values

from aurora.journeys import pull as journey
from aurora.sandbox import jose, national_id
from aurora.sources.connectors import signed
from aurora.sources.models import DataSource
from recommender.training import households
from tests.support.hostile_peer import Peer, answer

TOKENS: dict[str, Any] = {"access_token": "a", "refresh_token": "r", "expires_in": 600}
KEY = jose.new_key()


@pytest.fixture
def source(office: TaxOffice, peer: Peer) -> Peer:
    """A source that is declared to sign, in place of the tax office."""
    signed.forget_keys()
    peer.publishes()
    peer.says("/jwks", jose.public_jwks(KEY))
    client_id = office.registration["client_id"]
    DataSource.objects.filter(agency__code=TAX).update(issuer=peer.url, client_id=client_id, settings={"signature": {}})
    said = {
        "category": INCOME,
        "version": 1,
        "subject": {"national_id": national_id.make(HOUSEHOLD)},
        "observed_at": timezone.now().isoformat(),
        "facts": households.facts_of(HOUSEHOLD)[INCOME],
    }
    now = int(time.time())
    token = jose.sign(KEY, {"iss": peer.url, "aud": client_id, "iat": now, "exp": now + 600, "data": said}, typ="aurora-facts+jwt")
    peer.answers[f"/data/{INCOME}"] = answer(token.encode(), Content_Type="application/jose")
    peer.answers["/plain"] = answer(said)
    return peer


def test_signed_facts_are_attested(source: Peer) -> None:
    case = open_case(TOKENS, INCOME)
    journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and values(case) == known(INCOME)
    assert {fact.provenance for fact in case.facts} == {"attested"}


def test_an_unsigned_answer_leaves_nothing_but_its_code(source: Peer) -> None:
    source.answers[f"/data/{INCOME}"] = source.answers["/plain"]
    case = open_case(TOKENS, INCOME)
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error, case.parts) == ("failed", "signature_invalid", {INCOME: ("failed", 0, "signature_invalid")})
    assert not case.facts and details(case)["failed"] == [f"{INCOME}:signature_invalid"]
