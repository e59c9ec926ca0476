"""Why a service is suggested: up to three reasons, each one fact that the citizen can recognise.

Only known facts become reasons. Where one lives never does: it is no feature of the model and no reason of ours. Facts that say
the same in other words (children under 6, 13 and 18) count together and appear once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from recommender.catalogue.model import PublicService
from recommender.eligibility import Facts
from recommender.facts import FACTS, FactValue, Kind
from recommender.profile import Profile
from recommender.ranking import relevance
from recommender.ranking.features import FEATURE_KEYS, matrix
from recommender.ranking.model import Ranker
from recommender.ranking.relevance import grounds
from recommender.texts import statement

Direction: TypeAlias = Literal["for", "against"]
Basis: TypeAlias = Literal["model", "rule", "signal"]

MOST_REASONS = 3
# In log-odds. Below a tenth, a chance of 20 % moves by less than two points: nothing that one would give as a reason.
LEAST_CONTRIBUTION = 0.1
# What speaks against is said once, where there is room and it weighs as much as half a unit of log-odds.
LEAST_AGAINST = 0.5

_TOGETHER = {
    **{f"population.household.children_under_{age}": "children" for age in (6, 13, 18)},
    "population.household.household_size": "household",
    "population.household.adults_21_and_over": "household",
    "tax.housing.home_loan_interest": "owned home",
    "tax.housing.property_tax": "owned home",
    "tax.income.interest": "capital",
    "tax.income.dividends": "capital",
}
_ABOUT_SPOUSE = ("population.household.spouse_age", "social.disability.spouse_visual_impairment")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `message` names its text (`<fact>#<variant>`), `parameters` fill it; `values` belong to `facts`.

    `basis`: the model's contribution, the service's rule, or a signal of its relevance. `strength` orders reasons of one
    basis: log-odds for the model, 0 otherwise. Values do not show in `repr`.
    """

    facts: tuple[str, ...]
    values: tuple[FactValue, ...] = field(repr=False)
    direction: Direction
    basis: Basis
    strength: float
    message: str = field(repr=False)
    parameters: Mapping[str, int] = field(repr=False, hash=False)


def render(reason: Reason, language: str) -> str:
    """The reason as a whole sentence in fi, sv or en. The caller names the source of the fact."""
    return statement(reason.message, reason.parameters, language, against=reason.direction == "against")


def explain(service: PublicService, facts: Facts, ranker: Ranker) -> tuple[Reason, ...]:
    """Reasons for one suggested service, the weightiest first. Costs about a millisecond where the model ranks it."""
    reasons = _by_model(service.programme, facts.profile, ranker) if service.programme else ()
    if not reasons:
        ruled, held = (service.rule.outcome(facts).decided_by if service.rule else ()), grounds(service, facts)
        bases: dict[str, Basis] = {**dict.fromkeys(held, "signal"), **dict.fromkeys(ruled, "rule")}
        reasons = _by_facts([*ruled, *held], bases, facts.profile)
    # What the citizen told of their situation raised the score of whatever helps with it.
    told = relevance.meter_grounds(service, facts)
    return (*reasons, *_by_facts(told, dict.fromkeys(told, "signal"), facts.profile))[:MOST_REASONS]


def against(service: PublicService, facts: Facts, ranker: Ranker) -> tuple[Reason, ...]:
    """What counts against a service that could be suggested, the weightiest first: by the model that ranks it. None for one that no model ranks."""
    if not service.programme:
        return ()
    sums = [found for found in _contributions(service.programme, facts.profile, ranker) if found[0] <= -LEAST_CONTRIBUTION]
    sums.sort(key=lambda found: found[0])
    return tuple(
        _reason(min(parts, key=lambda key: parts[key]), facts.profile, "against", "model", -total) for total, parts in sums[:MOST_REASONS]
    )


def _contributions(programme: str, profile: Profile, ranker: Ranker) -> list[tuple[float, dict[str, float]]]:
    """By group of facts that say the same: the sum of what they add in log-odds, and what each adds. Known facts only."""
    added = ranker.contributions(programme, matrix([profile]))[0]
    groups: dict[str, dict[str, float]] = {}
    for key, contribution in zip(FEATURE_KEYS, added, strict=True):
        if key in profile.known:
            groups.setdefault(_group(key), {})[key] = float(contribution)
    return [(sum(parts.values()), parts) for parts in groups.values()]


def _by_model(programme: str, profile: Profile, ranker: Ranker) -> tuple[Reason, ...]:
    sums = _contributions(programme, profile, ranker)
    speaking_for = sorted((found for found in sums if found[0] >= LEAST_CONTRIBUTION), key=lambda found: -found[0])
    reasons = [_reason(max(parts, key=lambda key: parts[key]), profile, "for", "model", total) for total, parts in speaking_for]
    reasons = reasons[:MOST_REASONS]
    worst = min(sums, key=lambda found: found[0], default=None)
    if worst and 0 < len(reasons) < MOST_REASONS and worst[0] <= -LEAST_AGAINST:
        total, parts = worst
        reasons.append(_reason(min(parts, key=lambda key: parts[key]), profile, "against", "model", -total))
    return tuple(reasons)


def _by_facts(keys: Sequence[str], bases: Mapping[str, Basis], profile: Profile) -> tuple[Reason, ...]:
    first_of_group: dict[str, str] = {}
    of_spouse = any(key in _ABOUT_SPOUSE for key in keys)
    for key in keys:
        # Rules ask first whether one is married: what the spouse is says that already.
        repeated = of_spouse and key == "population.person.marital_status"
        if key in profile.known and FACTS[key].kind not in (Kind.REGION, Kind.MUNICIPALITY) and not repeated:
            first_of_group.setdefault(_group(key), key)
    return tuple(_reason(key, profile, "for", bases[key], 0.0) for key in first_of_group.values())[:MOST_REASONS]


def _group(key: str) -> str:
    return _TOGETHER.get(key, key)


def _reason(key: str, profile: Profile, direction: Direction, basis: Basis, strength: float) -> Reason:
    value = profile.facts[key]
    variant, parameters = _variant(FACTS[key].kind, value)
    return Reason((key,), (value,), direction, basis, strength, f"{key}#{variant}", parameters)


def _variant(kind: Kind, value: FactValue) -> tuple[str, dict[str, int]]:
    """Which sentence fits the value: no wages is another sentence than wages of 0."""
    if kind is Kind.FLAG:
        return ("yes" if value else "no"), {}
    if kind is Kind.CHOICE:
        return str(value), {}
    number = int(value)
    if kind in (Kind.AGE, Kind.METER):
        return "value", {"number": number}
    if kind is Kind.COUNT:
        return ("none" if number == 0 else "one" if number == 1 else "many"), {"number": number}
    return ("none" if number == 0 else "some" if number > 0 else "loss"), {"number": abs(number)}
