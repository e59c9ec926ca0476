"""Reading the access log: a citizen's own entries (within their `citizen_scope`), and the public tree."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import accumulate
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from consent import acting
from consent.ledger import leaf, merkle, months, tiles
from consent.ledger.append import sealing_context
from consent.ledger.models import Checkpoint, Leaf, LedgerEntry, Tile
from consent.ledger.public import Witnessed, former_heads, verifier_keys, witness_keys, witnessed_checkpoint, witnesses
from consent.ledger.verify import InclusionProof, Link, NotVerified, check_commitment

__all__ = ["Witnessed", "former_heads", "verifier_keys", "witness_keys", "witnessed_checkpoint", "witnesses"]

MAX_PAGE = 500


class OpenSealed(Protocol):
    """Decrypts what `seal` sealed with the same context. Raises on anything else."""

    def __call__(self, sealed: bytes, *, context: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry with what it commits to. `genuine` is False if content, columns or place are not what was committed
    to.
    """

    entry: LedgerEntry
    access: dict[str, Any] = field(repr=False)
    salt: bytes = field(repr=False)
    genuine: bool

    @property
    def details(self) -> dict[str, Any]:
        return dict(self.access.get("details") or {})


@dataclass(frozen=True, slots=True)
class SequenceCheck:
    """Whether a citizen's entries are 1, 2, ... `length`, each linked to the one before and the last one to the head.

    `first_break` is the number of the first entry that is not (one past the last entry if entries are missing at the
    end).
    """

    length: int
    first_break: int | None

    @property
    def unbroken(self) -> bool:
        return self.first_break is None


@dataclass(frozen=True, slots=True)
class Look:
    """What a page can tell of a chain without walking it.

    `complete`: the numbers are 1, 2, ... to that of the head, each once. `linked`: the newest entry is what the head says, and those looked at name
    the one before them. What was changed in place among the others is for `my_sequence_is_unbroken` and the citizen's own verifier to find.
    """

    complete: bool
    linked: bool


def visible(citizen_id: UUID, *, since: datetime | None = None, until: datetime | None = None) -> QuerySet[LedgerEntry]:
    """The entries of a citizen that this request may show: all of them, or to an attorney those that lie wholly within their themes.

    `since` (inclusive) and `until` (exclusive) bound their time, and the months in which they are looked for.
    """
    found = months.within(LedgerEntry.objects.filter(citizen_id=citizen_id), since=since, until=until)
    themes = _themes()
    return found if themes is None else found.filter(categories__contained_by=themes).exclude(categories=[])


def entries_for(
    citizen_id: UUID,
    *,
    before_seq: int | None = None,
    limit: int = 50,
    actor: str | None = None,
    event: str | Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    source: str | None = None,
    categories: Collection[str] = (),
    consent_id: UUID | None = None,
) -> tuple[LedgerEntry, ...]:
    """Those of the entries that `visible` gives, newest first; `before_seq` turns the page. `since` is inclusive, `until` exclusive. One query.

    `source`: entries that name this source, or any of `categories`, which are those that it holds. `consent_id`: what rests on this consent.
    """
    if limit <= 0:
        return ()
    first, last = months.ids(since=since, until=until)
    events = None if event is None else [event] if isinstance(event, str) else list(event)
    asked = {
        "p_citizen": citizen_id, "p_limit": min(limit, MAX_PAGE), "p_before": before_seq, "p_first": first, "p_last": last,
        "p_since": since, "p_until": until, "p_actor": actor, "p_events": events, "p_source": source, "p_held": sorted(categories),
        "p_consent": consent_id, "p_within": _themes(),
    }  # fmt: skip
    arguments = ", ".join(f"{name} => %({name})s" for name in asked)
    return tuple(LedgerEntry.objects.raw(f"SELECT * FROM ledger_newest({arguments})", asked))


def open_entry(entry: LedgerEntry, open_sealed: OpenSealed) -> OpenedEntry:
    """Decrypt an entry and hold it against its commitment and its columns.

    Raises what `open_sealed` raises: whoever holds the key knows what that means. What opens and is no entry is not genuine, and empty.
    """
    plain = open_sealed(bytes(entry.sealed), context=sealing_context(entry.id))
    try:
        content = json.loads(plain)
        access, salt = dict(content["access"]), bytes.fromhex(content["salt"])
    except (ValueError, KeyError, TypeError):
        return OpenedEntry(entry, {}, b"", genuine=False)
    try:
        check_commitment(access=access, salt=salt, link=link(entry))
        genuine = _columns(entry).items() <= access.items()
    except NotVerified:
        genuine = False
    return OpenedEntry(entry, access, salt, genuine)


def differing_columns(opened: OpenedEntry) -> dict[str, Any]:
    """What the entry's columns, and with them the pages, say otherwise than the entry itself: as the columns say it."""
    return {name: value for name, value in _columns(opened.entry).items() if name not in opened.access or opened.access[name] != value}


def link(entry: LedgerEntry) -> Link:
    """An entry's place in the chain, for `verify.check_sequence`."""
    return Link(entry.seq, bytes(entry.prev), bytes(entry.commitment))


