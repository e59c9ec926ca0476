"""Writing the operators' trail: one statement a row, in the transaction that is open, or in one of its own.

What a caller can count on:
- a row stands in its operator's trail with the next number, and in the public tree, if and only if the transaction commits;
- two rows of one operator wait for each other until the first one's transaction ends: a deed is noted last in its transaction;
- what is no code (a space, a letter outside ASCII, a line's end) does not get in: the row is refused, and with it the deed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from aurora.audit.models import NOBODY, OperatorDeed
from consent.errors import OutsideTransaction
from consent.ids import uuid7

__all__ = ["NOBODY", "Kind", "Visit", "did", "note", "visiting"]
Kind = OperatorDeed.Kind
_NOTE = "SELECT audit_note(%s, %s, %s, %s, %s, %s, %s, %s)"


@dataclass
class Visit:
    """One request of the console: at which address, and the deeds that were noted meanwhile."""

    route: str
    deeds: list[str] = field(default_factory=list)


_VISIT: ContextVar[Visit | None] = ContextVar("operator's visit", default=None)


@contextmanager
def visiting(route: str) -> Iterator[Visit]:
    """While a request of the console is answered: its deeds are noted with its address."""
    visit = Visit(route)
    token = _VISIT.set(visit)
    try:
        yield visit
    finally:
        _VISIT.reset(token)


def note(
    *, operator_id: UUID, kind: OperatorDeed.Kind, outcome: str, route: str = "", deed: str = "", about: Iterable[str | UUID] = ()
) -> int:
    """One row; its number in the operator's trail. `outcome` and `about` are codes and ids."""
    values: list[object] = [uuid7(datetime.now(UTC)), operator_id, kind.value, route, deed, [str(each) for each in about], outcome]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [*values, secrets.token_bytes(16)])  # type: ignore[list-item]
        return int(cursor.fetchone()[0])


def did(*, operator_id: UUID, deed: str, about: Iterable[str | UUID] = ()) -> None:
    """A deed is done, in the transaction that does it. Raises `OutsideTransaction`: a deed without its row is not one."""
    if not connection.in_atomic_block:
        raise OutsideTransaction("a deed is noted in the transaction that does it")
    visit = _VISIT.get()
    note(operator_id=operator_id, kind=Kind.DEED, deed=deed, about=about, outcome="done", route=visit.route if visit else "")
    if visit:
        visit.deeds.append(deed)
