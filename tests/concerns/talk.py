"""What the tests of concerns do again and again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.utils import timezone

from aurora.journeys import raise_concern
from aurora.journeys._log import log
from consent.concerns.models import Concern
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.rules import AURORA
from consent.scope import citizen_scope
from tests.support.cast import Cast, Person, browser, services
from tests.support.owners import own_token

TEXT = "I have never dealt with you. Why did you read my income?"
PATH = "/api/v1/concerns"


def read(cast: Cast) -> LedgerEntry:
    """The office reads Aino's income: the newest entry of her log."""
    assert cast.office.read(cast.token, "tax.income").status_code == 200
    return cast.aino.entries()[-1]


def pulled(person: Person, source: str = "tax-administration") -> LedgerEntry:
    """Aurora fetched from a source: the entry that a pull leaves."""
    with citizen_scope(person.id):
        log(
            citizen_id=person.id,
            event=Event.PULL_COMPLETED,
            actor=AURORA,
            source=source,
            categories=["tax.income"],
            at=timezone.now(),
        )
    return person.entries()[-1]


def entry_of(person: Person, event: str) -> LedgerEntry:
    return next(e for e in reversed(person.entries()) if e.event == event)


def raised(person: Person, entry: LedgerEntry, *, text: str = TEXT, kind: str = "unknown", now: datetime | None = None) -> UUID:
    return raise_concern.raise_(citizen_id=person.id, entry_id=entry.pk, kind=kind, text=text, language="en", now=now or timezone.now())


def row(person: Person, case: UUID) -> Concern:
    with citizen_scope(person.id):
        return Concern.objects.get(pk=case)


def said(person: Person, case: UUID) -> list[str]:
    return [one.text for one in raise_concern.one(citizen_id=person.id, concern_id=case).said]


def close_all() -> None:
    """Whosesoever they are: also those of children, of whom only the test before knows."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute(
            "UPDATE consent_concerns_concern SET state = 'closed', outcome = 'withdrawn', closed_at = now() WHERE state <> 'closed'"
        )


def late(person: Person, case: UUID) -> datetime:
    """A moment after its answer was due."""
    return row(person, case).due_at + timedelta(minutes=1)


class Agency:
    """The office, at the addresses of concerns."""

    def __init__(self, cast: Cast) -> None:
        self._cast, self._token = cast, own_token(cast, "concerns")

    def get(self, path: str = PATH, query: str = "") -> Any:
        return browser().get(f"{path}{query}", **self._cast.office.bearing(self._token, path))  # type: ignore[arg-type]

    def answer(self, case: UUID, body: Any = None, **members: Any) -> Any:
        path = f"{PATH}/{case}/answer"
        sent = json.dumps(members if body is None else body)
        return browser().post(path, sent, content_type="application/json", **self._cast.office.bearing(self._token, path, method="POST"))  # type: ignore[arg-type]

    def lawful(self, case: UUID, text: str = "You applied for a benefit in May.", ground: str = "Act on benefits, 5 §") -> Any:
        return self.answer(case, kind="lawful", text=text, ground=ground)


__all__ = ["AURORA", "Agency", "close_all", "entry_of", "late", "pulled", "raised", "read", "row", "said"]
