"""What the policy takes and gives, and its parameters: a list can be made again only with the ones it was made with."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from recommender.errors import PolicyError

LIKELY, UNKNOWN, NO_RULE = "likely", "unknown", "no_rule"
# A service whose rule says no has no word here: it cannot be given, so it cannot be placed.
STANDINGS = (LIKELY, UNKNOWN, NO_RULE)
# Counts up when the same parameters would place otherwise than before.
ALGORITHM = 1


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate. `score`: 0 to 1. `eligibility`: one of STANDINGS. `kind`: its thematic area, '' where it has none.

    `general`: open to everyone, and nothing in the profile speaks for it; such a service only fills what is left.
    """

    identifier: str
    score: float
    eligibility: str
    kind: str
    general: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A service in its place. `propensity`: in (0, 1], the chance over all seeds that it stands in just this place, exactly.

    `explored`: it stands here by chance, in the place of one that ranks higher.
    """

    identifier: str
    propensity: float
    explored: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The parameters. Shares are of the places of the list, rounded up; all others count services, or score from 0 to 1.

    `open_places`: kept for services that are not sure, else sure but minor ones would hide what a connection could settle.
    `share_of_kind`: above it a kind waits for the others that are as sure; `most_of_kind`: above it, for everything else.
    `exploration`: in this share of lists, one place goes to another candidate, never one of the `first_fixed`; the other is
    among the `pool` next ones that are as sure as the one they replace and score at most `distance` below it.
    """

    open_places: int = 3
    share_of_kind: float = 0.4
    most_of_kind: float = 0.6
    exploration: float = 0.2
    first_fixed: int = 3
    distance: float = 0.1
    pool: int = 8

    def __post_init__(self) -> None:
        counts = (self.open_places, self.first_fixed, self.pool)
        shares = (self.share_of_kind, self.most_of_kind, self.exploration, self.distance)
        if not all(type(one) is int and one >= 0 for one in counts) or not all(_share(one) for one in shares):
            raise PolicyError("Counts of a policy are whole numbers, its shares are from 0 to 1.")
        if not 0 < self.share_of_kind <= self.most_of_kind or self.exploration > 0.5:
            raise PolicyError("A policy gives each kind a place, and explores in at most half of the lists.")

    def plain(self) -> dict[str, Any]:
        """As JSON, for a log row. `of` reads it."""
        return {"algorithm": ALGORITHM, **asdict(self)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Policy:
        """Raises `PolicyError` for another algorithm's parameters, and for what is no policy."""
        named = {one.name for one in fields(cls)}
        if set(plain) != named | {"algorithm"} or plain["algorithm"] != ALGORITHM:
            raise PolicyError("These are not the parameters of a policy that this code can follow.")
        return cls(**{name: plain[name] for name in named})

    @property
    def version(self) -> str:
        """SHA-256 (hex) of the algorithm's number and the parameters."""
        return hashlib.sha256(json.dumps(self.plain(), sort_keys=True).encode()).hexdigest()


def _share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= 1


PRESENT = Policy()
