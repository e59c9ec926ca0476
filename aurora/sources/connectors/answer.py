"""What a connector is asked, and what a source said about one category, once it has been checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from aurora.outbound.oauth import Registration
from consent.models import DataCategoryVersion


@dataclass(frozen=True, repr=False)
class Mark:
    """Where the last fetch of this category ended, in the source's own words: opaque, and empty where it gives none.

    `etag`: RFC 9110 8.8.3. `cursor`: what the source wants to hear next time to tell only what is new since.
    """

    etag: str = ""
    cursor: str = ""


@dataclass(frozen=True, repr=False)
class Asked:
    """One question to one source: a category of one citizen.

    `settings`: what an operator has declared of this source (`DataSource.settings`), for the connector alone. `still` is called between two
    requests of one answer: it tells that the work goes on, and raises `PeerFailed("lease_lost")` where it must stop. `context`: what the source told
    with its tokens that questions need (`Manner.context`); it may name the citizen's records.
    """

    registration: Registration
    token: str
    category: DataCategoryVersion
    since: Mark = Mark()
    settings: Mapping[str, Any] = field(default_factory=dict)
    still: Callable[[], None] = lambda: None
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Times:
    """Where one fact's times are not those of its answer."""

    observed_at: datetime
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Answer:
    """The facts of one category. Holds personal values, so it shows none.

    `attested`: its source has signed it, and the signature was checked. `gone`: None where `facts` is all that there is; else the answer tells
    only what has changed since `Asked.since`, and these keys hold no more. `times`: by key, where they differ from the answer's own.
    """

    category: str
    version: int
    national_id: str
    observed_at: datetime
    valid_from: date | None
    valid_to: date | None
    facts: dict[str, Any]
    attested: bool = False
    gone: frozenset[str] | None = None
    times: Mapping[str, Times] = field(default_factory=dict)
    mark: Mark = Mark()

    def __repr__(self) -> str:
        return f"Answer({self.category}, {len(self.facts)} facts)"


@dataclass(frozen=True)
class Unchanged:
    """The source says that nothing has changed since `Asked.since` (RFC 9110 15.4.5), and told nothing else."""

    category: str
    mark: Mark = Mark()


class Fetch(Protocol):
    """Ask one source for one category. Raises `PeerFailed`."""

    def __call__(self, asked: Asked) -> Answer | Unchanged: ...
