"""What suggesting takes beside a profile, and what it gives: plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from recommender.catalogue import PublicService
from recommender.facts import by_category
from recommender.policy import PRESENT, Policy
from recommender.suggesting.counterfactual import Counterfactual
from recommender.suggesting.explain import Reason

# A seed is kept as JSON: above 2**53 other readers than ours would round it.
MOST_SEEDS = 2**53


class Eligibility(StrEnum):
    """How sure it is that the service is for this household. A service that is not for it is not suggested at all."""

    LIKELY = "likely"  # its rule says yes
    UNKNOWN = "unknown"  # its rule or area hangs on an unknown fact, or its authority on grounds that are no facts of ours
    NO_RULE = "no_rule"  # open to everyone


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All that a slate hangs on beside profile, catalogue and model.

    `seed`: 0 to 2**53 - 1, decides what is explored. `today`: the day on which services must be valid. `hidden`: services that
    the citizen does not want. `limit`: places. `policy`: the parameters by which places are given.
    """

    seed: int
    today: date
    hidden: frozenset[str] = frozenset()
    limit: int = 10
    policy: Policy = PRESENT

    def __post_init__(self) -> None:
        if not 0 <= self.seed < MOST_SEEDS:
            raise ValueError("A seed is a whole number from 0 to 2**53 - 1.")


@dataclass(frozen=True, slots=True)
class Item:
    """One suggested service. `position` counts from 1. `score`: 0 to 1, the model's chance for a programme, stated relevance for
    another service. `propensity`: in (0, 1], the chance over all seeds to stand in this place; `explored`: it stands there by chance.

    `settles`: unknown facts of categories that are not connected; connecting them would settle eligibility, but for
    `not_held`: unknown facts of categories that are connected, whose source just does not hold them.
    """

    position: int
    service: PublicService
    score: float
    propensity: float
    explored: bool
    eligibility: Eligibility
    reasons: tuple[Reason, ...]
    settles: tuple[str, ...] = ()
    not_held: tuple[str, ...] = ()
    counterfactual: Counterfactual | None = field(default=None, repr=False)

    @property
    def identifier(self) -> str:
        return self.service.identifier

    @property
    def settles_by_category(self) -> dict[str, tuple[str, ...]]:
        """`settles` grouped by the category to connect."""
        return by_category(self.settles)


@dataclass(frozen=True, slots=True)
class Slate:
    """The suggested services, first place first, and the versions (SHA-256, hex) of catalogue, model and policy that made them."""

    items: tuple[Item, ...]
    catalogue: str
    model: str
    policy: str

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
