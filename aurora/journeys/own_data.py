"""A citizen looks at their own twin (GDPR art. 15), through the same door as everyone. What they take along is `export`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from aurora.journeys._door import open_door
from aurora.journeys._log import log
from aurora.twin import queries as twin
from aurora.twin import write
from aurora.twin.values import FactView
from consent import acting, days, mandates, queries
from consent.errors import NotFound
from consent.ledger import readers
from consent.ledger.events import Event
from consent.ledger.readers import Tally
from consent.models import DataCategoryVersion
from consent.rules import CITIZEN, AccessRequest
from consent.rules.mandates import Deed
from consent.scope import citizen_scope

OWN_DATA = "own-data"
# What others than the citizen, and who acts for them, did with the facts themselves. A refusal is none of these.
READ = (
    Event.AGENCY_READ, Event.SUGGESTION_MADE, Event.EVALUATION_MADE, Event.OUTCOME_PAIRED, Event.TRAINING_COLLECTED, Event.GLASS_READ,
)  # fmt: skip
COUNTED = timedelta(days=365)


@dataclass(frozen=True)
class OwnData:
    """The citizen's facts, who has read them since the day `read_since`, and the entry that tells that they looked."""

    facts: tuple[FactView, ...]
    categories: tuple[DataCategoryVersion, ...]
    entry_id: UUID
    reads: tuple[Tally, ...]
    read_since: date


def view(*, citizen_id: UUID, now: datetime) -> OwnData:
    """All that the twin holds of this citizen."""
    return _read(citizen_id=citizen_id, now=now)


def forget_kept(*, citizen_id: UUID, category: str, source: str, now: datetime) -> UUID:
    """Delete what the citizen had kept of one category from one source. The entry. Raises `NotFound` when nothing is kept of it.

    Theirs alone: who acts for them has no such deed in any mandate.
    """
    if acting.current() is not None:
        raise NotFound()
    with citizen_scope(citizen_id):
        gone = write.erase_kept(citizen_id=citizen_id, category=category, source=source)
        if not gone:
            raise NotFound()
        return log(
            citizen_id=citizen_id, event=Event.OWN_DATA_ERASED, actor=CITIZEN, categories=[category], source=source,
            details={"facts_erased": gone}, at=now,
        ).entry_id  # fmt: skip


def _read(*, citizen_id: UUID, now: datetime) -> OwnData:
    categories = tuple(queries.current_categories())
    with citizen_scope(citizen_id):
        held = twin.categories_held(citizen_id=citizen_id)  # the entry names what there was to see, not what there might be
        if doing := mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.SEE):
            within = doing.scope.categories
            categories = tuple(c for c in categories if doing.scope.covers([c.category_id]))
            held = held if doing.scope.everything else held & within
    request, since = AccessRequest(citizen_id, CITIZEN, OWN_DATA, held), days.day_of(now - COUNTED)
    with open_door(request, granted=Event.OWN_DATA_VIEWED, refused=Event.OWN_DATA_REFUSED, now=now) as opened:
        return OwnData(opened.facts, categories, opened.entry_id, _reads(citizen_id, opened.facts, since), since)


def _reads(citizen_id: UUID, facts: tuple[FactView, ...], since: date) -> tuple[Tally, ...]:
    """Told apart by when each fact came to be as it is: whoever read before that read something else."""
    if not facts:
        return ()
    return readers.tallies(citizen_id, events=READ, since=days.start_of(since), at={fact.recorded_at for fact in facts})
