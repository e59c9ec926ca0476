"""What the tests of pushes do again and again."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from joserfc import jws
from joserfc.jwk import ECKey

from aurora.identity import citizens, vault
from aurora.identity.eid import Identified
from aurora.sandbox.config import OFFICE
from aurora.twin.models import Fact
from consent.ledger import queries as ledger
from consent.ledger.models import LedgerEntry
from consent.oauth import config
from consent.scope import citizen_scope
from tests.support.cast import Cast, Person, browser
from tests.support.held import by_name
from tests.withdrawals.told import own_token

PATH = "/api/v1/facts"
DECISIONS = "benefits.decisions"
GRANTED = {"housing_support": "granted", "housing_support_amount": 312, "housing_support_decided_on": "2026-11-20"}

__all__ = ["own_token"]


def seen(**ago: float) -> str:
    """A time some while ago, as an agency writes it."""
    return (timezone.now() - timedelta(**ago)).astimezone(UTC).isoformat()


def answer(national_id: str, **changes: Any) -> dict[str, Any]:
    """One answer of a batch, as an honest office gives it. A change to `...` leaves the member out."""
    whole = {
        "category": DECISIONS,
        "version": 1,
        "subject": {"national_id": national_id},
        "observed_at": seen(minutes=1),
        "valid_from": "2026-12-01",
        "valid_to": None,
        "facts": dict(GRANTED),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def signed(
    cast: Cast, answers: Any, *, batch: UUID | str | None = None, key: dict[str, str] | None = None, header: Any = None, **claims: Any
) -> str:
    """A batch as the office signs it."""
    whole = {
        "iss": cast.office.client_id,
        "aud": config.resource(),
        "iat": int(time.time()),
        "jti": str(batch or uuid4()),
        "answers": answers,
        **claims,
    }
    jwk = key or cast.office.key
    named = {"alg": "ES256", "kid": jwk["kid"], "typ": "aurora-facts+jwt", **(header or {})}
    text = json.dumps({name: value for name, value in whole.items() if value is not ...})
    return jws.serialize_compact(named, text, ECKey.import_key(jwk), algorithms=["ES256"])


def sent(cast: Cast, body: str | bytes, *, token: str = "", kind: str = "application/jose") -> Any:
    token = token or own_token(cast, "facts")
    return browser().post(PATH, body, content_type=kind, **cast.office.bearing(token, PATH, method="POST"))  # type: ignore[arg-type]


def pushed(cast: Cast, *answers: dict[str, Any], **how: Any) -> Any:
    return sent(cast, signed(cast, list(answers), **how))


def came(response: Any) -> list[str]:
    """What came of each answer, in order; of what is invalid, a colon and why."""
    assert response.status_code == 200, response.content
    found = response.json()["results"]
    assert [one["position"] for one in found] == list(range(len(found)))
    return [one["result"] + (f":{one['why']}" if "why" in one else "") for one in found]


def newcomer(cast: Cast, *, connected: bool = True) -> Person:
    """A citizen who is new here, and has connected the office."""
    national_id = f"S8{secrets.randbelow(9)}0{secrets.randbelow(10**6):06}-7"
    identified = Identified(cast.made.aurora["eid"]["issuer"], national_id, "Dora Demo")
    person = Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), "Dora Demo", national_id)
    if connected:
        person.allow(OFFICE)
    return person


def facts(person: Person, *, current: bool = True) -> dict[str, Any]:
    """What the twin holds of the office's decisions, opened, by key."""
    with citizen_scope(person.id):
        rows = Fact.objects.filter(citizen_id=person.id, category=DECISIONS)
        rows = rows.filter(superseded_at__isnull=True) if current else rows
        return {key: value for _, key, value in by_name(rows)}


def rows(person: Person) -> int:
    with citizen_scope(person.id):
        return Fact.objects.filter(citizen_id=person.id).count()


def entries(person: Person, event: str = "agency:facts:pushed") -> list[LedgerEntry]:
    return [e for e in person.entries() if e.event == event]


def details(person: Person, entry: LedgerEntry) -> dict[str, Any]:
    with citizen_scope(person.id):
        opened = ledger.open_entry(entry, lambda sealed, context: vault.open_sealed(sealed, citizen_id=person.id, context=context))
    assert opened.genuine
    return dict(opened.details)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
