"""What the log publishes of itself beside its tree: keys, the newest head that witnesses cosigned, heads of former names. No personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from consent.ledger.models import Key
from consent.ledger.note import ED25519, parse_vkey
from consent.ledger.witness_models import Former, Witness


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A tree head with the lines of the log and of the witnesses that cosigned it. `note` is a signed note by itself."""

    size: int
    root: bytes
    note: str


def verifier_keys() -> tuple[str, ...]:
    """The log's verifier keys (C2SP signed-note): those in use first, of these the Ed25519 one first."""
    found = list(Key.objects.order_by("-since").values_list("vkey", "since"))
    # Two stable sorts: by kind, then by time.
    found.sort(key=lambda row: parse_vkey(row[0]).kind != ED25519)
    found.sort(key=lambda row: row[1], reverse=True)
    return tuple(vkey for vkey, _ in found)


def witness_keys() -> tuple[str, ...]:
    """The verifier keys of the witnesses that are asked, as the operator named them."""
    return tuple(one.vkey for one in settings.AURORA_WITNESSES)


def witnesses(origin: str) -> tuple[tuple[str, str, Witness | None], ...]:
    """Name and address of each witness that is asked, in the operator's order, and what is known of it under this name of the log. One query."""
    rows = {row.vkey: row for row in Witness.objects.filter(origin=origin, vkey__in=witness_keys())}
    return tuple((one.name, one.url, rows.get(one.vkey)) for one in settings.AURORA_WITNESSES)


def witnessed_checkpoint() -> Witnessed | None:
    """The newest head that a witness of ours cosigned under the log's present name, with all their lines; None if there is none yet. One query."""
    if not (keys := witness_keys()):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH present AS ("
            "  SELECT split_part(note, E'\\n', 1) AS origin FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
            "), newest AS ("
            "  SELECT k.* FROM ledger_cosignature c JOIN ledger_checkpoint k ON k.size = c.size JOIN ledger_witness w ON w.id = c.witness_id "
            "  WHERE c.origin = (SELECT origin FROM present) AND split_part(k.note, E'\\n', 1) = c.origin AND w.vkey = ANY(%s) "
            "  ORDER BY c.size DESC LIMIT 1"
            ") SELECT k.size, k.root, k.note, string_agg(c.line, '' ORDER BY array_position(%s::text[], w.vkey)) "
            "FROM newest k JOIN ledger_cosignature c ON c.size = k.size AND c.origin = (SELECT origin FROM present) "
            "JOIN ledger_witness w ON w.id = c.witness_id WHERE w.vkey = ANY(%s) GROUP BY k.size, k.root, k.note",
            [list(keys)] * 3,
        )
        row = cursor.fetchone()
    return Witnessed(row[0], bytes(row[1]), row[2] + row[3]) if row else None


def former_heads() -> tuple[Mapping[str, Any], ...]:
    """The last heads of names that the log had before a restore of its database: `origin`, `size`, `note` and what was told of it."""
    rows = Former.objects.order_by("told__at", "origin")
    return tuple({**row.told, "origin": row.origin, "size": row.size, "note": row.note} for row in rows)
