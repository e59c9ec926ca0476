"""The activity as a file, streamed: CSV as RFC 4180 has it, or JSON; the same rows as the page, with the codes beside the words.

Written a page of entries at a time, each in a short transaction of its own: a long log is never held whole, and no slow reader keeps one open.
Where somebody acts for the citizen each asks again whether they may: one that may not breaks the file off, and with it the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from aurora.journeys import export_activity
from aurora.portal.choosing import Choice, entries
from aurora.portal.present import log
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats, sheets
from aurora.ui.contexts import EntryView, Text
from consent.ledger.models import LedgerEntry
from consent.scope import citizen_scope

CHUNK = 500
FORMAT = "aurora-activity-1"
COLUMNS = (
    "number", "time", "event", "what", "actor", "who", "result", "reason", "purpose", "purpose_name",
    "categories", "data", "source", "source_name", "consents", "entry", "seal",
)  # fmt: skip


def written(citizen_id: UUID, chosen: Choice, as_format: str, *, upto: int, now: datetime) -> Iterator[str]:
    """The file in pieces. Made after the view has ended: goes through `auth.streamed`."""
    pieces = _rows(citizen_id, chosen, upto)
    return _csv(pieces) if as_format == "csv" else _json(pieces, chosen, now)


def _rows(citizen_id: UUID, chosen: Choice, upto: int) -> Iterator[list[dict[str, Any]]]:
    before: int | None = upto + 1
    vocabulary = Vocabulary()
    while before is not None:
        with citizen_scope(citizen_id):
            export_activity.goes_on(citizen_id=citizen_id, now=timezone.now())
            found = entries(citizen_id, chosen, vocabulary, before=before, limit=CHUNK)
            shown = log.rows(found, vocabulary)
            piece = [_row(entry, view, vocabulary) for entry, view in zip(found, shown, strict=True)]
        before = found[-1].seq if len(found) == CHUNK else None
        yield piece


def _row(entry: LedgerEntry, view: EntryView, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "number": entry.seq,
        "time": timezone.localtime(entry.at).isoformat(timespec="seconds"),
        "event": entry.event,
        "what": view.title,
        "actor": entry.actor,
        "who": _said(view.who),
        "result": "" if view.allowed is None else "allowed" if view.allowed else "refused",
        "reason": "" if entry.decision == "permit" else entry.decision,
        "purpose": entry.purpose or "",
        "purpose_name": _said(view.purpose),
        "categories": list(entry.categories),
        "data": [_said(one) for one in view.categories],
        "source": entry.source or "",
        "source_name": _said(vocabulary.agency(entry.source)) if entry.source else "",
        "consents": [str(one) for one in entry.consent_ids],
        "entry": str(entry.id),
        "seal": bytes(entry.commitment).hex(),
    }


def _said(text: Text | str) -> str:
    """In the active language."""
    return text if isinstance(text, str) else str(text.get(formats.language()) or text.get("fi", ""))


def _csv(pieces: Iterable[list[dict[str, Any]]]) -> Iterator[str]:
    """With a byte order mark: without one, spreadsheets take ä for something else."""
    yield "\ufeff" + sheets.lines([COLUMNS])
    for piece in pieces:
        yield sheets.lines([row[name] for name in COLUMNS] for row in piece)


def _json(pieces: Iterable[list[dict[str, Any]]], chosen: Choice, now: datetime) -> Iterator[str]:
    head = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "language": formats.language(),
        "chosen": {name: value for name, value in chosen.typed.items() if value},
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "entries": ['
    first = True
    for piece in pieces:
        if piece:
            yield ("" if first else ",") + "\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in piece)
            first = False
    yield "\n]}\n"
