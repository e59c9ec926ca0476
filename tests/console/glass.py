"""Operators who break the glass, and whose data they are let see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.test import Client as Browser
from django.utils import timezone

from aurora.console.auth import VERIFIED
from aurora.identity import vault
from aurora.identity.models import DataKey, Operator
from aurora.journeys import break_glass
from consent.breakglass.models import Request
from consent.ledger import queries as ledger
from consent.scope import citizen_scope
from tests.support.cast import Person, browser, services

Role = Operator.Role
HOUSEHOLD, PERSON = "population.household", "population.person"
TEXT = "The citizen rang about a household that is wrong."
ASKED = {"reason": "citizen_asked", "text": TEXT, "case": "2026/4711", "categories": [HOUSEHOLD], "minutes": 10}


@dataclass
class Officer:
    operator: Operator
    face: Browser


def officer(*roles: Role, at: datetime | None = None) -> Officer:
    """Somebody with both factors passed, the second just now (or at `at`)."""
    operator = Operator.objects.create(username=f"{roles[0]}-{uuid4().hex[:6]}", name=f"{roles[0]} of Aurora", roles=list(roles))
    return Officer(operator, signed_in(operator, at=at))


def signed_in(operator: Operator, *, at: datetime | None = None) -> Browser:
    from aurora.console.auth import FACTOR_AT

    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session[FACTOR_AT] = (at or timezone.now()).timestamp()
    session.save()
    return face


def ask(who: Officer, person: Person | str, *, now: datetime | None = None, **changes: Any) -> Request:
    named = person if isinstance(person, str) else person.national_id
    given = {"request_id": uuid4(), **ASKED, **changes}
    return break_glass.ask(operator=who.operator, who=named, now=now or timezone.now(), **given)


def approved(asker: Officer, decider: Officer, person: Person, *, now: datetime | None = None, **changes: Any) -> Request:
    row = ask(asker, person, now=now, **changes)
    return break_glass.approve(operator=decider.operator, request_id=row.pk, who=person.national_id, now=now or timezone.now())


def read(who: Officer, row: Request, *categories: str, now: datetime | None = None, read_id: UUID | None = None) -> break_glass.Reading:
    wanted = categories or (HOUSEHOLD,)
    return break_glass.read(
        operator=who.operator, request_id=row.pk, read_id=read_id or uuid4(), categories=wanted, now=now or timezone.now()
    )


def told(person: Person, row: Request) -> list[tuple[str, dict[str, Any]]]:
    """(action, details) of the entries of a request in its citizen's log, in order."""
    with citizen_scope(person.id):
        opened = [
            ledger.open_entry(e, partial(vault.open_sealed, citizen_id=person.id)) for e in person.entries() if ":break_glass:" in e.event
        ]
    assert all(one.genuine for one in opened)
    return [(one.entry.event.split(":")[2], one.details) for one in opened if one.details["request"] == str(row.pk)]


def actions(person: Person, row: Request) -> list[str]:
    return [action for action, _ in told(person, row)]


@contextmanager
def superuser() -> Iterator[Any]:
    """Past every trigger: to let time pass over rows, and to take them away after a test."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        yield admin


def age(row: Request, by: timedelta) -> None:
    """As if it had been asked, decided and approved that much earlier."""
    with superuser() as admin:
        admin.execute(
            "UPDATE consent_breakglass_request SET asked_at = asked_at - %(by)s, decided_at = decided_at - %(by)s, "
            "expires_at = expires_at - %(by)s, ended_at = ended_at - %(by)s WHERE id = %(id)s",
            {"by": by, "id": row.pk},
        )


def clear() -> None:
    """No request and no alarm is left for the test that follows."""
    with superuser() as admin:
        admin.execute("TRUNCATE consent_breakglass_request, consent_breakglass_subject, consent_breakglass_read, consent_breakglass_alarm")


@contextmanager
def erasure_due(person: Person) -> Iterator[None]:
    """A citizen whose log may be erased now: asked for thirty days ago, and the data key gone. Afterwards as before."""
    with citizen_scope(person.id):
        kept = DataKey.objects.filter(pk=person.id).values().get()
        vault.destroy_key(citizen_id=person.id)
    with psycopg.connect(services().admin_url or "") as admin:
        admin.execute(
            "INSERT INTO ledger_erasure (id, citizen_id, asked_at, due_at) VALUES (%s, %s, now() - interval '31 days', now() - interval '1 day')",
            [uuid4(), person.id],
        )
    try:
        yield
    finally:
        with psycopg.connect(services().admin_url or "") as admin:
            admin.execute("DELETE FROM ledger_erasure WHERE citizen_id = %s", [person.id])
        with citizen_scope(person.id):
            DataKey.objects.create(**kept)
