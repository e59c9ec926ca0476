"""Which is true? Facts that say the same of the world are set side by side, and one decides, with the reason in a code. Pure.

It only ever picks among what somebody said: no value comes out that did not go in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from aurora.twin.values import Choice, FactView
from consent.concepts import NEWEST, Concept

# Who says something: a category and its source.
Voice = tuple[str, str]


class Reason(StrEnum):
    """Why a statement decides."""

    ONLY = "only"  # nobody else says anything
    AGREED = "agreed"  # all say the same
    ORDER = "order"  # of all who say something its source comes first
    NEWEST = "newest"
    CHOSEN = "chosen"  # by the citizen


@dataclass(frozen=True)
class Standing:
    """How a concept stands: all that is said, the deciding one first, and why that decides.

    `lapsed`: the citizen had chosen a statement that is no longer made, or no longer says what it said: then the rule decides again.
    """

    concept: Concept
    said: tuple[FactView, ...] = field(repr=False)
    reason: Reason
    lapsed: bool = False

    @property
    def deciding(self) -> FactView:
        return self.said[0]

    @property
    def disputed(self) -> bool:
        """Whether not all say the same."""
        return len({value_of(one) for one in self.said}) > 1


def value_of(fact: FactView | Choice) -> str:
    """A value as one compares it: JSON, in one spelling."""
    return json.dumps(fact.value, sort_keys=True, ensure_ascii=False)


def settle(facts: Iterable[FactView], concepts: Iterable[Concept], choices: Iterable[Choice] = ()) -> tuple[Standing, ...]:
    """A standing for each concept of which anything is said, in the order of the concepts. The order of facts and choices changes nothing.

    Concepts that are decided together are decided by one voice: where the choices made of them no longer come to that, all of them have lapsed.
    """
    by_name: dict[str, list[FactView]] = {}
    for fact in facts:
        by_name.setdefault(fact.name, []).append(fact)
    chosen = {one.concept: one for one in choices}
    found = [
        _settled(concept, said, chosen.get(concept.code))
        for concept in concepts
        if (said := [fact for name in concept.facts for fact in by_name.get(name, ())])
    ]
    mixed = {group for group, voices in _voices(found).items() if len(voices) > 1}
    return tuple(_by_rule(one) if one.concept.together in mixed else one for one in found)


def applied(facts: Sequence[FactView], concepts: Iterable[Concept], choices: Iterable[Choice] = ()) -> tuple[FactView, ...]:
    """The facts as Aurora's own uses take them: each of a disputed concept says what the deciding one says, and is that one's in all but name.

    Only among these facts: what a permit does not cover decides nothing here. Of concepts that are decided together, those are left out of which
    whoever decides says nothing: a household without a spouse has no spouse's age from elsewhere.
    """
    standings = settle(facts, concepts, choices)
    instead = {name: one.deciding for one in standings if one.disputed for name in one.concept.facts}
    silent = _silent(standings)
    return tuple(
        fact
        if (deciding := instead.get(fact.name)) is None
        else replace(deciding, category=fact.category, category_version=fact.category_version, key=fact.key)
        for fact in facts
        if fact.name not in silent
    )


def _silent(standings: Sequence[Standing]) -> frozenset[str]:
    """Names of the facts of concepts decided together of which whoever decides the others says nothing."""
    deciding = _voices(standings)
    unsaid = [one for one in standings if deciding.get(one.concept.together, set[Voice]()).isdisjoint(map(_voice, one.said))]
    return frozenset(name for one in unsaid if one.concept.together in deciding for name in one.concept.facts)


def _voices(standings: Iterable[Standing]) -> dict[str, set[Voice]]:
    """By group of concepts that are decided together, whose statements decide where more than one is made."""
    found: dict[str, set[Voice]] = {}
    for one in standings:
        if one.concept.together and len(one.said) > 1:
            found.setdefault(one.concept.together, set()).add(_voice(one.deciding))
    return found


def _voice(fact: FactView) -> Voice:
    return fact.category, fact.source


def _by_rule(standing: Standing) -> Standing:
    """As the rule decides it: a choice has lapsed."""
    return replace(
        _settled(standing.concept, list(standing.said), None), lapsed=standing.lapsed or standing.reason is Reason.CHOSEN
    )  # fmt: skip


def _settled(concept: Concept, said: list[FactView], choice: Choice | None) -> Standing:
    rank = _ranks(concept)
    ordered = sorted(said, key=lambda fact: (rank[fact.name], fact.source, str(fact.id)))
    if concept.decides == NEWEST:
        ordered.sort(key=lambda fact: (fact.observed_at, fact.recorded_at), reverse=True)
    if choice is not None and concept.citizen_may_choose:
        picked = next((fact for fact in ordered if _is_chosen(fact, choice)), None)
    else:
        picked = None
    if picked is not None:
        ordered = [picked, *(fact for fact in ordered if fact is not picked)]
    differing = len({value_of(one) for one in ordered}) > 1
    if not differing:
        reason = Reason.ONLY if len(ordered) == 1 else Reason.AGREED
    elif picked is not None:
        reason = Reason.CHOSEN
    else:
        reason = Reason.NEWEST if concept.decides == NEWEST else Reason.ORDER
    return Standing(concept, tuple(ordered), reason, lapsed=choice is not None and picked is None)


def _ranks(concept: Concept) -> Mapping[str, int]:
    return {name: number for number, name in enumerate(concept.facts)}


def _is_chosen(fact: FactView, choice: Choice) -> bool:
    same = (fact.category, fact.key, fact.source) == (choice.category, choice.key, choice.source)
    return same and value_of(fact) == value_of(choice)
