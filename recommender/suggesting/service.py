"""The recommender's entry points: `suggest`, and what a caller needs to ask, keep and show its answer.

    candidates (may be suggested at all) > scores > places, by the policy > reasons of what is shown

The same arguments give the same slate, bit for bit: all that is left to chance comes from `Options.seed`.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from recommender.catalogue import Catalogue
from recommender.facts import CATEGORIES, DECLARED_CATEGORIES, PROGRAMME_CATEGORY, category_of
from recommender.policy import Placed, Policy
from recommender.profile import Profile
from recommender.ranking.features import FEATURE_CATEGORIES
from recommender.ranking.model import Ranker
from recommender.suggesting.candidates import Candidates, candidates
from recommender.suggesting.compiled import NO, compiled
from recommender.suggesting.counterfactual import counterfactual
from recommender.suggesting.explain import Reason, explain, render
from recommender.suggesting.questions import OpenQuestion, open_questions, open_services
from recommender.suggesting.slate import Eligibility, Item, Options, Slate

__all__ = [
    "Eligibility",
    "Item",
    "OpenQuestion",
    "Options",
    "Reason",
    "Slate",
    "assess",
    "epoch",
    "open_questions",
    "open_services",
    "render",
    "standing_of",
    "suggest",
    "used_categories",
]
# What is shown at first is told best: for so many places, what would have to be otherwise is worked out too.
FIRST = 5


def suggest(profile: Profile, *, catalogue: Catalogue, ranker: Ranker, options: Options) -> Slate:
    """Up to `options.limit` services for a household, with reasons.

    Never one whose rule says no, that is received, hidden, not valid today, or not given where the household lives. Places are
    the policy's: likely ones by score, some places for those that are not sure, no kind too often, now and then another one.
    """
    return assess(profile, catalogue=catalogue, ranker=ranker, options=options)[0]


def assess(profile: Profile, *, catalogue: Catalogue, ranker: Ranker, options: Options, whole: bool = False) -> tuple[Slate, Candidates]:
    """`suggest`, with all that was found on the way; with `whole` also of services that are not given today where the household lives."""
    found = candidates(profile, catalogue=catalogue, ranker=ranker, options=options, whole=whole)
    items = tuple(_item(position, one, found, ranker) for position, one in enumerate(found.placed(options), start=1))
    return Slate(items, catalogue.version, ranker.version, _version(options.policy)), found


@cache
def _version(policy: Policy) -> str:
    return policy.version


def used_categories(catalogue: Catalogue) -> tuple[str, ...]:
    """The data categories that suggestions are made from: features, rules, areas, programmes received, what was declared."""
    named = {category_of(key) for service in catalogue.values() for key in service.facts}
    always = {*FEATURE_CATEGORIES, *DECLARED_CATEGORIES, PROGRAMME_CATEGORY, "population.person"}
    return tuple(one for one in CATEGORIES if one in named or one in always)


def standing_of(found: Candidates) -> dict[str, str]:
    """By service that is given where the household lives: the eligibility as a word, `no` where its rule says no."""
    return {
        service.identifier: "no" if found.answers[at] == NO or found.served[at] == NO else found.eligibility(at).value
        for at, service in enumerate(found.catalogue.services)
    }


def epoch(catalogue: Catalogue, today: date) -> date | None:
    """The last day up to `today` on which a service began or had ended: between two such days the same ones are valid. None: there is none."""
    services = compiled(catalogue)
    days = np.concatenate([services.first, services.last[services.last < date.max.toordinal()] + 1])
    past = days[(days <= today.toordinal()) & (days > 1)]
    return date.fromordinal(int(past.max())) if len(past) else None


def _item(position: int, placed: Placed, found: Candidates, ranker: Ranker) -> Item:
    at = found.catalogue.place[placed.identifier]
    service, missing = found.catalogue.services[at], found.missing(at)
    connected = found.facts.profile.categories
    reasons = explain(service, found.facts, ranker)
    return Item(
        position=position,
        service=service,
        score=float(found.scores[at]),
        propensity=placed.propensity,
        explored=placed.explored,
        eligibility=found.eligibility(at),
        reasons=reasons,
        settles=tuple(key for key in missing if category_of(key) not in connected),
        not_held=tuple(key for key in missing if category_of(key) in connected),
        counterfactual=counterfactual(service, facts=found.facts, reasons=reasons, ranker=ranker) if position <= FIRST else None,
    )
