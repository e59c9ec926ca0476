"""What would have to be otherwise for a service not to be suggested: one fact, and a bound that is true.

"It would no longer be suggested if your household's wages were above 31,000": with every value of this one fact beyond the bound
and all else as it is, the service is no candidate (its rule says no, or next to nothing speaks for it), so that no seed can place it.
The bound may be rounded away from the present value, never towards it: what is said stays true.

Only facts that people know of themselves and that change are varied: amounts, and age upwards. Not what says something of health
(disability, medical expenses), not the region, and no count of a household's members, which cannot change alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from recommender.catalogue.model import PublicService
from recommender.eligibility import Facts
from recommender.facts import FACTS, Kind
from recommender.profile import Profile
from recommender.ranking.model import Ranker
from recommender.suggesting.explain import Reason
from recommender.suggesting.fit import fits
from recommender.texts import beyond

Side: TypeAlias = Literal["above", "below"]

AGE = "population.person.age"
UNSAID = frozenset({"tax.deductions.medical_expenses"})
# An amount is varied up to five times what it is, and at least so far. Further away nobody would recognise themselves.
LEAST_REACH = 200_000
MOST_TRIED = 3  # facts a service
PROBES = 16  # values beyond the bound at which the claim is tried before it is made
STEPS = (10_000, 5_000, 1_000, 500, 100, 50, 10, 5)
COARSEST = 0.02  # of the bound


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """`fact` strictly `side` the `bound` (the fact's own unit), all else equal: no longer suggested. The bound does not show in `repr`."""

    fact: str
    side: Side
    bound: int = field(repr=False)


def render(found: Counterfactual, language: str) -> str:
    """As a whole sentence in fi, sv or en."""
    return beyond(found.fact, found.side, found.bound, language)


def counterfactual(service: PublicService, *, facts: Facts, reasons: Sequence[Reason], ranker: Ranker) -> Counterfactual | None:
    """For a service that is suggested: by the fact that speaks most for it, else by one that its rule compares. None where no bound is true."""
    profile = facts.profile
    ruled = service.rule.facts if service.rule else ()
    spoken = [key for reason in reasons if reason.direction == "for" for key in reason.facts]
    asked = service.facts
    for key in [key for key in dict.fromkeys([*spoken, *ruled]) if key in profile.facts and _changes(key)][:MOST_TRIED]:
        found = _bound(key, profile, lambda value, key=key: _still(service, asked, profile.changed(key, value), ranker))  # type: ignore[misc]
        if found is not None:
            return found
    return None


def _changes(key: str) -> bool:
    return key == AGE or (FACTS[key].kind is Kind.AMOUNT and key not in UNSAID)


def _still(service: PublicService, asked: tuple[str, ...], profile: Profile, ranker: Ranker) -> bool:
    return fits(service, Facts(profile, only=asked), ranker)


def _bound(key: str, profile: Profile, still: Callable[[int], bool]) -> Counterfactual | None:
    value = int(profile.facts[key])
    most = FACTS[key].maximum
    if key == AGE:
        return _above(key, value, most, still)
    found = _above(key, value, min(max(5 * value, LEAST_REACH), most), still)
    return found or (_below(key, value, still) if value > 0 else None)


def _above(key: str, value: int, furthest: int, still: Callable[[int], bool]) -> Counterfactual | None:
    if furthest <= value or still(furthest):
        return None
    last = _edge(value, furthest, still)
    bound = _rounded(last, up=True) if key != AGE else last
    # What is said, is said of all values beyond: the greatest one that there can be, too. Of an income above a loss nobody would make sense.
    if not 0 <= bound < furthest or any(still(one) for one in (*_between(bound + 1, furthest), FACTS[key].maximum)):
        return None
    return Counterfactual(key, "above", bound)


def _below(key: str, value: int, still: Callable[[int], bool]) -> Counterfactual | None:
    if still(0):
        return None
    bound = _rounded(_edge(value, 0, still), up=False)
    # Losses, where there can be any, are below the bound, too.
    losses = (FACTS[key].minimum, *(-one for one in _between(1, LEAST_REACH))) if FACTS[key].minimum < 0 else ()
    if bound <= 0 or any(still(one) for one in (*_between(0, bound - 1), *losses)):
        return None
    return Counterfactual(key, "below", bound)


def _edge(held: int, lost: int, still: Callable[[int], bool]) -> int:
    """A value at which the service still fits, while it does not at the next one towards `lost`."""
    while abs(lost - held) > 1:
        middle = (held + lost) // 2
        if still(middle):
            held = middle
        else:
            lost = middle
    return held


def _rounded(value: int, *, up: bool) -> int:
    for step in STEPS:
        if step <= COARSEST * value:
            return -(-value // step) * step if up else value // step * step
    return value


def _between(first: int, last: int) -> list[int]:
    """Values from first to last, both among them, closer together near the first."""
    span = last - first
    return sorted({first, last, *(first + int(span * (step / PROBES) ** 2) for step in range(PROBES))})
