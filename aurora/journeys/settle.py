"""Statements about a citizen that say the same of the world are set side by side, with what decides and why; the citizen says which is right, where they may.

And what was known before: the versions of a category's facts, and what Aurora knew on a day. Theirs alone: nobody who acts for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from aurora.journeys._door import open_door
from aurora.journeys._log import log
from aurora.twin import choices, suggestions, truth, whole, write
from aurora.twin import queries as twin
from aurora.twin.truth import Standing
from aurora.twin.values import Choice, FactView
from aurora.twin.whole import Version
from consent import acting, concepts, queries, services
from consent.concepts import Concept
from consent.errors import Conflict, NotFound
from consent.ledger.events import Event
from consent.models import DataCategoryVersion
from consent.rules import AURORA, CITIZEN, AccessRequest
from consent.scope import citizen_scope

OWN_DATA = "own-data"
CHANGED = "What is said has changed since you opened the page. Look at it again."


@dataclass(frozen=True)
class Side:
    """What stands side by side: every concept of which more than one thing is said, disputed ones first. `entry_id`: of the look; None where there was nothing to see."""

    standings: tuple[Standing, ...] = field(repr=False)
    chosen: dict[str, Choice] = field(repr=False)
    entry_id: UUID | None = None


@dataclass(frozen=True)
class History:
    """A category's facts in all versions that are held, the newest first; and, for a day, what was known then. `at` None: only the versions."""

    version: DataCategoryVersion
    versions: tuple[Version, ...] = field(repr=False)
    entry_id: UUID
    at: datetime | None = None
    then: tuple[FactView, ...] = field(repr=False, default=())


def side_by_side(*, citizen_id: UUID, now: datetime) -> Side:
    """Looking is an access to the citizen's data, logged as such, once there is something to see."""
    _themself()
    with citizen_scope(citizen_id):
        held = twin.categories_held(citizen_id=citizen_id)
    shared = _shared(held)
    if not shared:
        return Side((), {})
    request = AccessRequest(citizen_id, CITIZEN, OWN_DATA, held & frozenset(c for one in shared for c in one.categories))
    with open_door(request, granted=Event.OWN_DATA_VIEWED, refused=Event.OWN_DATA_REFUSED, now=now) as opened:
        mine = choices.of(citizen_id=citizen_id)
        found = truth.settle(opened.facts, shared, mine)
    several = sorted((one for one in found if len(one.said) > 1), key=lambda one: (not one.disputed, one.concept.code))
    return Side(tuple(several), {one.concept: one for one in mine}, opened.entry_id)


def choose(*, citizen_id: UUID, concept: str, fact_id: UUID, now: datetime) -> None:
    """The citizen says that one statement of a concept is right, and with it all that the same voice says of what is decided together with it.

    Raises `NotFound` for a concept that has none of theirs to choose, `Conflict` where the statement is not made any more.
    """
    _themself()
    meant = _concept(concept)
    if not meant.citizen_may_choose:
        raise NotFound()
    side = side_by_side(citizen_id=citizen_id, now=now)
    standing = next((one for one in side.standings if one.concept is meant), None)
    if standing is None:
        raise NotFound()
    fact = next((one for one in standing.said if one.id == fact_id), None)
    if fact is None:
        raise Conflict(CHANGED)
    with citizen_scope(citizen_id):
        _take_turn(citizen_id)
        together = concepts.beside(meant)
        for code, said in ((one.concept.code, said) for one in side.standings if one.concept in together for said in one.said):
            if (said.category, said.source) == (fact.category, fact.source):
                choices.put(citizen_id=citizen_id, choice=Choice(code, said.category, said.key, said.source, now, said.value))
        _moved(citizen_id, meant, Event.FACT_CHOSEN, now, source=fact.source)


def release(*, citizen_id: UUID, concept: str, now: datetime) -> None:
    """The citizen leaves it to the rule again, with all that is decided together. Raises `NotFound` where they had chosen nothing."""
    _themself()
    meant = _concept(concept)
    with citizen_scope(citizen_id):
        _take_turn(citizen_id)
        if not sum(choices.drop(citizen_id=citizen_id, concept=one.code) for one in concepts.beside(meant)):
            raise NotFound()
        _moved(citizen_id, meant, Event.FACT_RELEASED, now)


def history(*, citizen_id: UUID, category: str, at: datetime | None, now: datetime) -> History:
    """All versions that are held of a category's facts, and what was known at a time. Raises `NotFound` where nothing of it was ever held."""
    _themself()
    with citizen_scope(citizen_id):
        if category not in whole.categories_ever(citizen_id=citizen_id):
            raise NotFound()
    [version] = queries.current_categories([category])
    request = AccessRequest(citizen_id, CITIZEN, OWN_DATA, frozenset({category}))
    with open_door(request, granted=Event.OWN_DATA_VIEWED, refused=Event.OWN_DATA_REFUSED, now=now, as_of=at) as opened:
        versions = sorted(whole.versions(opened.permit), key=lambda one: one.fact.recorded_at, reverse=True)
        return History(version, tuple(versions), opened.entry_id, at, opened.facts if at is not None else ())


def _shared(held: frozenset[str]) -> list[Concept]:
    """Concepts of which more than one kind of data that is held speaks: only then is there anything to set side by side."""
    return [one for one in concepts.of_categories(held) if len(one.categories & held) > 1]


def _moved(citizen_id: UUID, concept: Concept, event: Event, now: datetime, source: str | None = None) -> None:
    """What was made of the statement that decided before is made anew."""
    write.forget_derived(citizen_id=citizen_id, categories=concept.categories, replaced=True)
    suggestions.retire(citizen_id=citizen_id)
    details = {"concept": concept.code}
    log(
        citizen_id=citizen_id, event=event, actor=CITIZEN, categories=sorted(concept.categories), source=source, details=details, at=now
    )  # fmt: skip


def _take_turn(citizen_id: UUID) -> None:
    services.take_turn(citizen_id=citizen_id)
    queries.for_decision(citizen_id=citizen_id, recipient=AURORA)  # locks in the order in which every access does


def _concept(code: str) -> Concept:
    found = next((one for one in concepts.concepts() if one.code == code), None)
    if found is None:
        raise NotFound()
    return found


def _themself() -> None:
    """What is true of them they say themselves: no mandate reaches it. Raises `NotFound`."""
    if acting.current() is not None:
        raise NotFound()
