"""Writing to the access log: one call, one round trip, inside the transaction of what it records. Only journeys may
import this.

What a caller can count on:
- if the transaction commits, the entry is there with the citizen's next number, and the sequencer will find it;
- if it rolls back, there is no entry and no gap in the numbers;
- concurrent appends for one citizen queue on that citizen's head row until the first one's transaction ends. So
  append last, keep the transaction short, and append for one citizen a transaction (two citizens in two orders can
  deadlock; PostgreSQL then fails one).
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connections

from consent import wire
from consent.errors import OutsideTransaction
from consent.ids import uuid7
from consent.ledger import leaf
from consent.ledger.events import Event

PERMIT = "permit"
# As one value, not as a row of a FROM: that plan costs 40 us. Its binary form: how many parts, then each one's type, length and value.
_APPEND = (
    b"SELECT ledger_append($1::uuid, $2::uuid, $3::timestamptz, $4::text, $5::text, $6::text, $7::text[], $8::uuid[], $9::text, "
    b"$10::uuid, $11::text, $12::bytea, $13::bytea)"
)
_GIVEN = struct.Struct("!iIiqIi32s")
Detail = str | int | Sequence[Any]


class Seal(Protocol):
    """Encrypts for the citizen. `context` must be bound in (associated data): the ciphertext opens for this entry
    only.
    """

    def __call__(self, plaintext: bytes, *, context: bytes) -> bytes: ...


class OutsideScope(RuntimeError):
    """A programming error: `append` ran outside `citizen_scope` of the citizen that the entry is about."""


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the entry stands in the citizen's chain. `commitment` is 32 bytes."""

    entry_id: UUID
    seq: int
    commitment: bytes


def append(
    *,
    citizen_id: UUID,
    event: Event,
    actor: str,
    seal: Seal,
    purpose: str | None = None,
    categories: Iterable[str] = (),
    consent_ids: Iterable[UUID] = (),
    decision: str = PERMIT,
    permit_id: UUID | None = None,
    source: str | None = None,
    details: Mapping[str, Detail] | None = None,
    at: datetime | None = None,
) -> Appended:
    """Append one entry to a citizen's log, in the open transaction and within `citizen_scope(citizen_id)`.

    `at`: when it happened (now, unless said); the entry's id is of this time, which is how pages find it among the months. On a permit the
    entry bears the permit's own id: no second entry can.

    `actor` is an agency's code, `aurora` or `citizen`, of the kind that the event names; `decision` is `permit` or,
    for a refused event, the refusal's code. `details` are kept sealed only (str, int, lists of those; no floats):
    what the columns cannot say, such as a pull's id or a failure's code. Raises OutsideTransaction, OutsideScope,
    ValueError for an entry that contradicts itself.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if not database.in_atomic_block:
        raise OutsideTransaction("ledger.append must run in the transaction of what it records")
    if not isinstance(event, Event):
        event = Event(event)
    _check(event, actor, decision, permit_id)
    at = at or datetime.now(UTC)
    when = leaf.timestamp(at)
    entry_id = permit_id or new_id(at)
    wanted, rested_on = sorted(set(categories)), sorted(set(consent_ids))
    access = {
        "actor": actor,
        "at": when,
        "categories": wanted,
        "citizen": str(citizen_id),
        "consents": [str(consent_id) for consent_id in rested_on],
        "decision": decision,
        "details": dict(details or {}),
        "event": event.value,
        "id": str(entry_id),
        "permit": str(permit_id) if permit_id else None,
        "purpose": purpose,
        "source": source,
        "v": leaf.FORMAT,
    }
    salt = secrets.token_bytes(leaf.SALT_BYTES)
    opening = leaf.opening(salt, access)
    sealed = seal(sealed_plaintext(salt, opening), context=sealing_context(entry_id))
    try:
        given = wire.call(
            database,
            _APPEND,
            [
                entry_id.bytes, citizen_id.bytes, wire.timestamptz(at), event.value.encode(), actor.encode(), _text(purpose),
                wire.text_array(wanted), wire.uuid_array(rested_on), decision.encode(), permit_id.bytes if permit_id else None,
                _text(source), sealed, opening,
            ],
        )  # fmt: skip
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) == "42501":
            raise OutsideScope("ledger.append must run in citizen_scope of the citizen that the entry is about") from None
        raise
    *_, seq, _, _, commitment = _GIVEN.unpack(given)
    return Appended(entry_id, seq, commitment)


def sealing_context(entry_id: UUID) -> bytes:
    """What `seal` and `open_sealed` are given as context for an entry."""
    return b"ledger:" + entry_id.bytes


def sealed_plaintext(salt: bytes, opening: bytes) -> bytes:
    """RFC 8785 form of {"access": ..., "salt": hex}, made of the bytes that were committed to."""
    return opening[leaf.SALT_BYTES :] + b',"salt":"' + salt.hex().encode() + b'"}'


def _check(event: Event, actor: str, decision: str, permit_id: UUID | None) -> None:
    if not actor or not decision:
        raise ValueError("an entry has an actor and a decision")
    kind = actor if actor in ("aurora", "citizen") else "agency"
    if kind != event.actor:
        raise ValueError(f"{event.value} cannot be the deed of a {kind}")
    if event.is_refusal == (decision == PERMIT):
        raise ValueError(f"{event.value} cannot have the decision {decision!r}")
    if event.is_refusal and permit_id is not None:
        raise ValueError("a refusal has no permit")


def _text(value: str | None) -> bytes | None:
    return None if value is None else value.encode()


def new_id(at: datetime | None = None) -> UUID:
    """An id for the log, of this moment or of now."""
    return uuid7(at or datetime.now(UTC))
