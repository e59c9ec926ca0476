"""One citizen's training row in its plain form: what they released, what they receive, what they were shown and what they made of it.

It names nobody: no id of a citizen, a run or a consent, and days instead of times. JSON both ways, strict: what does not fit is refused whole,
so that a dataset holds rows of one schema only.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from recommender.errors import ProfileError, RowError
from recommender.facts import PROGRAMME_CATEGORY, PROGRAMMES, FactValue, category_of
from recommender.profile import Profile

SCHEMA = 1
KINDS = ("shown", "opened", "helpful", "not_for_me", "applied")
MOST_SLATES, MOST_ITEMS, MOST_SAID = 200, 50, 2000
LARGEST = 2 * 1024 * 1024  # bytes
_SERVICE = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,199}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[a-z_]{0,40}")


@dataclass(frozen=True, slots=True)
class ItemShown:
    """One place of a slate. `position` from 1; `propensity`: the chance, in (0, 1], that the policy put it there."""

    service: str
    position: int
    score: float
    propensity: float
    explored: bool

    def __post_init__(self) -> None:
        _need(isinstance(self.service, str) and _SERVICE.fullmatch(self.service) is not None, "service")
        _need(type(self.position) is int and 1 <= self.position <= MOST_ITEMS, "position")
        _need(_number(self.score), "score")
        _need(_number(self.propensity) and 0 < self.propensity <= 1, "propensity")
        _need(type(self.explored) is bool, "explored")


@dataclass(frozen=True, slots=True)
class SlateShown:
    """What was shown at one time. `model`, `catalogue`: their versions, SHA-256 in hex; `seed`: of the policy."""

    day: date
    model: str
    catalogue: str
    seed: int
    items: tuple[ItemShown, ...]

    def __post_init__(self) -> None:
        _need(type(self.day) is date, "day")
        _need(all(isinstance(v, str) and _SHA256.fullmatch(v) for v in (self.model, self.catalogue)), "version")
        _need(type(self.seed) is int and self.seed >= 0, "seed")
        _need(len(self.items) <= MOST_ITEMS, "items")
        _need(len({item.position for item in self.items}) == len(self.items), "items")


@dataclass(frozen=True, slots=True)
class Said:
    """What the citizen made of a service in `slates[slate]`. `kind`: one of KINDS; `why`: a code, or empty."""

    slate: int
    service: str
    kind: str
    why: str
    day: date

    def __post_init__(self) -> None:
        _need(type(self.slate) is int and self.slate >= 0, "slate")
        _need(isinstance(self.service, str) and _SERVICE.fullmatch(self.service) is not None, "service")
        _need(self.kind in KINDS, "kind")
        _need(isinstance(self.why, str) and _CODE.fullmatch(self.why) is not None, "why")
        _need(type(self.day) is date, "day")


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """`facts`: `category.key` to value, as in a profile and without the programmes; `received`: programme to whether they take part, unknown
    ones absent. Raises `RowError` for what does not fit; no message holds a value."""

    facts: Mapping[str, FactValue]
    received: Mapping[str, bool] = field(default_factory=dict)
    slates: tuple[SlateShown, ...] = ()
    feedback: tuple[Said, ...] = ()

    def __post_init__(self) -> None:
        try:
            checked = Profile(self.facts).facts
        except ProfileError:
            raise RowError("A training row holds a fact that is not in the vocabulary, or not of its kind.") from None
        _need(all(category_of(key) != PROGRAMME_CATEGORY for key in checked), "facts")
        _need(all(key in PROGRAMMES and type(value) is bool for key, value in self.received.items()), "received")
        _need(len(self.slates) <= MOST_SLATES, "slates")
        _need(len(self.feedback) <= MOST_SAID, "feedback")
        for said in self.feedback:
            _need(said.slate < len(self.slates), "feedback")
            _need(any(item.service == said.service for item in self.slates[said.slate].items), "feedback")
        object.__setattr__(self, "facts", checked)
        object.__setattr__(self, "received", MappingProxyType(dict(self.received)))

    @property
    def profile(self) -> Profile:
        """All of it as facts, what they receive too."""
        return Profile({**self.facts, **{f"{PROGRAMME_CATEGORY}.{programme}": value for programme, value in self.received.items()}})

    @property
    def labels(self) -> tuple[bool, ...] | None:
        """Whether they take part, by programme as in PROGRAMMES; None where that is not known of all of them: nothing can be learnt as no."""
        if any(programme not in self.received for programme in PROGRAMMES):
            return None
        return tuple(self.received[programme] for programme in PROGRAMMES)

    @property
    def notes_shown(self) -> bool:
        """Whether it says what was shown. A row without any such note is older than the note: of it each slate counts as shown whole, on its own day."""
        return any(said.kind == "shown" for said in self.feedback)

    def seen(self, slate: int, *, until: date | None = None) -> tuple[ItemShown, ...]:
        """What of `slates[slate]` was put before the citizen's eyes by the end of the day `until`, the first place first; each keeps its own place.

        A slate is what was made. The page shows its first places, and the others when they are asked for: feedback of kind `shown` says which.
        """
        items = tuple(sorted(self.slates[slate].items, key=lambda item: item.position))
        if not self.notes_shown:
            return items if until is None or self.slates[slate].day <= until else ()
        noted = {said.service for said in self._shown(slate) if until is None or said.day <= until}
        return tuple(item for item in items if item.service in noted)

    def first_seen(self, slate: int) -> date | None:
        """The day on which something of the slate was first shown; None where nothing of it was."""
        return min((said.day for said in self._shown(slate)), default=None) if self.notes_shown else self.slates[slate].day

    def _shown(self, slate: int) -> list[Said]:
        return [said for said in self.feedback if said.slate == slate and said.kind == "shown"]

    def to_json(self) -> bytes:
        """The same row, the same bytes: keys in order, no spaces, shortest floats."""
        return json.dumps(
            {
                "schema": SCHEMA,
                "facts": dict(self.facts),
                "received": dict(self.received),
                "slates": [
                    {
                        "day": slate.day.isoformat(),
                        "model": slate.model,
                        "catalogue": slate.catalogue,
                        "seed": slate.seed,
                        "items": [[i.service, i.position, i.score, i.propensity, i.explored] for i in slate.items],
                    }
                    for slate in self.slates
                ],
                "feedback": [[s.slate, s.service, s.kind, s.why, s.day.isoformat()] for s in self.feedback],
            },
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        ).encode()

    @classmethod
    def of_json(cls, content: bytes) -> Row:
        """Raises `RowError` for another schema, another key, another type or a row that is too long."""
        if len(content) > LARGEST:
            raise RowError("A training row is too long.")
        try:
            found = json.loads(content, parse_constant=_refuse, object_pairs_hook=_once)
            if found["schema"] != SCHEMA or set(found) != {"schema", "facts", "received", "slates", "feedback"}:
                raise RowError("A training row has a schema that this version does not know.")
            slates = tuple(_slate(one) for one in found["slates"])
            feedback = tuple(Said(slate, service, kind, why, _day(day)) for slate, service, kind, why, day in found["feedback"])
            return cls(found["facts"], found["received"], slates, feedback)
        except RowError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise RowError("A training row cannot be read.") from None

    def __repr__(self) -> str:
        return f"Row({len(self.facts)} facts known, {len(self.slates)} slates)"


def _slate(found: Mapping[str, Any]) -> SlateShown:
    if set(found) != {"day", "model", "catalogue", "seed", "items"}:
        raise RowError("A training row has a schema that this version does not know.")
    items = tuple(ItemShown(*item) for item in found["items"])
    return SlateShown(_day(found["day"]), found["model"], found["catalogue"], found["seed"], items)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    _need(day.isoformat() == text, "day")
    return day


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _need(held: bool, what: str) -> None:
    if not held:
        raise RowError(f"A training row's {what} does not keep to its form.")


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)
