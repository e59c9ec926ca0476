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


# The page's two lengths: the first places, and all of them for who asks for the rest.
FIRST, ALL = 5, 10


@dataclass(frozen=True, slots=True)
class Viewed:
    """What one person was shown of a slate. `shown`: services by their place, from 1; `entitled`: those to which the rules said yes that day.

    `day`: when this slate's model was first shown to them. `places`: of the page as they had it, filled or not: who has not asked for the rest is
    not worse off for what stands there, and who was shown three of five could have been shown five.
    `did`: kind of feedback -> days after `day`, the earliest of each.
    """

    day: date
    places: int
    shown: Mapping[str, int]
    entitled: frozenset[str]
    did: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Observation:
    """One person: their groups, what is known of them, what they receive, and for each model the newest slate of which they were shown something."""

    groups: Mapping[str, str]
    profile: Profile = field(repr=False)
    received: Mapping[str, bool]
    categories: frozenset[str]
    viewed: Mapping[str, Viewed] = field(default_factory=dict)


def observe(rows: Iterable[Row], catalogue_at: Callable[[str], Catalogue], *, until: date) -> list[Observation]:
    """What was known at the end of the day `until`: what was shown or said later is left out, so that a day's report can be made again."""
    return [_observed(row, catalogue_at, until) for row in rows]


def _observed(row: Row, catalogue_at: Callable[[str], Catalogue], until: date) -> Observation:
    begun = {at: day for at in range(len(row.slates)) if (day := row.first_seen(at)) is not None and day <= until}
    newest = {row.slates[at].model: at for at in sorted(begun, key=lambda at: (row.slates[at].day, -at))}  # newer ones come first in a row
    viewed = {model: _viewed(row, at, begun, catalogue_at, until) for model, at in newest.items()}
    categories = frozenset(FACTS[key].category for key in row.facts) & frozenset(CATEGORIES)
    return Observation(groups(row.facts), row.profile, row.received, categories, viewed)


def _viewed(row: Row, newest: int, begun: Mapping[int, date], catalogue_at: Callable[[str], Catalogue], until: date) -> Viewed:
    slate = row.slates[newest]
    of_model = {at: day for at, day in begun.items() if row.slates[at].model == slate.model}
    first = min(of_model.values())
    did: dict[str, int] = {}
    for said in row.feedback:
        if said.slate in of_model and said.day <= until and said.kind in KINDS:
            days = max(0, (said.day - first).days)
            did[said.kind] = min(days, did.get(said.kind, days))
    shown = {item.service: item.position for item in row.seen(newest, until=until)}
    places = FIRST if row.notes_shown and max(shown.values()) <= FIRST else ALL
    return Viewed(first, places, shown, entitled(row.profile, catalogue_at, slate), did)


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
