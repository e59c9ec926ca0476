"""From a training row to what monitoring asks of it: groups, what was shown of what the rules entitle to, what came of it. Names nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from recommender.catalogue import Catalogue
from recommender.eligibility import Facts
from recommender.errors import UnknownCatalogue
from recommender.facts import CATEGORIES, FACTS
from recommender.monitoring.groups import groups
from recommender.profile import Profile
from recommender.suggesting.compiled import YES, compiled
from recommender.training.rows import Row, SlateShown

KINDS = ("opened", "helpful", "not_for_me", "applied")
_MUNICIPALITY, _REGION = "life.home.municipality", "population.person.region"


@dataclass(frozen=True, slots=True)
class Viewed:
    """A slate that one person was shown. `shown`: services from the first place on; `entitled`: those to which the rules said yes that day.

    `did`: kind of feedback -> days after the first showing of this slate's model to this person, the earliest of each.
    """

    day: date
    places: int
    shown: tuple[str, ...]
    entitled: frozenset[str]
    did: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Observation:
    """One person: their groups, what is known of them, what they receive, and for each model the newest slate that they were shown."""

    groups: Mapping[str, str]
    profile: Profile = field(repr=False)
    received: Mapping[str, bool]
    categories: frozenset[str]
    viewed: Mapping[str, Viewed] = field(default_factory=dict)


def observe(rows: Iterable[Row], catalogue_at: Callable[[str], Catalogue], *, until: date, places: int = 10) -> list[Observation]:
    """What was known at the end of the day `until`: later slates and feedback are left out, so that a day's report can be made again."""
    return [_observed(row, catalogue_at, until, places) for row in rows]


def _observed(row: Row, catalogue_at: Callable[[str], Catalogue], until: date, places: int) -> Observation:
    slates = {number: slate for number, slate in enumerate(row.slates) if slate.day <= until}
    newest = {slate.model: number for number, slate in sorted(slates.items(), key=lambda found: (found[1].day, found[0]))}
    viewed = {model: _viewed(row, slates[number], catalogue_at, until, places) for model, number in newest.items()}
    categories = frozenset(FACTS[key].category for key in row.facts) & frozenset(CATEGORIES)
    return Observation(groups(row.facts), row.profile, row.received, categories, viewed)


def _viewed(row: Row, slate: SlateShown, catalogue_at: Callable[[str], Catalogue], until: date, places: int) -> Viewed:
    items = sorted(slate.items, key=lambda item: item.position)
    of_model = [number for number, one in enumerate(row.slates) if one.model == slate.model and one.day <= until]
    begun = min(row.slates[number].day for number in of_model)
    did: dict[str, int] = {}
    for said in row.feedback:
        if said.slate in of_model and said.day <= until and said.kind in KINDS:
            days = max(0, (said.day - begun).days)
            did[said.kind] = min(days, did.get(said.kind, days))
    return Viewed(begun, places, tuple(item.service for item in items), entitled(row.profile, catalogue_at, slate), did)


def entitled(profile: Profile, catalogue_at: Callable[[str], Catalogue], slate: SlateShown) -> frozenset[str]:
    """Services whose rule says yes, given where the person lives, valid on the slate's day and not received already; nothing of a lost catalogue.

    By the rule alone, whatever a model's score: what the model leaves out is what monitoring looks for.
    """
    try:
        services = compiled(catalogue_at(slate.catalogue))
    except UnknownCatalogue:
        return frozenset()
    lives = [profile.facts.get(key) for key in (_MUNICIPALITY, _REGION)]
    served = services.served(*(None if place is None else str(place) for place in lives))
    yes = (services.answers(Facts(profile)) == YES) & (served == YES) & ~services.unseen & services.valid(slate.day)
    names = [services.services[at] for at in np.flatnonzero(yes).tolist()]
    return frozenset(
        one.identifier for one in names if not (one.programme and profile.facts.get(f"social.programmes.{one.programme}") is True)
    )
