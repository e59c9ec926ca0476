"""The operators' console. See the package for the conventions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aurora.ui.contexts.shared import FieldError, Text


@dataclass(frozen=True, slots=True)
class ConsoleSignInPage:
    """`console/sign_in.html`: a POST form to itself. Controls: `username`, `password`, hidden `next`. Never echo
    the password.
    """

    username: str = ""
    next: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class SecondFactorPage:
    """`console/second_factor.html`: a POST form to itself. Control: `code` (six digits), hidden `next`."""

    next: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class EnrolPage:
    """`console/enrol.html`: a POST form to itself. Control: `code`. `secret` is Base32, `otpauth_uri` the whole
    URI (RFC 6238).
    """

    secret: str
    otpauth_uri: str
    errors: tuple[FieldError, ...] = ()


class AgencyRole(StrEnum):
    DATA_SOURCE = "data_source"
    DATA_USER = "data_user"
    MODEL_OWNER = "model_owner"


@dataclass(frozen=True, slots=True)
class AgencyRow:
    code: str
    name: Text
    roles: tuple[AgencyRole, ...]


class Health(StrEnum):
    """GOOD: the last pulls succeeded. DEGRADED: some failed within the hour. DOWN: the last one failed. IDLE: none yet."""

    GOOD = "good"
    DEGRADED = "degraded"
    DOWN = "down"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class SourceRow:
    code: str
    name: Text
    health: Health
    connections: int
    last_success_at: datetime | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class StateCount:
    """A pull state (`words.pull_state`, translated) and how many rows stand in it; `more`: so many and more."""

    label: str
    count: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class PurposeCount:
    """Live consents of a purpose. `count` None is suppressed: shown as "fewer than 10"."""

    purpose: Text
    recipient: Text
    count: int | None


@dataclass(frozen=True, slots=True)
class ConsoleOverviewPage:
    """`console/overview.html`. Counts only, no personal data: cells under 10 arrive as None."""

    agencies: tuple[AgencyRow, ...]
    sources: tuple[SourceRow, ...]
    queue: tuple[StateCount, ...]
    oldest_due_at: datetime | None
    consents: tuple[PurposeCount, ...]
    ledger_size: int
    pending_entries: int
    made_at: datetime
    checkpoint_at: datetime | None = None
    checkpoint_size: int = 0
    checkpoint_url: str = ""
    agencies_url: str = ""
    withdrawals_url: str = ""
    sources_url: str = ""
    break_glass_url: str = ""
    glass_troubles: int = 0
    uses_url: str = ""
    concerns_url: str = ""
    delays_url: str = ""
    models_url: str = ""
    model_alarms: int = 0
    monitoring_url: str = ""
    ledger_url: str = ""
    ledger_alarm: bool = False
