"""Break-glass: the console's pages, and what a citizen's entry says of it. See the package for the conventions."""

from dataclasses import dataclass, field
from datetime import datetime

from aurora.ui.contexts.data import FactRow
from aurora.ui.contexts.shared import FieldError, Text
from aurora.ui.contexts.withdrawals import Option


@dataclass(frozen=True, slots=True)
class GlassChoice:
    """A kind of data to tick; `sensitive` marks GDPR art. 9 data."""

    code: str
    name: Text
    checked: bool = False
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class GlassRow:
    """One request. `tag` is the colour of `standing`; `asked_by`, `decided_by`: operators' names. `verdict` "" while nobody has judged it.

    `overdue`: it should have been judged by now. `condemned`: it was judged not justified.
    """

    id: str
    standing: str
    tag: str
    reason: str
    case: str
    categories: tuple[Text, ...]
    asked_by: str
    asked_at: datetime
    decided_by: str = ""
    reads: int = 0
    verdict: str = ""
    condemned: bool = False
    overdue: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class GlassAlarm:
    """What an operator tried. `url`: the request that it was about, "" for none."""

    what: str
    who: str
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class BreakGlassPage:
    """`console/break_glass.html`. The filter is a GET form: `state` and `reason` (an Option's code or ""), `operator` (a user name)."""

    rows: tuple[GlassRow, ...]
    alarms: tuple[GlassAlarm, ...]
    states: tuple[Option, ...]
    reasons: tuple[Option, ...]
    waiting: int
    open: int
    overdue: int
    condemned: int
    operator: str = ""
    filtered: bool = False
    ask_url: str = ""
    clear_url: str = ""
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class AskGlassPage:
    """`console/break_glass_ask.html`: a POST form to itself. Controls: hidden `form`, `who`, `reason`, `text`, `case`, `categories`, `minutes`.

    What was typed in `who` never comes back. Nothing is ticked unless the operator ticked it.
    """

    form: str
    reasons: tuple[Option, ...]
    categories: tuple[GlassChoice, ...]
    minutes: tuple[Option, ...]
    back_url: str
    text: str = ""
    case: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class GlassReadRow:
    """One read: which kinds of data, when, and the entry's place in the public log (None while it waits to be sealed). Never a value."""

    at: datetime
    categories: tuple[Text, ...]
    leaf_index: int | None = None


@dataclass(frozen=True, slots=True)
class GlassRequestPage:
    """`console/break_glass_request.html`: POST forms to itself, told apart by the button `decision`: `approve` (control `who`), `decline`,
    `read` (hidden `form`, ticks `read`), `end`, `review` (controls `verdict`, `review`). Each `may_*` says which are shown.
    """

    row: GlassRow
    text: str
    minutes: int
    back_url: str
    until: datetime | None = None
    ended_at: datetime | None = None
    reads: tuple[GlassReadRow, ...] = ()
    review: str = ""
    reviewed_by: str = ""
    is_mine: bool = False
    may_decide: bool = False
    may_take_back: bool = False
    may_read: bool = False
    may_end: bool = False
    may_review: bool = False
    form: str = ""
    choices: tuple[GlassChoice, ...] = ()
    verdicts: tuple[Option, ...] = ()
    review_sent: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class GlassGroup:
    """The facts of one kind of data; none where nothing is held."""

    name: Text
    facts: tuple[FactRow, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class GlassValuesPage:
    """`console/break_glass_values.html`: the answer to a read, shown once. `entry_id`: the entry that the citizen sees."""

    case: str
    reason: str
    until: datetime
    entry_id: str
    back_url: str
    groups: tuple[GlassGroup, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class GlassPart:
    """`portal/entry/_break_glass.html`: who, why and until when, in translated words. Operators by role and number, never by name.

    `text` is what the asker wrote, `review` what the reviewer wrote; "" where the entry does not say it.
    """

    reason: str
    case: str
    who: str
    number: str
    text: str = ""
    approver: str = ""
    approver_number: str = ""
    until: datetime | None = None
    verdict: str = ""
    review: str = ""
