"""A catalogue as arrays, so that thousands of services cost a citizen little more than the model's own calls.

What many services share (a rule, a signal's condition, an area) is answered once a citizen. The figures are the same bits as
`ranking.relevance` gives for one service; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt

from recommender.catalogue import Catalogue, PublicService
from recommender.eligibility import Answer, Facts, Rule
from recommender.facts import PROGRAMMES
from recommender.ranking.relevance import MOST_POINTS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

NONE = -1
# Answers as numbers.
YES, NO, UNKNOWN, UNRULED = 1, 0, 2, 3
_NUMBER = {Answer.YES: YES, Answer.NO: NO, Answer.UNKNOWN: UNKNOWN}
MOST_PLACES = 500  # where people live, kept a catalogue
_KEPT = 4  # catalogues: the present one, and those that replays ask for


@dataclass(eq=False)
class Compiled:
    """Services in the order of their identifiers, and what is asked of each, as columns. Made by `compiled`."""

    services: Sequence[PublicService]
    rules: tuple[Rule, ...] = field(init=False)
    conditions: tuple[Rule, ...] = field(init=False)
    _served: dict[tuple[str | None, str | None], Ints] = field(init=False, default_factory=dict)
    _here: dict[tuple[date, str | None, str | None], Compiled] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        rules = {one.rule.source: one.rule for one in self.services if one.rule}
        conditions = {signal.when.source: signal.when for one in self.services for signal in one.signals}
        self.rules, self.conditions = tuple(rules.values()), tuple(conditions.values())
        place_of_rule = {source: place for place, source in enumerate(rules)}
        place_of_condition = {source: place for place, source in enumerate(conditions)}
        self.rule = np.array([place_of_rule[one.rule.source] if one.rule else NONE for one in self.services], dtype=np.int64)
        self.programme = np.array([PROGRAMMES.index(one.programme) if one.programme else NONE for one in self.services], dtype=np.int64)
        self.ranked = np.flatnonzero(self.programme != NONE)
        self.unseen = np.array([one.unseen_grounds for one in self.services], dtype=bool)
        self.base = np.array([one.base for one in self.services], dtype=np.float64)
        self.stated = np.minimum(MOST_POINTS, self.base) / 100  # where no signal holds
        self.reach = np.array([one.reach for one in self.services], dtype=np.float64)
        self.first = np.array([(one.valid_from or date.min).toordinal() for one in self.services], dtype=np.int64)
        self.last = np.array([(one.valid_until or date.max).toordinal() for one in self.services], dtype=np.int64)
        self.bound = np.flatnonzero([bool(one.areas) for one in self.services])
        # Which service a signal speaks for, which condition it has, how many points it gives.
        found = [(at, place_of_condition[s.when.source], s.points) for at, one in enumerate(self.services) for s in one.signals]
        self.signal = np.array(found, dtype=np.int64).reshape(len(found), 3)

    @cached_property
    def place(self) -> dict[str, int]:
        return {one.identifier: at for at, one in enumerate(self.services)}

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """Keys of all facts that any rule or signal names."""
        return tuple(dict.fromkeys(key for rule in (*self.rules, *self.conditions) for key in rule.facts))

    @cached_property
    def kind(self) -> Ints:
        names: dict[str, int] = {}
        return np.array([names.setdefault(one.thematic_area, len(names)) for one in self.services], dtype=np.int64)

    @cached_property
    def meters(self) -> Floats:
        """float64[n, 10], NaN where a service has none."""
        return np.array([one.meters or (np.nan,) * 10 for one in self.services], dtype=np.float64).reshape(len(self.services), 10)

    def answers(self, facts: Facts) -> Ints:
        """For each service YES, NO, UNKNOWN or UNRULED, by its rule alone."""
        found = np.array([*(_NUMBER[rule.answer(facts)] for rule in self.rules), UNRULED], dtype=np.int64)
        return found[self.rule]

    def relevances(self, facts: Facts, answers: Ints) -> Floats:
        """float64[n]: stated points of a hundred, as `ranking.relevance.relevance`; of no meaning where a model ranks."""
        held = np.array([condition.answer(facts) is Answer.YES for condition in self.conditions], dtype=bool)
        speaking = self.signal[held[self.signal[:, 1]]] if len(self.signal) else self.signal
        points = np.bincount(speaking[:, 0], weights=speaking[:, 2], minlength=len(self.services))
        scores = np.minimum(MOST_POINTS, self.base + points) / 100
        return np.where(answers == UNKNOWN, scores * self.reach, scores)

    def valid(self, day: date) -> Truths:
        """Which are given on that day."""
        found: Truths = (self.first <= day.toordinal()) & (day.toordinal() <= self.last)
        return found

    def here(self, day: date, municipality: str | None, region: str | None) -> Compiled:
        """The part of it that is given on that day where one lives, or may be. Kept, since many live in the same place and all ask for today."""
        key = (day, municipality, region)
        found = self._here.get(key)
        if found is None:
            within = self.valid(day) & (self.served(municipality, region) != NO)
            found = Compiled([self.services[at] for at in np.flatnonzero(within).tolist()])
            if len(self._here) >= MOST_PLACES:
                self._here.clear()
            self._here[key] = found
        return found

    def served(self, municipality: str | None, region: str | None) -> Ints:
        """For each service YES, NO, or UNKNOWN where it hangs on what is not known of where one lives."""
        key = (municipality, region)
        found = self._served.get(key)
        if found is None:
            found = np.full(len(self.services), YES, dtype=np.int64)
            for at in self.bound.tolist():
                answer = self.services[at].serves(municipality=municipality, region=region)
                found[at] = UNKNOWN if answer is None else YES if answer else NO
            if len(self._served) >= MOST_PLACES:
                self._served.clear()
            self._served[key] = found
        return found


_ready: dict[str, Compiled] = {}
_lock = Lock()


def compiled(catalogue: Catalogue) -> Compiled:
    """Once a process and version: the version is a hash of what is in it."""
    found = _ready.get(catalogue.version)
    if found is None:
        found = Compiled(sorted(catalogue.values(), key=lambda one: one.identifier))
        with _lock:
            while len(_ready) >= _KEPT:
                _ready.pop(next(iter(_ready)))
            _ready[catalogue.version] = found
    return found
