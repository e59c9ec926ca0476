"""Whether the operators' trail is whole: every number there, every row as it was committed, every commitment in the public tree.

What this cannot find is a trail cut short at its end by somebody who owns the database and makes head and leaves match. Heads that were kept elsewhere
(`heads`, `differing`) find that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from uuid import UUID

from aurora.audit.models import OperatorDeed, TrailHead
from consent.ledger import leaf, merkle
from consent.ledger.models import Leaf, Pending
from consent.ledger.proofs import Proofs
from consent.ledger.queries import newest_checkpoint

FIRST = b"\0" * 32
BATCH = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a trail is broken. `what`: `missing` (numbers before this one are not there), `unlinked`, `altered` (the row is not what was committed),
    `not_in_tree`, `head` (the trail does not end where its head says), `no_head`, `kept_head` (a head that was kept elsewhere is not in the trail).
    """

    operator_id: UUID
    number: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rows` were looked at, of which so many wait for their place in the tree of `size` leaves."""

    rows: int
    waiting: int
    size: int
    faults: tuple[Fault, ...]


def text_of(row: OperatorDeed) -> str:
    """What is hashed behind the salt: eleven lines. No part has a line's end or, but for between two of `about`, a space."""
    at = row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    parts = (str(row.id), str(row.operator_id), str(row.number), bytes(row.prev).hex(), at, row.kind, row.route, row.deed)
    return "\n".join(("aurora-operator-deed-1", *parts, " ".join(row.about), row.outcome))


def commitment_of(row: OperatorDeed) -> bytes:
    """What the row commits to, worked out anew."""
    return hashlib.sha256(bytes(row.salt) + text_of(row).encode()).digest()


def heads() -> dict[str, tuple[int, str]]:
    """Where each trail ends now, to be kept elsewhere: by operator, the number and the commitment in hex."""
    return {str(head.operator_id): (head.number, bytes(head.commitment).hex()) for head in TrailHead.objects.order_by("operator_id")}


def differing(kept: Mapping[str, tuple[int, str]]) -> Iterator[Fault]:
    """The heads kept earlier that are in no trail any more: somebody has cut it short, or written it anew."""
    for operator_id, (number, commitment) in kept.items():
        row = OperatorDeed.objects.filter(operator_id=operator_id, number=number).first()
        if number and (row is None or bytes(row.commitment).hex() != commitment):
            yield Fault(UUID(operator_id), number, "kept_head")


def verify() -> Verdict:
    """Every row of every trail. Reads all of them once, in batches; call it in a transaction that sees one state."""
    head = newest_checkpoint()
    size, root = (head.size, bytes(head.root)) if head else (0, merkle.EMPTY_ROOT)
    faults, rows, waiting, proofs = list[Fault](), 0, 0, Proofs(size)
    ends = {one.operator_id: one for one in TrailHead.objects.all()}
    last: OperatorDeed | None = None
    found = OperatorDeed.objects.order_by("operator_id", "number").iterator(BATCH)
    while batch := list(islice(found, BATCH)):
        rows += len(batch)
        for row in batch:
            if last is None or last.operator_id != row.operator_id:
                faults += _ended(last, ends)
                last = None
            faults += _linked(last, row, ends[row.operator_id].first if row.operator_id in ends else 1)
            last = row
        unproven, late = _in_tree(batch, proofs, size, root)
        faults += unproven
        waiting += late
    faults += _ended(last, ends)
    faults += [Fault(one.operator_id, one.number, "missing") for one in ends.values() if one.number >= one.first]
    return Verdict(rows, waiting, size, tuple(faults))


def _linked(before: OperatorDeed | None, row: OperatorDeed, first: int) -> Iterator[Fault]:
    """`first`: the oldest number that there should be. Those before it have gone with their time, and nothing can be said of them."""
    if commitment_of(row) != bytes(row.commitment):
        yield Fault(row.operator_id, row.number, "altered")
    if before is None:
        if row.number == 1 and bytes(row.prev) != FIRST:
            yield Fault(row.operator_id, row.number, "unlinked")
        if row.number != first:
            yield Fault(row.operator_id, row.number, "missing")
    elif row.number != before.number + 1:
        yield Fault(row.operator_id, row.number, "missing")
    elif bytes(row.prev) != bytes(before.commitment):
        yield Fault(row.operator_id, row.number, "unlinked")


def _ended(last: OperatorDeed | None, ends: dict[UUID, TrailHead]) -> Iterator[Fault]:
    if last is None:
        return
    end = ends.pop(last.operator_id, None)
    if end is None:
        yield Fault(last.operator_id, last.number, "no_head")
    elif (end.number, bytes(end.commitment)) != (last.number, bytes(last.commitment)):
        yield Fault(last.operator_id, end.number, "head")


def _in_tree(batch: list[OperatorDeed], proofs: Proofs, size: int, root: bytes) -> tuple[list[Fault], int]:
    """Each row's leaf under the newest checkpoint; what the sequencer has not taken yet waits, with the same commitment."""
    ids = [row.id for row in batch]
    leaves = {one.entry_id: one for one in Leaf.objects.filter(entry_id__in=ids)}
    pending = {one.entry_id: bytes(one.commitment) for one in Pending.objects.filter(entry_id__in=ids)}
    placed = [row for row in batch if row.id in leaves and leaves[row.id].index < size]
    paths = dict(zip((row.id for row in placed), proofs.inclusions([leaves[row.id].index for row in placed]), strict=True))
    faults, waiting = [], 0
    for row in batch:
        if row.id in paths:
            one = leaves[row.id]
            proved = merkle.verify_inclusion(
                index=one.index, size=size, leaf=leaf.leaf_hash(bytes(row.commitment)), proof=paths[row.id], root=root
            )
            if not proved or bytes(one.commitment) != bytes(row.commitment):
                faults.append(Fault(row.operator_id, row.number, "not_in_tree"))
        elif pending.get(row.id) == bytes(row.commitment):
            waiting += 1
        else:
            faults.append(Fault(row.operator_id, row.number, "not_in_tree"))
    return faults, waiting
