"""The accessibility statement with its form, and the feedback in the console. See the package for the conventions."""

from dataclasses import dataclass
from datetime import date, datetime

from aurora.ui.contexts.shared import Banner, FieldError


@dataclass(frozen=True, slots=True)
class AccessibilityPage:
    """`portal/accessibility.html`. Controls: `page`, `text`, `address`. `feedback`: the mail address that feedback may go to as well, "" where the
    service has none. `sent`: the reference of what was just sent, "" else; `banner` says it.
    """

    feedback: str
    longest_page: int = 300
    longest: int = 4000
    page: str = ""
    text: str = ""
    address: str = ""
    sent: str = ""
    banner: Banner | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportRow:
    reference: str
    state: str
    tone: str
    received_on: date
    due_on: date
    late: bool
    url: str


@dataclass(frozen=True, slots=True)
class ConsoleFeedbackPage:
    """`console/feedback.html`. `more`: there are more than are shown."""

    rows: tuple[ReportRow, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class ReportDeed:
    """What an operator did: `what` is a sentence, `who` their name, "" if they are gone."""

    what: str
    who: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ConsoleReportPage:
    """`console/feedback_report.html`. Control: `note`; buttons `decision`: `answer`, `close`. `address` "" where there is none or it is not shown,
    as `has_address` tells.
    """

    reference: str
    state: str
    received_on: date
    due_on: date
    deleted_on: date
    language: str
    page: str
    text: str
    back_url: str
    address: str = ""
    has_address: bool = False
    deeds: tuple[ReportDeed, ...] = ()
    may_answer: bool = False
    may_close: bool = False
    longest: int = 2000
    note: str = ""
    errors: tuple[FieldError, ...] = ()
