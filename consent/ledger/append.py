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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import ProgrammingError, connection

from consent.errors import OutsideTransaction
from consent.ids import uuid7
from consent.ledger import leaf
from consent.ledger.events import Event

PERMIT = "permit"
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
    if not connection.in_atomic_block:
        raise OutsideTransaction("ledger.append must run in the transaction of what it records")
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
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT new_seq, new_commitment FROM ledger_append(%s::uuid, %s::uuid, %s::timestamptz, %s, %s, %s, "
                "%s::text[], %s::uuid[], %s, %s::uuid, %s, %s::bytea, %s::bytea)",
                [
                    str(entry_id), str(citizen_id), when, event.value, actor, purpose, _text_array(wanted), _uuid_array(rested_on),
                    decision, permit_id and str(permit_id), source, sealed, opening,
                ],
            )  # fmt: skip
            seq, commitment = cursor.fetchone()
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) == "42501":
            raise OutsideScope("ledger.append must run in citizen_scope of the citizen that the entry is about") from None
        raise
    return Appended(entry_id, seq, bytes(commitment))


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


# Arrays as PostgreSQL writes them: the driver takes longer over two short lists than over all else.
def _text_array(values: Iterable[str]) -> str:
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"


def _uuid_array(values: Iterable[UUID]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def new_id(at: datetime | None = None) -> UUID:
    """An id for the log, of this moment or of now."""
    return uuid7(at or datetime.now(UTC))
