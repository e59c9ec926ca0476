"""Concerns and what was kept back by a law: on an entry's page, the citizen's cases, the console's pages. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlsplit

from aurora.ui.contexts.shared import EntryView, FieldError, Pagination, Text


@dataclass(frozen=True, slots=True)
class ConcernPart:
    """`portal/entry/_concern.html`. `report_url` "" where a case is open; `case_url` and `state` (translated) of the newest case, "" where there is none."""

    report_url: str
    list_url: str
    case_url: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class DelayPart:
    """`portal/entry/_delay.html`: a use that a law had kept back. `used_at`: when; `leaf`: its place in the public log, None while it has none.

    `sound` False: what was kept is not what was committed to.
    """

    law: Text
    used_at: datetime
    since: datetime
    until: datetime
    leaf: int | None
    commitment: str
    sound: bool
    extended: bool = False


@dataclass(frozen=True, slots=True)
class ConcernChoice:
    code: str
    label: str
    checked: bool = False


@dataclass(frozen=True, slots=True)
class ConcernFormPage:
    """`portal/concern_new.html`. Controls: `kind` (radios), `text`. `answers`: who answers; `answer_by`: the day."""

    entry: EntryView
    answers: Text
    ours: bool
    answer_by: datetime
    choices: tuple[ConcernChoice, ...]
    back_url: str
    longest: int
    text: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ConcernRow:
    """`by_guardian`: a guardian reported it for the child who looks."""

    title: str
    about: Text
    state: str
    tone: str
    at: datetime
    url: str
    due_at: datetime | None = None
    by_guardian: bool = False


@dataclass(frozen=True, slots=True)
class ConcernsPage:
    """`portal/concerns.html`."""

    rows: tuple[ConcernRow, ...]
    activity_url: str


@dataclass(frozen=True, slots=True)
class SaidView:
    """One thing that was said. `text` and `note` are what people typed: shown as text. `lawful` says what the note is: a ground, or what was done."""

    title: str
    who: Text
    at: datetime
    text: str
    note: str = ""
    lawful: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Complain:
    """Where a citizen can complain; `url` "" where nobody is to be reached. `host`: how the link reads."""

    sentence: str
    url: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class ConcernPage:
    """`portal/concern.html`: POST forms to itself with `decision`: `reply` (control `text`), `accepted`, `not_satisfied`, `withdrawn`, and `seen`.

    `complain`: where one can complain, if the page is to say so. `left_to_guardian`: a child looks at what a guardian goes on with.
    """

    title: str
    about: Text
    state: str
    tone: str
    said: tuple[SaidView, ...]
    seen: int
    entry_url: str
    list_url: str
    due_at: datetime | None = None
    told_at: datetime | None = None
    outcome: str = ""
    ours: bool = False
    may_reply: bool = False
    may_accept: bool = False
    may_complain: bool = False
    may_withdraw: bool = False
    left_to_guardian: bool = False
    complain: Complain | None = None
    longest: int = 4000
    text: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ConcernCount:
    about: Text
    open: int
    overdue: int
    answered: int
    closed: int
    not_satisfied: int


@dataclass(frozen=True, slots=True)
class LateRow:
    id: str
    about: Text
    kind: str
    at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class OursRow:
    """A case about Aurora itself, for its privacy officers."""

    kind: str
    at: datetime
    due_at: datetime
    late: bool
    url: str


@dataclass(frozen=True, slots=True)
class CorrectionCount:
    """What one source was asked to correct, in numbers."""

    source: Text
    open: int
    overdue: int
    corrected: int
    refused: int
    closed: int


@dataclass(frozen=True, slots=True)
class ConsoleConcernsPage:
    """`console/concerns.html`. `ours` None for who may not read citizens' words. `turns`: of `ours`, `agencies`, `late`, `corrections`."""

    counts: tuple[ConcernCount, ...]
    late: tuple[LateRow, ...]
    ours: tuple[OursRow, ...] | None
    more: bool = False
    corrections: tuple["CorrectionCount", ...] = ()
    turns: Mapping[str, Pagination] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsoleConcernPage:
    """`console/concern.html`. Controls: `kind` (radios), `text`, `note`, `until` (an ISO date); none where nothing is to be answered."""

    title: str
    event: str
    at: datetime
    due_at: datetime
    state: str
    language: str
    said: tuple[SaidView, ...]
    choices: tuple[ConcernChoice, ...]
    back_url: str
    may_answer: bool
    text: str = ""
    note: str = ""
    until: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class DelayCount:
    agency: Text
    law: Text
    month: date
    kept: int
    longer: int
    disclosed: int
    erased: int
    overdue: int
    ahead: int


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """`decide_url` takes a POST with `decision`: `approve` or `decline` while it waits (`own`: only `decline`, which takes it back), `end` while it stands."""

    id: str
    agency: Text
    law: Text
    reason: str
    state: str
    asked_at: datetime
    waits: bool = False
    standing: bool = False
    own: bool = False
    decide_url: str = ""


@dataclass(frozen=True, slots=True)
class LawRow:
    name: Text
    longest_days: int
    extension_days: int


@dataclass(frozen=True, slots=True)
class DelaysPage:
    """`console/delays.html`. `agencies`, `law_choices`: the form's choices (controls `agency`, `law`, `reason`), empty for who only reads.
    `turns`: of `months` (the counts) and `permissions`.
    """

    counts: tuple[DelayCount, ...]
    overdue: int
    ahead: int
    permissions: tuple[PermissionRow, ...]
    laws: tuple[LawRow, ...]
    agencies: tuple[ConcernChoice, ...] = ()
    law_choices: tuple[ConcernChoice, ...] = ()
    reason: str = ""
    errors: tuple[FieldError, ...] = ()
    turns: Mapping[str, Pagination] = field(default_factory=dict)
