"""The operators' console. See the package for the conventions."""

from dataclasses import dataclass
from datetime import date, datetime
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


class Health(StrEnum):
    """GOOD: the last pulls succeeded. DEGRADED: some failed within the hour. DOWN: the last one failed. IDLE: none yet."""

    GOOD = "good"
    DEGRADED = "degraded"
    DOWN = "down"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """`people`: with a consent in force to fetch from it, in tens, as of `ConsoleOverviewPage.counted_on`; None: fewer than ten, or nobody."""

    code: str
    name: Text
    health: Health
    people: int | None
    last_success_at: datetime | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class StateCount:
    """A pull state (`words.pull_state`, translated) and how many rows stand in it; `more`: so many and more."""

    label: str
    count: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs an operator now: a whole sentence, and the page where it is seen to ("" where it is none of this console's)."""

    sentence: str
    url: str


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process that answers nobody, on one host; `at` None: never seen."""

    name: str
    place: str
    well: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsoleOverviewPage:
    """`console/overview.html`. Counts only, no personal data: cells under 10 arrive as None. `needs`: of the pages that this operator's roles open."""

    needs: tuple[Need, ...]
    processes: tuple[ProcessRow, ...]
    sources: tuple[SourceRow, ...]
    queue: tuple[StateCount, ...]
    oldest_due_at: datetime | None
    ledger_size: int
    pending_entries: int
    made_at: datetime
    checkpoint_at: datetime | None = None
    checkpoint_url: str = ""
    sources_url: str = ""
    counted_on: date | None = None
