"""What the tests of reported uses do again and again."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from joserfc import jws
from joserfc.jwk import ECKey

from aurora.identity import citizens
from aurora.identity.eid import Identified
from aurora.identity.keys import pairwise
from aurora.journeys import note_deliveries, reconcile
from consent.ledger.models import LedgerEntry
from consent.models import Agency
from consent.oauth import config
from consent.scope import citizen_scope
from consent.uses import notes
from consent.uses.models import Account, Finding, UsageReport
from tests.support.cast import REGISTER, Cast, Person, browser
from tests.withdrawals.told import own_token

PATH = "/api/v1/uses"
INCOME, HOUSEHOLD = "tax.income", "population.household"
PURPOSE = "benefit-application"

__all__ = ["own_token"]


def subject(cast: Cast, person: Person) -> str:
    return pairwise(citizen_id=person.id, agency=cast.office.client_id)


def use(cast: Cast, person: Person, **changes: Any) -> dict[str, Any]:
    """One use of a batch, as an honest office tells it. A change to `...` leaves the member out."""
    whole = {
        "subject": subject(cast, person),
        "used_at": timezone.now().isoformat(),
        "action": "Worked out the housing support",
        "receiver": {"code": cast.office.client_id, "name": "Benefits office"},
        "system": "cases",
        "categories": [HOUSEHOLD],
        "purpose": PURPOSE,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def signed(
    cast: Cast, uses: Any, *, batch: UUID | str | None = None, key: dict[str, str] | None = None, header: Any = None, **claims: Any
) -> str:
    """A batch as the office signs it."""
    whole = {
        "iss": cast.office.client_id,
        "aud": config.resource(),
        "iat": int(time.time()),
        "jti": str(batch or uuid4()),
        "uses": uses,
        **claims,
    }
    jwk = key or cast.office.key
    named = {"alg": "ES256", "kid": jwk["kid"], "typ": "aurora-uses+jwt", **(header or {})}
    text = json.dumps({name: value for name, value in whole.items() if value is not ...})
    return jws.serialize_compact(named, text, ECKey.import_key(jwk), algorithms=["ES256"])


def sent(cast: Cast, body: str | bytes, *, token: str = "", kind: str = "application/jose") -> Any:
    token = token or own_token(cast, "uses")
    return browser().post(PATH, body, content_type=kind, **cast.office.bearing(token, PATH, method="POST"))  # type: ignore[arg-type]


def pushed(cast: Cast, *uses: dict[str, Any], **how: Any) -> Any:
    return sent(cast, signed(cast, list(uses), **how))


def read(cast: Cast, person: Person, category: str = HOUSEHOLD, *, noted: bool = True) -> UUID:
    """The office reads; the entry. `noted`: its answer has left us."""
    token = cast.token if person is cast.aino else cast.office.granted(person)["access_token"]
    answer = cast.office.read(token, category)
    assert answer.status_code == 200, answer.content
    entry = UUID(answer.json()["ledger_entry"])
    if noted:
        note_deliveries.write_now()
        notes.keep([(entry, timezone.now())])
    return entry


def newcomer(cast: Cast) -> Person:
    """A citizen of whom nobody has read or reported anything, connected to the register."""
    national_id = f"S9{secrets.randbelow(9)}0{secrets.randbelow(10**6):06}-7"
    identified = Identified(cast.made.aurora["eid"]["issuer"], national_id, "Dora Demo")
    person = Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), "Dora Demo", national_id)
    person.connect(REGISTER)
    return person


def office(cast: Cast) -> Agency:
    return Agency.objects.get(code=cast.office.client_id)


def account(cast: Cast, person: Person) -> Account:
    with citizen_scope(person.id):
        return Account.objects.select_related("agency").get(citizen_id=person.id, agency=office(cast))


def reconciled(cast: Cast, person: Person) -> int:
    return reconcile.run(account_id=account(cast, person).pk)


def findings(cast: Cast, person: Person) -> list[Finding]:
    with citizen_scope(person.id):
        return list(Finding.objects.filter(citizen_id=person.id, agency=office(cast)).select_related("report"))


def of_entry(cast: Cast, person: Person, entry: UUID) -> Finding:
    return next(f for f in findings(cast, person) if f.entry_id == entry)


def reports(person: Person, **which: Any) -> list[UsageReport]:
    with citizen_scope(person.id):
        return list(UsageReport.objects.filter(citizen_id=person.id, **which).order_by("received_at", "used_at"))


def entries(person: Person, event: str = "agency:use:reported") -> list[LedgerEntry]:
    return [e for e in person.entries() if e.event == event]


def all_rows(people: Iterable[Person]) -> tuple[int, int]:
    """Reports and entries of uses, of some people."""
    return sum(len(reports(p)) for p in people), sum(len(entries(p)) for p in people)


def ago(**how: float) -> datetime:
    return timezone.now() - timedelta(**how)
