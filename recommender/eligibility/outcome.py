"""The three answers that a rule can give."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from recommender.facts import by_category


class Answer(Enum):
    """`UNKNOWN` is an answer of its own: it never counts as no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule says about a profile.

    `decided_by`: keys of known facts in the conditions that settled a yes or a no.
    `missing`: keys of unknown facts that still matter; knowing all of them settles the rule. Empty for yes and no, and
    for a service whose authority decides on grounds that are not among the facts.
    """

    answer: Answer
    decided_by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def missing_by_category(self) -> dict[str, tuple[str, ...]]:
        """The missing facts grouped by data category: each category is what a connection would bring."""
        return by_category(self.missing)


NOT_ASSESSED = Outcome(Answer.UNKNOWN)
