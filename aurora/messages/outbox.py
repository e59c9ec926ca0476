"""Putting a message into a citizen's box. The one way to tell a citizen something that they should not have to look for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from aurora.identity import vault
from aurora.messages import mails
from aurora.messages.models import Message, MessageKind
from consent.days import last_day
from consent.errors import NotFound, OutsideTransaction
from consent.ledger import leaf
from consent.models import ConsentRecord

# Each of these is told once for what it is about, however often it is queued.
_ONCE = {
    MessageKind.CONSENT_EXPIRED: ("consent",),
    MessageKind.REMINDER_ONGOING: ("consent", "days"),
    MessageKind.REMINDER_ENDING: ("consent", "days"),
    MessageKind.AGENCY_CONFIRMED_DELETION: ("consent", "delivery"),
    MessageKind.AGENCY_OVERDUE: ("consent", "delivery"),
    MessageKind.MANDATE_OFFERED: ("mandate",),
    MessageKind.ESTIMATE_RECALLED: ("entry",),
    MessageKind.CONCERN_ANSWERED: ("concern", "part"),
    MessageKind.CONCERN_PUT_OFF: ("concern", "part"),
    MessageKind.CONCERN_OVERDUE: ("concern", "due"),
    MessageKind.CORRECTION_ANSWERED: ("correction",),
    MessageKind.CORRECTION_OVERDUE: ("correction",),
    MessageKind.ERASURE_DONE: ("erasure",),
}
# What is told at one moment, by one sweep say, is one message.
_TOGETHER = frozenset({MessageKind.RECEIPT, MessageKind.USE_DISCLOSED})


@dataclass(frozen=True)
class Opened:
    """A message as its citizen may read it. `about` is a tuple, since what was decided at one moment is one message."""

    row: Message
    about: tuple[dict[str, Any], ...] = field(repr=False)


def queue(*, citizen_id: UUID, kind: MessageKind | str, about: Mapping[str, Any], now: datetime) -> Message:
    """Write a message, and a mail for it if the citizen wants mails, in the caller's transaction and the citizen's scope.

    `about` is plain JSON, ids may be UUIDs. With `consent` (an id) the names of its recipient and purpose and its last day are added, and
    the page leads there. Others: `receipt`, `event`, `by`; `days` for reminders; `delivery`, with `kept` (`part`, `all`) of a confirmation
    or `reached` of one overdue; `entry` of the log for an estimate that was recalled or a use that is disclosed; `correction` (with `outcome` of its answer) for a request to correct a fact; `concern`, with `part` or `due`, for a case, and `ward` (a child's name) and `path` to a guardian; `mandate`, `who` (a name), `change` and `path` (where the page leads, below the language) for mandates.
    Sealed for the citizen.

    The same thing told again is the same message; receipts of one moment are one, and so are uses that are disclosed by one sweep. Raises `NotFound` for a consent that is not theirs.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("A message is written in the transaction of what it tells.")
    kind = MessageKind(kind)
    told = {**_consent(citizen_id, about), **{name: _plain(value) for name, value in about.items()}}
    key = _key(kind, told, now)
    standing = Message.objects.select_for_update().filter(citizen_id=citizen_id, kind=kind, key=key).first()
    if standing is not None:
        return _add(standing, told) if kind in _TOGETHER else standing
    message = Message(id=uuid.uuid4(), citizen_id=citizen_id, kind=kind, key=key, created_at=now)
    message.sealed = _sealed(message, (told,))
    message.save(force_insert=True)
    mails.enqueue(message=message, now=now)
    return message


def for_citizen(*, citizen_id: UUID) -> QuerySet[Message]:
    """All of a citizen's messages, newest first, each with its mail. In their scope."""
    return Message.objects.filter(citizen_id=citizen_id).select_related("mail").order_by("-created_at", "-id")


def unread(*, citizen_id: UUID) -> int:
    """How many messages a citizen has not opened. In their scope."""
    return Message.objects.filter(citizen_id=citizen_id, read_at__isnull=True).count()


def read(*, citizen_id: UUID, message_id: UUID, now: datetime, mark: bool = True) -> Opened:
    """Open a message, which marks it read, the first time. In the citizen's scope. Raises `NotFound`, also for somebody else's."""
    row = for_citizen(citizen_id=citizen_id).filter(pk=message_id).first()
    if row is None:
        raise NotFound()
    if mark and row.read_at is None:
        Message.objects.filter(pk=row.pk, read_at__isnull=True).update(read_at=now)
    return open_row(row)


def open_row(row: Message) -> Opened:
    """What a row holds, in its citizen's scope."""
    plain = vault.open_sealed(row.sealed, citizen_id=row.citizen_id, context=_place(row.pk))
    return Opened(row, tuple(json.loads(plain)))


def _add(standing: Message, told: dict[str, Any]) -> Message:
    others = open_row(standing).about
    standing.sealed = _sealed(standing, (*others, told))
    standing.read_at = None  # there is more in it than was read
    standing.save(update_fields=["sealed", "read_at"])
    return standing


def _sealed(message: Message, about: Iterable[Mapping[str, Any]]) -> bytes:
    plain = json.dumps(list(about), ensure_ascii=False).encode()
    return vault.seal(plain, citizen_id=message.citizen_id, context=_place(message.pk))


def _place(message_id: UUID) -> bytes:
    return b"message:" + message_id.bytes


def _key(kind: MessageKind, told: Mapping[str, Any], now: datetime) -> str:
    if kind in _TOGETHER:
        return leaf.timestamp(now)
    if kind in _ONCE:
        return ":".join(str(told.get(name, "")) for name in _ONCE[kind])
    return uuid.uuid4().hex


def _consent(citizen_id: UUID, about: Mapping[str, Any]) -> dict[str, Any]:
    """What a message says of a consent: as it is now, since it is told of now."""
    if "consent" not in about:
        return {}
    mine = ConsentRecord.objects.filter(citizen_id=citizen_id, pk=about["consent"])
    record = mine.select_related("recipient", "purpose_version").first()
    if record is None:
        raise NotFound()
    return {
        "recipient": record.recipient.name,
        "recipient_code": record.recipient.code,
        "purpose": record.purpose_version.name,
        "until": last_day(record.expires_at).isoformat(),
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
