"""What a source said about one category, once it has been checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from aurora.outbound.oauth import Registration
from consent.models import DataCategoryVersion


@dataclass(frozen=True)
class Answer:
    """The facts of one category. Holds personal values, so it shows none."""

    category: str
    version: int
    national_id: str
    observed_at: datetime
    valid_from: date | None
    valid_to: date | None
    facts: dict[str, Any]

    def __repr__(self) -> str:
        return f"Answer({self.category}, {len(self.facts)} facts)"


class Fetch(Protocol):
    """Ask one source for one category. Raises `PeerFailed`."""

    def __call__(self, *, registration: Registration, token: str, category: DataCategoryVersion) -> Answer: ...
