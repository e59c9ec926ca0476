"""A fact on its way in and on its way out. Both hold a personal value and show none; nor their key, which can be an illness."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class NewFact:
    """A value to be kept: a JSON scalar of its category's schema."""

    category: str
    category_version: int
    key: str
    value: Any
    provenance: str
    source: str
    observed_at: datetime
    pull_id: UUID | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    derived_by: UUID | None = None
    derived_from: tuple[UUID, ...] | None = None
    derived_through: tuple[UUID, ...] = ()

    def __repr__(self) -> str:
        return f"NewFact({self.category})"


# (category, source): what one source says of one category.
Part = tuple[str, str]


@dataclass(frozen=True)
class Written:
    """What came of a statement, in numbers of facts. `categories`: those in which anything moved."""

    new: int
    changed: int
    same: int
    ended: int
    categories: frozenset[str] = frozenset()

    @property
    def moved(self) -> bool:
        """Whether the twin says anything else than before."""
        return bool(self.new or self.changed or self.ended)


@dataclass(frozen=True)
class FactView:
    """A value that a permit opened. `kept_at`: the citizen kept it, and it is not fetched any more.

    `derived_by`: the evaluator's version that worked it out, `derived_from`: the ids of the facts that went in, `derived_through`: the versions
    whose results were among those, however far back. `differs`: another current fact says otherwise of the same; `in_question`: its source has
    been asked to correct it.
    """

    category: str
    category_version: int
    key: str
    value: Any
    provenance: str
    source: str
    observed_at: datetime
    valid_from: date | None
    valid_to: date | None
    recorded_at: datetime
    kept_at: datetime | None = None
    id: UUID | None = None
    derived_by: UUID | None = None
    derived_from: tuple[UUID, ...] = ()
    derived_through: tuple[UUID, ...] = ()
    differs: bool = False
    in_question: bool = False

    @property
    def disputed(self) -> bool:
        """Whether another fact says otherwise of the same, or the citizen has asked to have it corrected."""
        return self.differs or self.in_question

    @property
    def name(self) -> str:
        """`category.key`, the fact's name everywhere."""
        return f"{self.category}.{self.key}"

    def __repr__(self) -> str:
        return f"FactView({self.category})"


@dataclass(frozen=True)
class Choice:
    """That `source` is right about `concept` with what it says as `category.key`; `value` is what it said then."""

    concept: str
    category: str
    key: str = field(repr=False)
    source: str
    chosen_at: datetime
    value: Any = field(repr=False)
