"""Mix-up: an answer of one server taken for another's (RFC 9700, 4.4; RFC 9207; FAPI 2.0, 5.3.2.2).

As a server Aurora says who it is in every answer. As a client, of the e-ID and of the sources, it believes no answer that does not: what
changed answers lead to is in tests/attacks/test_callbacks.py, what `aurora.outbound` refuses in tests/outbound/test_oauth.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from aurora.sources import registry
from aurora.sources.models import DataSource
from tests.support.cast import Cast, browser
from tests.support.hostile_peer import Peer
from tests.support.relying import Relying


def test_every_answer_names_its_issuer(cast: Cast, first: Relying) -> None:
    """The code, the citizen's no, and an error that nobody was asked about: `arrived` wants `iss`, once, in each."""
    held = first.tokens(cast.cecilia)
    assert first.answered(cast.cecilia, first.pushed())["code"]
    assert first.answered(cast.cecilia, first.pushed(), decision="decline")["error"] == "access_denied"
    held = first.tokens(cast.cecilia)
    uri = first.pushed(grant_management_action="merge", grant_id=held["grant_id"])
    away: Any = first.opened(cast.aino.browser(), uri)  # another citizen than the grant's
    assert away.status_code == 303 and first.arrived(away["Location"])["error"] == "invalid_grant_id"


def test_each_source_answers_at_an_address_of_its_own(cast: Cast) -> None:
    """RFC 9700, 4.4.2.2: the second defence, where a source sends no `iss`."""
    sources = [registry.by_code(code) for code in DataSource.objects.values_list("agency__code", flat=True)]
    addresses = [registry.registration(source).redirect_uri for source in sources]
    assert len(addresses) > 1 and len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("iss", ["https://honest.example", None, "", "{url}/", "{url}#x"])
def test_no_code_is_carried_to_a_server_that_did_not_give_it(cast: Cast, eid_of_ours: Peer, iss: str | None) -> None:
    """The attacker's e-ID sends the browser on to an honest one; its code must not reach the attacker's token endpoint."""
    face = browser()
    assert face.get("/en/sign-in/").status_code == 302
    state = eid_of_ours.asked("/par")[-1].form["state"]
    answer = {"state": state, "code": "a code of the honest server"}
    if iss is not None:
        answer["iss"] = iss.format(url=eid_of_ours.url)
    assert face.get("/sign-in/callback", answer).status_code == 400
    assert not eid_of_ours.asked("/token")
