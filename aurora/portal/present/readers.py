"""Who has read the citizen's facts, as lists beside them: agencies, and Aurora for uses of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.urls import reverse

from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import reader_words, words
from aurora.ui.contexts.data import ReaderRow
from consent import acting
from consent.ledger.events import Event
from consent.ledger.readers import Tally


@dataclass(frozen=True)
class Readers:
    """What was counted of one citizen, since a day."""

    tallies: tuple[Tally, ...]
    since: date
    vocabulary: Vocabulary

    def of_category(self, category: str) -> tuple[ReaderRow, ...]:
        """Who has read anything of it, whatever it was then."""
        return self._rows(category, (one for one in self.tallies if one.category == category))

    def of_fact(self, category: str, recorded_at: datetime) -> tuple[ReaderRow, ...]:
        """Who has read a fact of it as it stands now: all who came since it was recorded, since a read is of the whole category."""
        return self._rows(category, (t for t in self.tallies if t.category == category and t.after is not None and t.after >= recorded_at))

    def _rows(self, category: str, found: Iterable[Tally]) -> tuple[ReaderRow, ...]:
        by_reader: dict[tuple[str, str], list[Tally]] = {}
        for one in found:
            by_reader.setdefault((one.actor, one.event), []).append(one)
        rows = (self._row(category, actor, event, ones) for (actor, event), ones in by_reader.items())
        return tuple(sorted(rows, key=lambda row: row.last, reverse=True))

    def _row(self, category: str, actor: str, event: str, ones: list[Tally]) -> ReaderRow:
        query = {"agency": actor, "category": category, "kind": words.event_kind(event).value, "from": self.since.isoformat()}
        return ReaderRow(
            name=self.vocabulary.agency(actor),
            times=sum(one.times for one in ones),
            last=max(one.last for one in ones),
            url=f"{reverse('portal:activity')}?{urlencode(query)}",
            use=str(reader_words.use(event, acting=acting.current() is not None)),
            unasked=event == Event.GLASS_READ,
        )
