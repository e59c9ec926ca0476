"""Which services may be suggested to a household, and how well each fits: everything that is decided before places are given.

A candidate is valid today, not hidden, not received, given where the household lives, and its rule does not say no.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.catalogue import Catalogue, PublicService
from recommender.eligibility import Facts
from recommender.eligibility.outcome import NOT_ASSESSED, Outcome
from recommender.facts import PROGRAMME_CATEGORY, PROGRAMMES
from recommender.policy import Placed, Scored, place
from recommender.profile import Profile
from recommender.ranking import relevance
from recommender.ranking.features import matrix
from recommender.ranking.model import Ranker
from recommender.suggesting.compiled import NO, UNKNOWN, UNRULED, Compiled, Floats, Ints, Truths, compiled
from recommender.suggesting.fit import LEAST_SCORE
from recommender.suggesting.slate import Eligibility, Options

MUNICIPALITY, REGION = "life.home.municipality", "population.person.region"

_LIKELY, _OPEN, _NO_RULE = 0, 1, 2
_STANDINGS = (Eligibility.LIKELY, Eligibility.UNKNOWN, Eligibility.NO_RULE)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Arrays over `catalogue.services`. `fit`: may be suggested; `standing`: how sure; `general`: nothing in the profile speaks for it."""

    catalogue: Compiled
    facts: Facts
    scores: Floats
    standing: Ints
    general: Truths
    answers: Ints
    served: Ints
    fit: Truths

    def eligibility(self, at: int) -> Eligibility:
        return _STANDINGS[self.standing[at]]

    def order(self) -> Ints:
        """Places of the candidates, by score, those of one score by identifier."""
        fit = np.flatnonzero(self.fit)
        return fit[np.argsort(-self.scores[fit], kind="stable")]

    def scored(self, most: int) -> list[Scored]:
        """For the policy: of each kind, and as sure, the `most` best. No list of so many places can need another."""
        order = self.order()
        tier = np.where(self.general[order] & (self.standing[order] != _LIKELY), 2, self.standing[order] != _LIKELY)
        group = self.catalogue.kind[order] * 3 + tier
        if len(order) > most:
            by_group = np.argsort(group, kind="stable")
            sorted_groups = group[by_group]
            starts = np.searchsorted(sorted_groups, sorted_groups)
            order = order[np.sort(by_group[np.arange(len(order)) - starts < most])]
        told = zip(order.tolist(), self.scores[order].tolist(), self.standing[order].tolist(), self.general[order].tolist(), strict=True)
        return [self._scored(*one) for one in told]

    def placed(self, options: Options) -> tuple[Placed, ...]:
        """Those that take the list's places, the first place first."""
        places = max(0, options.limit)
        return place(self.scored(places + options.policy.pool), places=places, seed=options.seed, policy=options.policy)

    def missing(self, at: int) -> tuple[str, ...]:
        """Keys of the unknown facts on which it hangs whether the service is for the household."""
        service = self.catalogue.services[at]
        return (*_outcome(service, self.facts).missing, *(unknown_area(service, self.facts.profile) if self.served[at] == UNKNOWN else ()))

    def _scored(self, at: int, score: float, standing: int, general: bool) -> Scored:
        service = self.catalogue.services[at]
        return Scored(service.identifier, score, _STANDINGS[standing].value, service.thematic_area, general)


def candidates(profile: Profile, *, catalogue: Catalogue, ranker: Ranker, options: Options, whole: bool = False) -> Candidates:
    """The services of the catalogue, assessed for one household: those given today where it lives, or may be; with `whole` all of them."""
    services, home = compiled(catalogue), (_text(profile, MUNICIPALITY), _text(profile, REGION))
    if not whole:
        services = services.here(options.today, *home)
    facts = Facts(profile, only=services.asked)
    answers = services.answers(facts)
    served = services.served(*home)
    scores = services.relevances(facts, answers)
    chances = ranker.scores(matrix([profile]))[0]
    scores[services.ranked] = chances[services.programme[services.ranked]]
    scores = lifted(scores, services, facts, answers)
    unknown = services.unseen | (answers == UNKNOWN) | (served == UNKNOWN)
    standing = np.where(unknown, _OPEN, np.where(answers == UNRULED, _NO_RULE, _LIKELY))
    general = (answers == UNRULED) & (services.programme < 0) & (scores <= services.stated)
    fit = (answers != NO) & (served != NO) & (scores >= LEAST_SCORE) & services.valid(options.today)
    fit &= ~_received(services, profile)
    for identifier in options.hidden:
        if identifier in services.place:
            fit[services.place[identifier]] = False
    return Candidates(services, facts, scores, standing, general, answers, served, fit)


def lifted(scores: Floats, services: Compiled, facts: Facts, answers: Ints) -> Floats:
    """Scores raised by what the citizen told of their situation (`relevance.lifts`); the same bits where they told nothing."""
    if not relevance.declared(facts):
        return scores
    weights = np.where(services.programme >= 0, scores, np.where(answers == UNKNOWN, services.reach, 1.0))
    found: Floats = np.minimum(1.0, scores + relevance.lifts(services.meters, facts, weights))
    return found


def unknown_area(service: PublicService, profile: Profile) -> tuple[str, ...]:
    """What is not known of where one lives, and decides whether the service is given there."""
    regions = [area for area in service.areas if area.startswith("R")]
    asked = [*([MUNICIPALITY] if len(regions) < len(service.areas) else []), *([REGION] if regions else [])]
    return profile.unknown(asked)


def is_received(service: PublicService, profile: Profile) -> bool:
    return service.programme is not None and profile.facts.get(f"{PROGRAMME_CATEGORY}.{service.programme}") is True


def _received(services: Compiled, profile: Profile) -> Truths:
    received = np.array([*(profile.facts.get(f"{PROGRAMME_CATEGORY}.{one}") is True for one in PROGRAMMES), False], dtype=bool)
    return received[services.programme]


def _outcome(service: PublicService, facts: Facts) -> Outcome:
    return service.rule.outcome(facts) if service.rule else NOT_ASSESSED


def _text(profile: Profile, key: str) -> str | None:
    found = profile.facts.get(key)
    return None if found is None else str(found)
