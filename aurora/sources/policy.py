"""What an operator declares of a source in `DataSource.settings`: how fresh its data are to be, what it bears, and when it is left alone.

    {"freshness": {"tax.income": 604800, "*": 86400}, "pace": {"a_second": 5, "at_once": 4}, "breaker": {"failures": 20, "pause": 30}}

What is not declared, or is no sensible number, counts as not declared: a slip of an operator's stops no pull. `faults` tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

FRESHNESS, PACE, BREAKER = "freshness", "pace", "breaker"
OURS = frozenset({FRESHNESS, PACE, BREAKER})
ANY = "*"
DAY, YEAR = 86_400.0, 366 * 86_400.0
USUALLY = DAY
SOONEST = 60.0
# More than the attempts of one pull: what goes wrong about one citizen leaves the source open to all others.
FAILURES = 20
PAUSE = 30.0


@dataclass(frozen=True)
class Policy:
    """`freshness`: seconds by category, `usually` for the others. `a_second`, `at_once`: None where there is no limit. `pause`: seconds."""

    freshness: Mapping[str, float]
    usually: float = USUALLY
    a_second: float | None = None
    at_once: int | None = None
    failures: int = FAILURES
    pause: float = PAUSE

    @property
    def limited(self) -> bool:
        """Whether a turn must be taken before a request."""
        return self.a_second is not None or self.at_once is not None

    def fresh(self, category: str) -> timedelta:
        """How old an answer about this category may become."""
        return timedelta(seconds=self.freshness.get(category, self.usually))


def of(settings: Mapping[str, Any]) -> Policy:
    """What stands in a source's settings."""
    freshness = {c: s for c, s in _part(settings, FRESHNESS).items() if _is_number(s, SOONEST, YEAR)}
    pace, breaker = _part(settings, PACE), _part(settings, BREAKER)
    return Policy(
        freshness={c: float(s) for c, s in freshness.items() if c != ANY},
        usually=float(freshness.get(ANY, USUALLY)),
        a_second=_number(pace, "a_second", 0.001, 10_000.0),
        at_once=_whole(pace, "at_once", 1, 10_000),
        failures=_whole(breaker, "failures", 1, 100_000) or FAILURES,
        pause=_number(breaker, "pause", 1.0, DAY) or PAUSE,
    )


def faults(settings: Mapping[str, Any]) -> list[str]:
    """The places in a source's settings that say nothing which this module could follow, such as "pace.at_once"."""
    wrong = [name for name in OURS & settings.keys() if not isinstance(settings[name], Mapping)]
    wrong += [f"{FRESHNESS}.{c}" for c, s in _part(settings, FRESHNESS).items() if not _is_number(s, SOONEST, YEAR)]
    pace, breaker = _part(settings, PACE), _part(settings, BREAKER)
    known = {
        (PACE, "a_second"): _number(pace, "a_second", 0.001, 10_000.0),
        (PACE, "at_once"): _whole(pace, "at_once", 1, 10_000),
        (BREAKER, "failures"): _whole(breaker, "failures", 1, 100_000),
        (BREAKER, "pause"): _number(breaker, "pause", 1.0, DAY),
    }
    wrong += [f"{part}.{name}" for part, held in ((PACE, pace), (BREAKER, breaker)) for name in held if known.get((part, name)) is None]
    return sorted(wrong)


def _part(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = settings.get(name)
    return found if isinstance(found, Mapping) else {}


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _number(part: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    return float(part[name]) if _is_number(part.get(name), least, most) else None


def _whole(part: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    return part[name] if isinstance(part.get(name), int) and _is_number(part[name], least, most) else None
