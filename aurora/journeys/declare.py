"""A citizen says how their life goes, where and with whom they live, and whether suggestions may use it: facts, consent and entries in one transaction.

What is said is kept for the citizen alone, on their own word: that needs no consent. A use of it needs one, as any data does: Aurora's for
suggestions is asked on the same page, an agency asks as it asks for everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from aurora.journeys import _asked, _household
from aurora.journeys._asked import Allowed, Offer, check
from aurora.journeys._door import open_door
from aurora.journeys._log import log
from aurora.journeys.own_data import OWN_DATA
from aurora.journeys.suggest import PURPOSE
from aurora.twin import declared
from consent import acting, queries, services, terms
from consent.errors import InvalidInput, NotFound
from consent.ledger.events import Event
from consent.models import Agency
from consent.rules import AURORA, CITIZEN, AccessRequest
from consent.scope import citizen_scope
from recommender.catalogue.areas import MUNICIPALITIES
from recommender.facts import BEST, DECLARED_CATEGORIES, HOME_CATEGORY, HOUSEHOLD_CATEGORY, METERS, SITUATION_CATEGORY

__all__ = ["FIELDS", "MUNICIPALITY", "Allowed", "Offer", "Said", "check", "of_form", "offer", "retract", "save", "view"]
MUNICIPALITY = "municipality"
FIELDS = (*METERS, MUNICIPALITY, *_household.FIELDS)
# What may be said, as forms say it: an answer that is none of these is no answer.
GRADES = {str(number): number for number in range(BEST + 1)}


@dataclass(frozen=True)
class Said:
    """What a citizen says of themselves: meters from 0 to 10, a municipality's code, a household's facts by key. Nothing for what they do not say."""

    meters: Mapping[str, int] = field(default_factory=dict, repr=False)
    municipality: str = field(default="", repr=False)
    household: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def by_category(self) -> dict[str, dict[str, int | str]]:
        home: dict[str, int | str] = {MUNICIPALITY: self.municipality} if self.municipality else {}
        return {SITUATION_CATEGORY: dict(self.meters), HOME_CATEGORY: home, HOUSEHOLD_CATEGORY: dict(self.household)}

    @property
    def answers(self) -> dict[str, str]:
        """As the form's fields say it."""
        meters = {meter: str(number) for meter, number in self.meters.items()}
        return {**meters, MUNICIPALITY: self.municipality, **_household.of_facts(self.household)}


def of_form(answers: Mapping[str, str]) -> Said:
    """What was sent, by the names in `FIELDS`; "" is not said. Raises `InvalidInput` with every field that is wrong, at once."""
    meters = {meter: text for meter in METERS if (text := answers.get(meter, ""))}
    place = answers.get(MUNICIPALITY, "")
    wrong = {meter: "grade_wrong" for meter, text in meters.items() if text not in GRADES}
    if place and place not in MUNICIPALITIES:
        wrong[MUNICIPALITY] = "municipality_unknown"
    household = dict[str, int]()
    try:
        household = _household.of_form(answers)
    except InvalidInput as error:
        wrong |= error.fields
    if wrong:
        raise InvalidInput(wrong)
    return Said({meter: GRADES[text] for meter, text in meters.items()}, place, household)


def view(*, citizen_id: UUID, now: datetime) -> Said:
    """What the citizen has said. Looking is an access to their data, logged as such, once there is something to see."""
    _themself()
    with citizen_scope(citizen_id):
        held = declared.held(citizen_id=citizen_id, categories=DECLARED_CATEGORIES)
    if not held:
        return Said()
    request = AccessRequest(citizen_id, CITIZEN, OWN_DATA, held)
    with open_door(request, granted=Event.OWN_DATA_VIEWED, refused=Event.OWN_DATA_REFUSED, now=now) as opened:
        mine = {(f.category, f.key): f.value for f in opened.facts if f.source == CITIZEN}
    meters = {meter: mine[SITUATION_CATEGORY, meter] for meter in METERS if (SITUATION_CATEGORY, meter) in mine}
    household = {key: value for (category, key), value in mine.items() if category == HOUSEHOLD_CATEGORY}
    return Said(meters, str(mine.get((HOME_CATEGORY, MUNICIPALITY), "")), household)


def offer(*, citizen_id: UUID, language: str, today: date) -> Offer:
    """What can be allowed on a day, with what is different from what was allowed before."""
    _themself()
    # In the order of the page: the ten sides of life first.
    categories = sorted(queries.current_categories(DECLARED_CATEGORIES), key=lambda c: DECLARED_CATEGORIES.index(c.category_id))
    return _asked.offer(
        citizen_id=citizen_id, purpose=PURPOSE, source=Agency.objects.get(code=CITIZEN), categories=categories, wording=terms.declare,
        language=language, today=today,
    )  # fmt: skip


def save(
    *, citizen_id: UUID, said: Said, shown: Offer, token: str, decision: str, now: datetime, allowed: Allowed | None = None
) -> tuple[int, int]:
    """Keep what is said in place of what was said before, and record the decision: `allow` (with `allowed`), `decline`, or `save` for none.

    How many facts are said now, and how many were deleted because they are not said any more. A decline changes no consent that stands.
    Raises `Conflict` when the text has changed since it was shown.
    """
    _themself()
    if decision != "save":
        _asked.same_text(shown, token)
    version = {c.category_id: c.version for c in shown.categories}
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)  # of two windows one is the last
        queries.for_decision(citizen_id=citizen_id, recipient=AURORA)  # locks in the order in which every access does
        facts, gone = declared.state(citizen_id=citizen_id, said=said.by_category, version=version, now=now)
        if allowed is not None and decision == "allow":
            _asked.give(citizen_id=citizen_id, shown=shown, allowed=allowed, now=now)
        elif decision == "decline":
            _asked.decline(citizen_id=citizen_id, shown=shown, now=now)
        if facts or gone:
            told = [category for category, values in said.by_category.items() if values]
            log(
                citizen_id=citizen_id, event=Event.FACTS_DECLARED if facts else Event.FACTS_RETRACTED, actor=CITIZEN,
                categories=told or list(DECLARED_CATEGORIES), source=CITIZEN, details={"facts": facts, "facts_erased": gone}, at=now,
            )  # fmt: skip
    return facts, gone


def retract(*, citizen_id: UUID, now: datetime) -> int:
    """Delete all that the citizen said of themselves, past versions too. A consent to use it stands until it is withdrawn. How many facts.

    Raises `NotFound` when nothing is said.
    """
    _themself()
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        queries.for_decision(citizen_id=citizen_id, recipient=AURORA)
        gone = declared.retract(citizen_id=citizen_id, categories=DECLARED_CATEGORIES)
        if not gone:
            raise NotFound()
        log(
            citizen_id=citizen_id, event=Event.FACTS_RETRACTED, actor=CITIZEN, categories=list(DECLARED_CATEGORIES), source=CITIZEN,
            details={"facts": 0, "facts_erased": gone}, at=now,
        )  # fmt: skip
    return gone


def _themself() -> None:
    """How somebody's life goes they say themselves: no mandate reaches it, whatever its themes. Raises `NotFound`."""
    if acting.current() is not None:
        raise NotFound()
