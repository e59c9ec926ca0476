"""Why one service of the catalogue is suggested to a household, or why not: everything that keeps it from the list, each cause with its facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from recommender.catalogue import Catalogue, PublicService
from recommender.eligibility import Answer
from recommender.facts import PROGRAMME_CATEGORY, category_of
from recommender.profile import Profile
from recommender.ranking.model import Ranker
from recommender.suggesting.candidates import MUNICIPALITY, REGION, Candidates, is_received, unknown_area
from recommender.suggesting.compiled import NO, UNKNOWN
from recommender.suggesting.counterfactual import Counterfactual
from recommender.suggesting.explain import Reason, against
from recommender.suggesting.fit import LEAST_SCORE
from recommender.suggesting.service import Eligibility, Options, assess


class Cause(StrEnum):
    """What keeps a service from the list. Each but the last two does so alone."""

    NOT_ELIGIBLE = "not_eligible"  # its rule says no, by these facts
    RECEIVED = "received"
    ELSEWHERE = "elsewhere"  # it is not given where the household lives
    NOT_VALID = "not_valid"  # it is not given today
    HIDDEN = "hidden"  # the citizen set it aside
    LITTLE = "little"  # too little speaks for it
    BELOW = "below"  # others come before it
    UNKNOWN = "unknown"  # it may be for the household: that hangs on these facts


@dataclass(frozen=True, slots=True)
class Because:
    """One cause, and the keys of the facts that it rests on (for UNKNOWN: that are not known)."""

    cause: Cause
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """`position`: its place in the list, None where it is not in it. `because`: empty for one that is in it and whose eligibility is sure.

    `rank` of `of`: its place by score among all that could be suggested, None where it could not. `reasons` speak for it where it is in the list;
    `counts_against`: what the model holds against it. `settles`: unknown facts that a connection would bring, `not_held`: that it would not.
    """

    service: PublicService
    eligibility: Eligibility | None
    position: int | None
    because: tuple[Because, ...]
    rank: int | None
    of: int
    reasons: tuple[Reason, ...] = ()
    counts_against: tuple[Reason, ...] = ()
    counterfactual: Counterfactual | None = field(default=None, repr=False)
    settles: tuple[str, ...] = ()
    not_held: tuple[str, ...] = ()


def why(profile: Profile, service: PublicService, *, catalogue: Catalogue, ranker: Ranker, options: Options) -> Why:
    """For a service of this catalogue, with the arguments that made the list."""
    slate, found = assess(profile, catalogue=catalogue, ranker=ranker, options=options, whole=True)
    at = found.catalogue.place[service.identifier]
    listed = next((item for item in slate if item.identifier == service.identifier), None)
    order = found.order()
    places = np.flatnonzero(order == at)
    fit = bool(len(places))
    missing = found.missing(at) if found.answers[at] != NO and found.served[at] != NO else ()
    causes = _causes(found, at, options)
    if fit and listed is None:
        causes.append(Because(Cause.BELOW))
    if fit and missing:
        causes.append(Because(Cause.UNKNOWN, missing))
    connected = profile.categories
    return Why(
        service=service,
        eligibility=found.eligibility(at) if fit else None,
        position=listed.position if listed else None,
        because=tuple(causes),
        rank=int(places[0]) + 1 if fit else None,
        of=len(order),
        reasons=listed.reasons if listed else (),
        counts_against=against(service, found.facts, ranker) if fit or _only_little(causes) else (),
        counterfactual=listed.counterfactual if listed else None,
        settles=tuple(key for key in missing if category_of(key) not in connected),
        not_held=tuple(key for key in missing if category_of(key) in connected),
    )


def _causes(found: Candidates, at: int, options: Options) -> list[Because]:
    service, profile = found.catalogue.services[at], found.facts.profile
    causes = []
    if service.rule:
        outcome = service.rule.outcome(found.facts)
        if outcome.answer is Answer.NO:
            causes.append(Because(Cause.NOT_ELIGIBLE, outcome.decided_by))
    if is_received(service, profile):
        causes.append(Because(Cause.RECEIVED, (f"{PROGRAMME_CATEGORY}.{service.programme}",)))
    if found.served[at] == NO:
        causes.append(Because(Cause.ELSEWHERE, tuple(key for key in (MUNICIPALITY, REGION) if key in profile.facts)))
    if not service.valid_on(options.today):
        causes.append(Because(Cause.NOT_VALID))
    if service.identifier in options.hidden:
        causes.append(Because(Cause.HIDDEN))
    if found.answers[at] != NO and found.scores[at] < LEAST_SCORE:
        causes.append(Because(Cause.LITTLE, unknown_area(service, profile) if found.served[at] == UNKNOWN else ()))
    return causes


def _only_little(causes: list[Because]) -> bool:
    return [one.cause for one in causes] == [Cause.LITTLE]
