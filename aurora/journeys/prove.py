"""A citizen takes along the proof of their log: all of it as one bundle, or one entry as a C2SP tlog-proof.

The bundle (format `aurora-log-bundle-1`, docs/citizen/log.md) holds all that a verifier needs who trusts nobody: each entry with its salt, the
chain's head, inclusion under one signed tree head, and the heads of former downloads, each shown to be a beginning of this one.
It is the citizen's alone: it names others who acted for them, and what a mandate does not reach.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from aurora.identity import entries
from aurora.journeys._log import log
from consent import acting
from consent.errors import NotFound
from consent.ledger import leaf
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.ledger.models import Checkpoint, Head, Leaf, LedgerEntry
from consent.ledger.proofs import Proofs
from consent.rules import CITIZEN
from consent.scope import citizen_scope

FORMAT = "aurora-log-bundle-1"
CHUNK = 500
LOG = "log"


@dataclass(frozen=True, slots=True)
class Begun:
    """A download that its own entry notes already. `size` 0: nothing is sealed yet."""

    citizen_id: UUID
    entry_id: UUID
    seq: int
    made_at: datetime
    size: int
    note: str | None = field(repr=False)


def begin(*, citizen_id: UUID, now: datetime) -> Begun:
    """Note the download in the citizen's own chain, with the tree head that it rests on: whoever was shown another tree can show that they were.

    Opens its own transaction. Raises `NotFound` for who acts for another.
    """
    _themselves()
    head = ledger.newest_checkpoint()
    size, root = (head.size, bytes(head.root)) if head else (0, b"")
    with citizen_scope(citizen_id, durable=True):
        made = log(
            citizen_id=citizen_id,
            event=Event.OWN_DATA_EXPORTED,
            actor=CITIZEN,
            details={"what": LOG, "tree_root": root.hex(), "tree_size": size},
            at=now,
        )
    return Begun(citizen_id, made.entry_id, made.seq, now, size, head.note if head else None)


def bundle(*, citizen_id: UUID, now: datetime) -> dict[str, Any]:
    """The whole bundle in memory, as a verifier reads it. For long logs write the pieces of `written` instead."""
    whole: dict[str, Any] = json.loads(b"".join(written(begin(citizen_id=citizen_id, now=now))))
    return whole


def written(begun: Begun) -> Iterator[bytes]:
    """The bundle's JSON in pieces, 500 entries each. May run after the view has ended; no transaction is open between two pieces."""
    last, upto = _end(begun.citizen_id)
    if upto > begun.seq and (head := ledger.newest_checkpoint()):
        # Another download came in between, and may have noted a newer head than this one's entry: the bundle must reach that far.
        begun = replace(begun, size=head.size, note=head.note)
    proofs = Proofs(begun.size)
    yield _json(_frame(begun, proofs, last)).removesuffix(b"}") + b',"entries":['
    after: LedgerEntry | None = None
    comma = b""
    while found := _page(begun, after, upto):
        with citizen_scope(begun.citizen_id):
            piece = [_json(entry) for entry in _entries(begun, proofs, found)]
        yield comma + b",".join(piece)
        after, comma = found[-1], b","
    yield b"]}"


def tlog_proof(*, citizen_id: UUID, entry_id: UUID) -> str | None:
    """One entry's C2SP tlog-proof@v1 under the newest head, witnessed where that covers it; None while the entry waits to be sealed.

    `extra` is what the entry's commitment is the hash of: salt, then the entry. Raises `NotFound` for none of the citizen's own, or one that
    does not open.
    """
    _themselves()
    with citizen_scope(citizen_id):
        entry = LedgerEntry.objects.filter(citizen_id=citizen_id, pk=entry_id).first()
        opened = _opened(entry) if entry else None
        if entry is None or opened is None or len(opened.salt) != leaf.SALT_BYTES:
            raise NotFound()
        hashed = leaf.opening(opened.salt, opened.access) + leaf.closing(bytes(entry.prev), entry.seq)
        index = Leaf.objects.filter(entry_id=entry_id).values_list("index", flat=True).first()
        heads = [
            head for head in (ledger.witnessed_checkpoint(), ledger.newest_checkpoint()) if head and index is not None and head.size > index
        ]
        if index is None or not heads:
            return None
        hashes = Proofs(heads[0].size).inclusions([index])[0]
    lines = ["c2sp.org/tlog-proof@v1", f"extra {_base64(hashed)}", f"index {index}", *map(_base64, hashes)]
    return "\n".join(lines) + f"\n\n{heads[0].note}"


def _themselves() -> None:
    if acting.current() is not None:
        raise NotFound()


def _end(citizen_id: UUID) -> tuple[Head | None, int]:
    """The chain's head, and the number of the last entry that there is: a head that was set back hides none."""
    with citizen_scope(citizen_id):
        # In this order: an entry that comes in between has its head behind it, and is told.
        largest = LedgerEntry.objects.filter(citizen_id=citizen_id).aggregate(Max("seq"))["seq__max"] or 0
        head = Head.objects.filter(citizen_id=citizen_id).first()
    return head, max(largest, head.seq if head else 0)


