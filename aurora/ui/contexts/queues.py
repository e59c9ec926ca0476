"""The console's page of sources: what waits, what is left alone, and what failed. Counts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aurora.ui.contexts.shared import Text


@dataclass(frozen=True, slots=True)
class FreshnessRow:
    """How old an answer may become, in hours. Without a category: that of all others."""

    category: Text | None
    hours: int


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One source. `left_alone_since` and `retry_at` while it is left alone; `failures` in a row otherwise. Limits: None where there is none.

    `waiting`: pulls that citizens wait for; `refreshes`: those that are planned; `due`: kinds of data that are due and not planned yet. Of each
    `most` are counted: who has so many has so many or more. `half_took`, `most_took`: how long half and 95 % of the last pulls took, in words. `connector`
    is translated; `signs`: its answers must be signed; `pause`: seconds for which it is left alone after too many failures.
    `certificate_ends_at`: until when the certificate lasts by which Aurora shows itself to it, None for none or one that cannot be read;
    `certificate_needs`: somebody must see to it.
    """

    code: str
    name: Text
    in_use: bool
    waiting: int
    refreshes: int
    running: int
    due: int
    oldest_due_at: datetime | None = None
    left_alone_since: datetime | None = None
    retry_at: datetime | None = None
    failures: int = 0
    a_second: float | None = None
    at_once: int | None = None
    freshness: tuple[FreshnessRow, ...] = ()
    most: int | None = None
    connector: str = ""
    signs: bool = False
    pause: int | None = None
    last_success_at: datetime | None = None
    half_took: str = ""
    most_took: str = ""
    certificate_ends_at: datetime | None = None
    certificate_needs: bool = False


@dataclass(frozen=True, slots=True)
class FailingRow:
    """What failed at one source with one error, of one kind of data: how often, how often because the connection is broken, and since when.

    `reason` is translated, `error` the class of it. `only_citizen`: no trying mends it.
    """

    source_code: str
    source: Text
    category: Text
    reason: str
    error: str
    count: int
    broken: int
    oldest_at: datetime
    newest_at: datetime
    only_citizen: bool = False


@dataclass(frozen=True, slots=True)
class QueuesPage:
    """`console/sources.html`. `retry_url`: where an operator who may has what failed tried again."""

    sources: tuple[QueueRow, ...]
    failing: tuple[FailingRow, ...]
    retry_url: str = ""
