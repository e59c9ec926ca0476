"""What a law lets the citizen be told of later: committed to the public tree when it comes, in the citizen's chain when it is due. Only
journeys may import this.

What a caller can count on:
- the leaf is given in the caller's transaction, as an entry's is: it stands in the tree before anybody can say that nothing was there;
- until it is due nobody reads it through the service, and nothing of the citizen's chain, its numbers or its head tells that there is one;
- the clock is the database's, and never behind the newest checkpoint's: no caller reads early, and none puts off.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from consent.errors import AuroraError, OutsideTransaction
from consent.ledger import leaf
from consent.ledger.append import Seal, new_id, sealed_plaintext, sealing_context
from consent.ledger.queries import OpenSealed

CODES = {
    "delay_not_allowed": (403, "Your agency may not have uses kept back by this law. Ask the operators of Aurora."),
    "delay_law_unknown": (400, "This is no law by which a use may be kept back."),
    "delay_too_long": (400, "The law that you name does not allow so long a delay."),
    "delay_over": (409, "The day until which this was to be kept back has passed."),
    "delay_no_extension": (400, "The new day must be later than the former one."),
    "delay_extended_already": (409, "This has been kept back longer once already. It is not done twice."),
}


class DelayRefused(AuroraError):
    """The law, or what the agency is registered for, does not allow it. `code`: a key of `CODES`."""

    def __init__(self, code: str) -> None:
        self.status, sentence = CODES[code]
        super().__init__(sentence, code=code)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One of the leaves of what was kept back, as its citizen can check it. `text` is what was hashed behind the salt.

    `index` is None while the sequencer has not taken it; `sound` False if `text` is not what the tree commits to: somebody has changed the row.
    """

    id: UUID
    salt: bytes = field(repr=False)
    text: str = field(repr=False)
    commitment: bytes
    index: int | None
    sound: bool

    def as_details(self) -> dict[str, Any]:
        return {
            "commitment": self.commitment.hex(),
            "entry": self.text,
            "id": str(self.id),
            "index": self.index,
            "salt": self.salt.hex(),
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """What is due, opened. `access` is that of the first leaf; `leaves` one, or two if it was kept longer."""

    id: UUID
    agency: str
    law: str
    since: datetime
    until: datetime
    access: dict[str, Any] = field(repr=False)
    leaves: tuple[Leaf, ...] = field(repr=False)


def keep(*, citizen_id: UUID, agency: str, law: str, until: datetime, access: Mapping[str, Any], seal: Seal) -> UUID:
    """Keep one report back until a time. In the citizen's scope and the caller's transaction. Raises `DelayRefused`.

    `access` as in `append.append`, without `id` and `v`.
    """
    kept_id, opening, sealed = _prepared(access, seal)
    with _refusals(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_keep_back(%s::uuid, %s::uuid, %s, %s, %s::timestamptz, %s::bytea, %s::bytea)",
            [kept_id, citizen_id, agency, law, until, sealed, opening],
        )
    return kept_id


def keep_longer(*, kept_id: UUID, citizen_id: UUID, agency: str, until: datetime, access: Mapping[str, Any], seal: Seal) -> UUID:
    """Put off what is kept back, once. In the citizen's scope. The new leaf's id. Raises `DelayRefused`."""
    longer_id, opening, sealed = _prepared(access, seal)
    with _refusals(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_keep_longer(%s::uuid, %s::uuid, %s, %s::uuid, %s::timestamptz, %s::bytea, %s::bytea)",
            [kept_id, citizen_id, agency, longer_id, until, sealed, opening],
        )
    return longer_id


def citizen_of(*, kept_id: UUID, agency: str) -> UUID | None:
    """Whose report an agency has had kept back, while it is kept; None for another agency's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_kept_citizen(%s, %s)", [kept_id, agency])
        found: UUID | None = cursor.fetchone()[0]
    return found


def due(*, most: int) -> list[tuple[UUID, UUID]]:
    """(id, citizen) of what is due by the database's clock, the longest due first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kept_id, citizen_id FROM ledger_kept_due(%s)", [most])
        return [(kept_id, citizen_id) for kept_id, citizen_id in cursor.fetchall()]


def open_due(*, kept_id: UUID, citizen_id: UUID, open_sealed: OpenSealed) -> Kept | None:
    """What is due, opened and locked until the transaction ends. None if it is not due, another's, or told already. In the citizen's scope.

    Raises what `open_sealed` raises.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_kept_open(%s)", [kept_id])
        row = cursor.fetchone()
    if row is None:
        return None
    agency, law, since, first_until, sealed, index, commitment, longer_id, longer_at, until, longer_sealed, longer_index, longer = row
    access, first = _opened(kept_id, sealed, (law, 1, since, first_until), index, commitment, open_sealed)
    leaves = [first]
    if longer_id is not None:
        leaves.append(_opened(longer_id, longer_sealed, (law, 2, longer_at, until), longer_index, longer, open_sealed)[1])
    return Kept(kept_id, agency, law, since, until, access, tuple(leaves))


def disclosed(*, kept_id: UUID, entry_id: UUID) -> bool:
    """Note that the entry in the citizen's chain tells of it. True for the one caller who may. In the transaction that appended the entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_kept_disclosed(%s, %s)", [kept_id, entry_id])
        return bool(cursor.fetchone()[0])


def _prepared(access: Mapping[str, Any], seal: Seal) -> tuple[UUID, bytes, bytes]:
    if not connection.in_atomic_block:
        raise OutsideTransaction("what is kept back is written in the transaction of what it tells")
    kept_id, salt = new_id(), secrets.token_bytes(leaf.SALT_BYTES)
    opening = leaf.opening(salt, {**access, "id": str(kept_id), "v": leaf.FORMAT})
    return kept_id, opening, seal(sealed_plaintext(salt, opening), context=sealing_context(kept_id))


def _opened(
    leaf_id: UUID,
    sealed: bytes,
    kept: tuple[str, int, datetime, datetime],
    index: int | None,
    commitment: bytes | None,
    open_sealed: OpenSealed,
) -> tuple[dict[str, Any], Leaf]:
    content = json.loads(open_sealed(bytes(sealed), context=sealing_context(leaf_id)))
    access, salt = dict(content["access"]), bytes.fromhex(content["salt"])
    law, number, since, until = kept
    hashed = leaf.opening(salt, access) + leaf.kept_closing(law=law, number=number, since=since, until=until)
    text, computed = hashed[leaf.SALT_BYTES :].decode(), hashlib.sha256(hashed).digest()
    stated = bytes(commitment) if commitment is not None else b""
    return access, Leaf(leaf_id, salt, text, stated, index, sound=stated == computed)


@contextmanager
def _refusals() -> Iterator[None]:
    """What the functions refuse, by its code. A savepoint, so that the caller's transaction can go on."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        cause = error.__cause__
        if getattr(cause, "sqlstate", None) != "AU001":
            raise
        raise DelayRefused(cause.diag.message_primary) from None  # type: ignore[union-attr]
