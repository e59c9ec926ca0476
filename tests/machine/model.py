"""What a citizen has done, what agencies say, and what Aurora must therefore hold, tell and have written down: plain values, and no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

REGISTER, CLINIC, OFFICE, CITIZEN = "population-register", "health-centre", "benefits-office", "citizen"
PERSON, HOUSEHOLD, PATIENT = "population.person", "population.household", "health.patient"
DECISIONS, HOME = "benefits.decisions", "life.home"
OVERVIEW, SUGGESTIONS = "own-overview", "service-suggestions"
SOURCES: dict[str, tuple[str, ...]] = {REGISTER: (PERSON, HOUSEHOLD), CLINIC: (PATIENT,), OFFICE: (DECISIONS,)}
SOURCE_OF = {category: source for source, theirs in SOURCES.items() for category in theirs} | {HOME: CITIZEN}
# A purpose that is about some kinds of data serves no others.
ABOUT = {OVERVIEW: {PERSON, HOUSEHOLD, PATIENT, DECISIONS}, SUGGESTIONS: {PERSON, HOUSEHOLD}}
VALUES: dict[str, dict[str, tuple[Any, ...]]] = {
    PERSON: {"region": ("R11", "R12", "R13"), "marital_status": ("single", "married"), "age": (34, 35)},
    HOUSEHOLD: {"household_size": (1, 2, 3), "children_under_6": (0, 1)},
    PATIENT: {"region": ("R11", "R12", "R13"), "marital_status": ("single", "married"), "municipality": ("091", "049")},
    DECISIONS: {
        "housing_support": ("granted", "refused"),
        "housing_support_decided_on": ("2026-11-20", "2026-11-21"),
        "housing_support_amount": (311, 312),
    },
    HOME: {"municipality": ("091", "049")},
}
REQUIRED = {DECISIONS: {"housing_support", "housing_support_decided_on"}}
CHOSEN, ORDERED, NEWEST = "chosen", "order", "newest"
# By concept: whose word comes first, how it is decided, whether the citizen may choose.
CONCEPTS: dict[str, tuple[tuple[tuple[str, str], ...], str, bool]] = {
    "home_municipality": (((HOME, "municipality"), (PATIENT, "municipality")), ORDERED, True),
    "marital_status": (((PERSON, "marital_status"), (PATIENT, "marital_status")), ORDERED, False),
    "region": (((PERSON, "region"), (PATIENT, "region")), NEWEST, True),
}
PULL_ATTEMPTS = 10

Name = tuple[str, str, str]  # category, source, key
Statement = dict[str, tuple[Any, str]]  # by key: value, and when it was observed


@dataclass(frozen=True, order=True)
class Version:
    """One value as it was learnt; two that look alike are two."""

    number: int
    value: Any = field(compare=False)
    observed: str = field(compare=False)


Twin = dict[Name, Version]


@dataclass
class Standing:
    """Who says what of one concept, the one that decides first."""

    names: list[Name]
    reason: str


@dataclass
class Asked:
    """A request for correction. `since`: the number of the version that it was about."""

    name: Name
    since: int
    right: Any
    state: str = "open"


@dataclass
class Citizen:
    """One citizen. `log`: what has been written since it was looked at last. `readers`: when the office read which category."""

    twin: Twin = field(default_factory=dict)
    kept: set[Name] = field(default_factory=set)
    history: list[tuple[datetime, Twin]] = field(default_factory=list)
    consents: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    connected: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    feeds: set[str] = field(default_factory=set)
    # By source what an open pull asks for.
    pulls: dict[str, set[str]] = field(default_factory=dict)
    choices: dict[str, tuple[Name, Any]] = field(default_factory=dict)
    corrections: dict[UUID, Asked] = field(default_factory=dict)
    permit: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    closed: bool = False
    leaving: UUID | None = None
    token: str = ""
    refresh: str = ""
    _number: int = 0

    # What is known

    def learn(self, category: str, source: str, statement: Statement) -> bool:
        """A whole statement, or what comes to the same. Whether anything moved."""
        moved = False
        for name in [n for n in self.twin if n[:2] == (category, source) and n[2] not in statement]:
            del self.twin[name]
            self.kept.discard(name)
            moved = True
        for key, (value, observed) in statement.items():
            name = (category, source, key)
            was = self.twin.get(name)
            self.kept.discard(name)
            if was is None or (was.value, was.observed) != (value, observed):
                self.twin[name] = self._version(value, observed)
                moved = True
        return moved

    def _version(self, value: Any, observed: str) -> Version:
        self._number += 1
        return Version(self._number, value, observed)

    def latest(self) -> int:
        """The number of what was learnt last."""
        return self._number

    def remember(self, at: datetime) -> None:
        self.history.append((at, dict(self.twin)))

    def versions(self, category: str) -> list[tuple[str, str, Any]]:
        """All that are held of a category: key, source and value."""
        held = {(name, version) for _, twin in [*self.history, (None, self.twin)] for name, version in twin.items() if name[0] == category}
        return sorted((name[2], name[1], version.value) for name, version in held)

    def erase(self, which: Callable[[Name], bool], *, but: Iterable[Version] = ()) -> None:
        """From what is known, and from what was known ever."""
        spared = set(but)
        for twin in [self.twin, *(then for _, then in self.history)]:
            for name in [n for n, version in twin.items() if which(n) and version not in spared]:
                del twin[name]
        self.kept &= self.twin.keys()
        said = {name for _, twin in [*self.history, (None, self.twin)] for name in twin}
        self.choices = {concept: choice for concept, choice in self.choices.items() if choice[0] in said}

    # Consents

    def covered(self, source: str) -> set[str]:
        return {category for (whose, _), theirs in self.consents.items() if whose == source for category in theirs}

    def connect(self, source: str, purposes: Iterable[str], categories: set[str]) -> None:
        for purpose in purposes:
            self.consents[source, purpose] = categories & ABOUT[purpose]
        self._disconnect(source)
        self.connected.add(source)
        if source != OFFICE:
            self.feeds |= categories
            self.pulls[source] = set(categories)
        self._release(source, keep=False)
        self.log += ["citizen:consent:given" for _ in purposes]
        if source == OFFICE:
            self.log.append("citizen:facts:allowed")

    def withdraw(self, source: str, purpose: str, categories: set[str], *, keep: bool = False) -> None:
        left = self.consents[source, purpose] - categories
        self.consents[source, purpose] = left
        if not left:
            del self.consents[source, purpose]
        self._release(source, keep=keep)
        self.log.append("citizen:consent:narrowed" if left else "citizen:consent:withdrawn")
        if source == OFFICE and categories - self.covered(source):
            self.log.append("aurora:facts:ended")

    def _release(self, source: str, *, keep: bool) -> None:
        covered = self.covered(source)
        free = set(SOURCES[source]) - covered
        if keep:
            self.kept |= {name for name in self.twin if name[1] == source and name[0] in free}
        spared = [self.twin[name] for name in self.kept]
        self.erase(lambda name: name[1] == source and name[0] in free, but=spared)
        self.feeds -= free
        if not covered:
            self._disconnect(source)

    def _disconnect(self, source: str) -> None:
        self.connected.discard(source)
        self.broken.discard(source)
        self.pulls.pop(source, None)
        self.feeds -= set(SOURCES[source])

    # Erasure

    def erase_all(self, which: Callable[[Name], bool], reached: set[str], sources: Iterable[str]) -> None:
        """What of some categories or of one source was known, chosen and asked; what would fetch it again ends."""
        for source in sources:
            for whose, purpose in sorted(self.consents):
                if whose == source and (gone := self.consents[whose, purpose] & reached):
                    self.withdraw(whose, purpose, gone)
        self.erase(which)
        self.corrections = {key: asked for key, asked in self.corrections.items() if not which(asked.name)}

    def leave(self) -> None:
        self.erase_all(lambda _: True, set(SOURCE_OF), SOURCES)
        self.kept, self.choices, self.permit, self.closed = set(), {}, set(), True

    # What follows from it

    def differing(self) -> set[Name]:
        found: set[Name] = set()
        for facts, _, _ in CONCEPTS.values():
            names = [name for name in self.twin if (name[0], name[2]) in facts]
            if len({self.twin[name].value for name in names}) > 1:
                found |= set(names)
        return found

    def questioned(self) -> set[Name]:
        return {asked.name for asked in self.corrections.values() if asked.state == "open"} & self.twin.keys()

    def standing(self, concept: str) -> Standing:
        facts, decides, may_choose = CONCEPTS[concept]
        names = [name for fact in facts for name in self.twin if (name[0], name[2]) == fact]
        if decides == NEWEST:
            names.sort(key=lambda name: (self.twin[name].observed, self.twin[name].number), reverse=True)
        name, value = self.choices.get(concept, (None, None))
        picked = may_choose and name in names and self.twin[name].value == value  # type: ignore[index]
        if picked:
            names = [name, *(one for one in names if one != name)]  # type: ignore[list-item]
        if len({self.twin[one].value for one in names}) < 2:
            return Standing(names, "agreed" if len(names) > 1 else "only")
        return Standing(names, CHOSEN if picked else decides)