def _frame(begun: Begun, proofs: Proofs, last: Head | None) -> dict[str, Any]:
    """All but the entries."""
    keys = ledger.verifier_keys()
    return {
        "format": FORMAT,
        "made_at": leaf.timestamp(begun.made_at),
        "citizen": str(begun.citizen_id),
        "log": {"name": begun.note.partition("\n")[0] if begun.note else keys[0].partition("+")[0] if keys else "", "keys": list(keys)},
        "witnesses": list(ledger.witness_keys()),
        "checkpoint": begun.note,
        "head": {"seq": last.seq, "commitment": bytes(last.commitment).hex()} if last else None,
        "earlier": [
            {"size": size, "root": root.hex(), "checkpoint": note, "proof": [one.hex() for one in proofs.consistency(size)]}
            for size, (root, note) in sorted(_earlier(begun).items())
        ],
    }


def _earlier(begun: Begun) -> dict[int, tuple[bytes, str | None]]:
    """Heads that this one is to extend, by size: those of all of the citizen's former downloads (a verifier asks for each), as the entries noted them, and the newest that witnesses
    cosigned. The note is None where it is kept no more (the sequencer thins old ones) or bears a former name of the log.
    """
    if begun.note is None:
        return {}
    with citizen_scope(begun.citizen_id):
        made = LedgerEntry.objects.filter(citizen_id=begun.citizen_id, event=Event.OWN_DATA_EXPORTED).order_by("-seq")
        opened = [_opened(entry) for entry in made]
    noted = [one.details for one in opened if one and one.genuine and one.details.get("what") == LOG]
    roots = {one["tree_size"]: bytes.fromhex(one["tree_root"]) for one in noted if 0 < one["tree_size"] < begun.size}
    origin = begun.note.partition("\n")[0]
    notes = dict(Checkpoint.objects.filter(size__in=list(roots), note__startswith=f"{origin}\n").values_list("size", "note"))
    heads: dict[int, tuple[bytes, str | None]] = {size: (root, notes.get(size)) for size, root in roots.items()}
    witnessed = ledger.witnessed_checkpoint()
    if witnessed and witnessed.size <= begun.size:
        heads[witnessed.size] = (witnessed.root, witnessed.note)
    return heads


def _page(begun: Begun, after: LedgerEntry | None, upto: int) -> list[LedgerEntry]:
    """The next entries by number; where a number stands twice, by id."""
    with citizen_scope(begun.citizen_id):
        mine = LedgerEntry.objects.filter(citizen_id=begun.citizen_id, seq__lte=upto)
        if after is not None:
            mine = mine.filter(seq__gte=after.seq).exclude(seq=after.seq, id__lte=after.pk)
        return list(mine.order_by("seq", "id")[:CHUNK])


def _entries(begun: Begun, proofs: Proofs, entries: list[LedgerEntry]) -> list[dict[str, Any]]:
    opened = [(entry, _opened(entry)) for entry in entries]
    kept = {entry.pk: _kept(one) for entry, one in opened if entry.event == Event.USE_DISCLOSED}
    wanted = [entry.pk for entry in entries] + [leaf_id for leaves in kept.values() for leaf_id in leaves]
    sealed = Leaf.objects.filter(entry_id__in=wanted, index__lt=begun.size)
    places = dict(sealed.values_list("entry_id", "index"))
    order = sorted(places.values())
    found = dict(zip(order, proofs.inclusions(order), strict=True))
    return [_entry(entry, one, kept.get(entry.pk), places, found) for entry, one in opened]


def _kept(opened: ledger.OpenedEntry | None) -> dict[UUID, str]:
    """Id and commitment of each leaf that what is told now had while a law kept it back. None of an entry that is not genuine: a verifier says so."""
    named = opened.details.get("kept") if opened and opened.genuine else None
    try:
        return {UUID(one["id"]): one["commitment"] for one in named or ()}
    except (KeyError, TypeError, ValueError):
        return {}


def _entry(
    entry: LedgerEntry,
    opened: ledger.OpenedEntry | None,
    kept: dict[UUID, str] | None,
    places: dict[UUID | None, int],
    found: dict[int, list[bytes]],
) -> dict[str, Any]:
    def place(leaf_id: UUID) -> dict[str, Any]:
        index = places.get(leaf_id)
        return {"index": index, "proof": [one.hex() for one in found[index]] if index is not None else None}

    stated = {
        "seq": entry.seq,
        "prev": bytes(entry.prev).hex(),
        "commitment": bytes(entry.commitment).hex(),
        "salt": opened.salt.hex() if opened else None,
        "access": opened.access if opened else None,
        **place(entry.pk),
    }
    if kept is not None:
        stated["kept"] = [{"commitment": commitment, **place(leaf_id)} for leaf_id, commitment in kept.items()]
    shown = ledger.differing_columns(opened) if opened else {}
    return {**stated, "shown": shown} if shown else stated


def _opened(entry: LedgerEntry) -> ledger.OpenedEntry | None:
    """None if the sealed part does not open under the citizen's key, or holds no entry: a verifier says so."""
    found = entries.opened(entry)
    return found if found and found.access else None


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