def proof_for(entry: LedgerEntry) -> InclusionProof | None:
    """The entry's inclusion under the newest checkpoint; None while the sequencer has not taken it yet. One query, O(log n).
    Raises TreeDamaged where tiles are missing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT index, size, note, levels, places, lengths, hashes FROM ledger_proof(%s)", [entry.id])
        index, size, note, levels, places, lengths, hashes = cursor.fetchone()
    if index is None:
        return None
    ends = list(accumulate(lengths or (), initial=0))
    found = {key: hashes[ends[n] : ends[n + 1]] for n, key in enumerate(zip(levels or (), places or (), strict=True))}
    return InclusionProof(index, tuple(merkle.inclusion_proof(index, size, tiles.node_reader(found))), note)


def consistency_proof(old: int, new: int) -> tuple[bytes, ...] | None:
    """That the tree of size `new` extends that of size `old`; None unless 0 < old <= new <= the newest checkpoint's
    size.
    """
    newest = newest_checkpoint()
    if newest is None or not 0 < old <= new <= newest.size:
        return None
    # Asked first which tiles it needs, so that one query brings them all.
    proof = partial(merkle.consistency_proof, old, new)
    return tuple(proof(tiles.node_reader(stored_tiles(tiles.needed_for(proof)))))


def my_sequence_is_unbroken(citizen_id: UUID) -> SequenceCheck:
    """Walk a citizen's whole chain in the database, without opening any entry. One query; within `citizen_scope`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH chain AS ("
            "  SELECT seq, commitment, seq = row_number() OVER w AND prev = lag(commitment, 1, %s) OVER w AS sound "
            "  FROM ledger_ledgerentry WHERE citizen_id = %s WINDOW w AS (ORDER BY seq)) "
            "SELECT count(*), min(seq) FILTER (WHERE NOT sound), "
            "  (SELECT h.seq FROM ledger_head h WHERE h.citizen_id = %s), coalesce(max(seq), 0), "
            "  coalesce((SELECT h.commitment FROM ledger_head h WHERE h.citizen_id = %s) = "
            "    (SELECT commitment FROM chain ORDER BY seq DESC LIMIT 1), false) FROM chain",
            [leaf.NO_COMMITMENT, citizen_id, citizen_id, citizen_id],
        )
        length, first_break, head_seq, last_seq, head_agrees = cursor.fetchone()
    if first_break is None and (length or head_seq) and not (head_seq == last_seq and head_agrees):
        first_break = last_seq + 1 if (head_seq or 0) > last_seq else last_seq
    return SequenceCheck(length, first_break)


def look(citizen_id: UUID, *, shown: Iterable[int]) -> Look:
    """Of the citizen's whole chain, and the links of the entries with these numbers. One query, from an index but for those; within `citizen_scope`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT complete, linked FROM ledger_look(%s, %s::bigint[])", [citizen_id, list(shown)])
        return Look(*cursor.fetchone())


def newest_checkpoint() -> Checkpoint | None:
    """The newest signed tree head; None before the sequencer first ran."""
    return Checkpoint.objects.order_by("-size").first()


def tile(level: int, address: tiles.TileAddress) -> bytes | None:
    """The tile's hashes; None if the tree has no such tile, or fewer hashes in it than asked for."""
    hashes = Tile.objects.filter(level=level, index=address.index).values_list("hashes", flat=True).first()
    wanted = address.width * tiles.HASH_BYTES
    return bytes(hashes)[:wanted] if hashes is not None and len(hashes) >= wanted else None


def entry_bundle(address: tiles.TileAddress) -> bytes | None:
    """C2SP entry bundle: what the leaves of a tile commit to, which here are the commitments; None if there are not
    so many.
    """
    start = address.index * tiles.WIDTH
    found = Leaf.objects.filter(index__gte=start, index__lt=start + address.width).order_by("index")
    commitments = [bytes(commitment) for commitment in found.values_list("commitment", flat=True)]
    if len(commitments) < address.width:
        return None
    return b"".join(len(commitment).to_bytes(2, "big") + commitment for commitment in commitments)


def stored_tiles(keys: Collection[tiles.Key]) -> dict[tiles.Key, bytes]:
    """Those of the tiles that there are. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.level, t.index, t.hashes FROM ledger_tile t "
            "JOIN unnest(%s::smallint[], %s::bigint[]) AS k (level, index) USING (level, index)",
            [[level for level, _ in keys], [index for _, index in keys]],
        )
        return {(level, index): bytes(hashes) for level, index, hashes in cursor.fetchall()}


def _themes() -> list[str] | None:
    """The categories of the attorney's themes who reads in this request; None for the citizen, and for who may see everything."""
    doing = acting.current()
    return None if doing is None or doing.scope.everything else sorted(doing.scope.categories)


def _columns(entry: LedgerEntry) -> dict[str, Any]:
    """The columns in the form in which the entry commits to them."""
    return {
        "actor": entry.actor,
        "at": leaf.timestamp(entry.at),
        "categories": list(entry.categories),
        "citizen": str(entry.citizen_id),
        "consents": [str(consent_id) for consent_id in entry.consent_ids],
        "decision": entry.decision,
        "event": entry.event,
        "id": str(entry.id),
        "permit": str(entry.permit_id) if entry.permit_id else None,
        "purpose": entry.purpose,
        "source": entry.source,
    }
