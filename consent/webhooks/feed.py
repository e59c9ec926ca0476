"""The feed: the same events for an agency that cannot be called, in order, at least once; and its confirmation, by whichever way it was told.

A place in the feed is given when the feed is read, to rows that are committed by then, by one reader of a client's feed at a time: an
event that is committed late comes later, and is never stepped over, as it would be by a number that is drawn before the commit.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from consent.errors import AuroraError, InvalidInput

from .models import Delivery

MOST = 100
_CURSOR = b"events:"
LONGEST_BASIS = 500
CLOCK_SKEW = timedelta(seconds=60)


class NothingAsked(AuroraError):
    """The event asks for no deletion."""

    code = "nothing_asked"
    sentence = "This event asks for no deletion, so there is nothing to confirm."
    status = 409


class ConfirmedOtherwise(AuroraError):
    """What was confirmed before stands; the citizen has seen it."""

    code = "confirmed_otherwise"
    sentence = "This event has been confirmed already, with other words."
    status = 409


@dataclass(frozen=True)
class Page:
    """Events as they are sent to those who can be called, where to go on, and whether there is more at once."""

    events: tuple[dict[str, Any], ...]
    after: str
    more: bool


def cursor_of(position: int) -> str:
    """Opaque to the client: nothing about it is promised but that it works."""
    return base64.urlsafe_b64encode(_CURSOR + str(position).encode()).rstrip(b"=").decode()


def position_of(cursor: str) -> int:
    """Raises `InvalidInput` for what was never one of ours."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    digits = raw.removeprefix(_CURSOR)
    if not raw.startswith(_CURSOR) or not digits.isdigit() or len(digits) > 18 or cursor_of(int(digits)) != cursor:
        raise _no_such_cursor()
    return int(digits)


def check_place(*, client_id: str, position: int) -> None:
    """Raises `InvalidInput` for a place that its client's feed has not reached: nothing before it can have been read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_webhooks_newest(%s)", [client_id])
        if position > cursor.fetchone()[0]:
            raise _no_such_cursor()


def _no_such_cursor() -> InvalidInput:
    return InvalidInput({"after": "cursor_unknown"}, "Give a cursor from an earlier answer, or none.")


def page(*, client_id: str, after: int, most: int) -> Page:
    """One client's events behind a place in its feed, by a database function that knows no other's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, position, payload FROM consent_webhooks_feed(%s, %s, %s)", [client_id, after, most + 1])
        rows = cursor.fetchall()
    shown = rows[:most]
    last = shown[-1][1] if shown else after
    return Page(tuple({"id": str(i), **_json(text)} for i, _, text in shown), cursor_of(last), len(rows) > most)


def fetched(*, client_id: str, up_to: int) -> list[tuple[UUID, UUID]]:
    """(delivery, citizen) of what a client asked to go on behind, and was not yet known to have: who goes on has received."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT delivery_id, citizen_id FROM consent_webhooks_fetched(%s, %s)", [client_id, up_to])
        return [(d, c) for d, c in cursor.fetchall()]


def note_fetched(*, delivery_id: UUID, now: datetime) -> Delivery | None:
    """The client has it from the feed. The row for the one caller that may log it. In the citizen's scope."""
    waiting = Delivery.objects.filter(pk=delivery_id).exclude(state=Delivery.State.DELIVERED)
    told = waiting.update(state=Delivery.State.DELIVERED, delivered_at=now, error="", due_at=None, lease_token=None, lease_until=None)
    return Delivery.objects.select_related("client__agency").get(pk=delivery_id) if told else None


@dataclass(frozen=True)
class Confirmation:
    """What an agency says: when it deleted, and what it must keep, by which law."""

    deleted_at: datetime | None
    kept: tuple[tuple[str, str], ...]

    def as_json(self) -> list[dict[str, str]]:
        return [{"category": category, "legal_basis": basis} for category, basis in sorted(self.kept)]


@dataclass(frozen=True)
class Noted:
    """The row, and whether this call confirmed it, and was the first by which it is known to have arrived."""

    row: Delivery
    new: bool
    arrived: bool


def confirm(*, delivery_id: UUID, said: Confirmation, now: datetime) -> Noted:
    """Note it, once: the same again changes nothing. Who confirms has been told: no more attempts are made. In the citizen's scope.

    Raises `NothingAsked`, `ConfirmedOtherwise`, `InvalidInput` for a category that is not of the event, or for one of which nothing is said, and for
    a deletion before the end that asked for it.
    """
    row = Delivery.objects.select_for_update(of=("self",)).select_related("client__agency", "consent").get(pk=delivery_id)
    if row.confirm_by is None:
        raise NothingAsked()
    _check(row, said)
    if row.confirmed_at is not None:
        if (row.deleted_at, row.kept) != (said.deleted_at, said.as_json()):
            raise ConfirmedOtherwise()
        return Noted(row, new=False, arrived=False)
    row.confirmed_at, row.deleted_at, row.kept = now, said.deleted_at, said.as_json()
    row.save(update_fields=["confirmed_at", "deleted_at", "kept"])
    arrived = note_fetched(delivery_id=delivery_id, now=now) is not None
    return Noted(row, new=True, arrived=arrived)


def _check(row: Delivery, said: Confirmation) -> None:
    kept = [category for category, _ in said.kept]
    if not set(kept) <= set(row.categories) or len(set(kept)) != len(kept):
        raise InvalidInput({"kept": "category_unknown"}, "Name categories of the event only, each once.")
    if said.deleted_at is None and set(kept) != set(row.categories):
        raise InvalidInput({"deleted_at": "deleted_at_required"}, "Say when you deleted what you do not keep.")
    if said.deleted_at is not None and set(kept) == set(row.categories):
        raise InvalidInput({"deleted_at": "deleted_nothing"}, "You keep all of it: then nothing was deleted.")
    if said.deleted_at is not None and said.deleted_at < row.created_at - CLOCK_SKEW:
        raise InvalidInput(
            {"deleted_at": "deleted_at_too_early"}, "This lies before the consent ended: what was asked for then comes later."
        )


def _json(text: str | dict[str, Any]) -> dict[str, Any]:
    return json.loads(text) if isinstance(text, str) else text
