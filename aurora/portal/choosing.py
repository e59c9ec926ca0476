"""What the citizen chose to see of their activity: read from a query or a form, bounded, each fault beside its field, and what was typed is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import words
from aurora.ui.contexts import EntryKind
from consent import days, ids
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry

# As dates are written here (24.11.2026), and as machines write them; a browser's own picker gives nothing at all for 31.2., and no fault to tell.
_DAYS = (
    re.compile(r"(?P<d>\d{1,2})\s*\.\s*(?P<m>\d{1,2})\s*\.\s*(?P<y>\d{4})", re.ASCII),
    re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)", re.ASCII),
)
LONGEST = 32
NAMES = ("agency", "source", "category", "kind", "refused", "consent", "from", "to")
WALK = "all"  # of `entries`, which is no filter: what to look at in the chain


@dataclass(frozen=True)
class Choice:
    """`typed`: what stands in the form, by name; dates as they were typed. `since` is inclusive, `until` exclusive: whole days of the citizen's
    own time zone. `errors`: codes of `words.form_error` by field; with any, nothing is to be listed."""

    agency: str = ""
    source: str = ""
    category: str = ""
    kind: str = ""
    refused: bool = False
    consent: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        return any(self.typed.values())

    def url(self, *, before: int | None = None, without: str = "", walk: bool = False) -> str:
        """The page with this choice; with `walk`, all links of the chain are looked at for it."""
        query = {name: value for name, value in self.typed.items() if value and name != without}
        if before is not None:
            query["before"] = str(before)
        if walk:
            query["entries"] = WALK
        return f"{reverse('portal:activity')}{'?' if query else ''}{urlencode(query)}"


def choice(query: QueryDict) -> Choice:
    """From the page's query, or from the form that takes a copy of what it shows."""
    typed = {name: query.get(name, "").replace("\x00", "").strip()[:64] for name in NAMES}
    typed["from"], typed["to"] = typed["from"][:LONGEST], typed["to"][:LONGEST]
    if typed["kind"] not in {kind.value for kind in EntryKind}:
        typed["kind"] = ""
    consent = ids.typed(typed["consent"])
    typed["consent"], typed["refused"] = str(consent or ""), "1" if typed["refused"] == "1" else ""
    before = query.get("before", "")
    found = Choice(
        agency=typed["agency"],
        source=typed["source"],
        category=typed["category"],
        kind=typed["kind"],
        refused=bool(typed["refused"]),
        consent=consent,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
        typed=typed,
    )
    return _dated(found)


def _dated(chosen: Choice) -> Choice:
    errors: dict[str, str] = {}
    first, last = (day_of(chosen.typed[name]) for name in ("from", "to"))
    for name, day in (("from", first), ("to", last)):
        if chosen.typed[name] and day is None:
            errors[name] = "date_invalid"
    if first and last and first > last:
        errors["to"] = "dates_reversed"
    return replace(
        chosen,
        since=_start(first) if first else None,
        until=_start(last + timedelta(days=1)) if last and last < date.max else None,
        errors=errors,
    )


def day_of(typed: str) -> date | None:
    """24.11.2026 or 2026-11-24; None for anything else, and for a day that no calendar has."""
    for pattern in _DAYS:
        if found := pattern.fullmatch(typed):
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                return None
    return None


def _start(day: date) -> datetime:
    try:
        return days.start_of(day).astimezone(UTC)
    except (OverflowError, ValueError):  # at both ends of the calendar there is no such moment elsewhere
        return datetime.combine(day, time.min, tzinfo=UTC)


def events_of(chosen: Choice) -> list[str] | None:
    """The events behind the kind and "refused only"; None for all."""
    if not chosen.kind and not chosen.refused:
        return None
    return [
        e.value for e in Event if (not chosen.kind or words.event_kind(e.value) == chosen.kind) and (not chosen.refused or e.is_refusal)
    ]


def entries(citizen_id: UUID, chosen: Choice, vocabulary: Vocabulary, *, before: int | None, limit: int) -> tuple[LedgerEntry, ...]:
    """The newest `limit` of those that match, with running numbers below `before`. In the citizen's scope."""
    if chosen.errors:
        return ()
    if chosen.source and chosen.category and vocabulary.source_of(chosen.category) != chosen.source:
        return ()
    held = [code for code in vocabulary.categories if vocabulary.source_of(code) == chosen.source] if chosen.source else []
    # Of one category alone: no source has an empty code, so only entries that name the category are found.
    source, held = ("", [chosen.category]) if chosen.category else (chosen.source or None, held)
    return ledger.entries_for(
        citizen_id,
        before_seq=before,
        limit=limit,
        actor=chosen.agency or None,
        event=events_of(chosen),
        since=chosen.since,
        until=chosen.until,
        source=source,
        categories=held,
        consent_id=chosen.consent,
    )
