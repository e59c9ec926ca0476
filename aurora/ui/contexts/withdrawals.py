"""The console's pages about withdrawals: no citizen, no consent but the one whose id an operator types in. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aurora.ui.contexts.shared import Banner, FieldError, Pagination, Text


@dataclass(frozen=True, slots=True)
class TellingCount:
    """How many notices of one agency's client stand where."""

    agency: Text
    client: str
    pending: int
    delivered: int
    failed: int
    unconfirmed: int
    overdue: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class TroubleRow:
    """A notice that does not arrive, or is not confirmed in time. `what`, `reason`: translated sentences. `retry_url` "" where nothing is to retry."""

    id: str
    agency: Text
    client: str
    what: str
    reason: str
    attempts: int
    at: datetime
    next_at: datetime | None = None
    confirm_by: datetime | None = None
    failed: bool = False
    retry_url: str = ""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order to end all consents at a source. `waits`: for a second operator; `own`: who sits there ordered it, and may only take it back.

    `decide_url` takes a POST with `order` (the id) and `decision` (`confirm` or `decline`); "" for who may not, and where nothing is to be decided.
    """

    source: Text
    reason: str
    case: str
    ordered_at: datetime
    finished_at: datetime | None = None
    waits: bool = False
    declined: bool = False
    own: bool = False
    decide_url: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawalsPage:
    """`console/withdrawals.html`. `retry_url` of a row takes a POST. `end_url` is empty for who may not end consents. `turns`: of `agencies`, `troubles`."""

    counts: tuple[TellingCount, ...]
    troubled: tuple[TroubleRow, ...]
    orders: tuple[OrderRow, ...]
    end_url: str = ""
    banner: Banner | None = None
    turns: Mapping[str, Pagination] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class EndConsentPage:
    """`console/end_consent.html`: two POST forms to itself, told apart by the button `what`: `one` (controls `wanted`, `reason`, `case`) and
    `source` (controls `source`, `source_reason`, `source_case`). `FieldError.field`: these names.
    """

    reasons: tuple[Option, ...]
    source_reasons: tuple[Option, ...]
    sources: tuple[Option, ...]
    back_url: str
    wanted: str = ""
    case: str = ""
    source_case: str = ""
    errors: tuple[FieldError, ...] = ()
