"""The activity pages: who did what, and why it was allowed. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from aurora.ui.contexts.break_glass import GlassPart
from aurora.ui.contexts.chain import WHOLE, ChainPart
from aurora.ui.contexts.concerns import ConcernPart, DelayPart
from aurora.ui.contexts.entry_fields import FieldsPart
from aurora.ui.contexts.shared import Banner, EntryView, FieldError, NoticePart, Pagination, Text
from aurora.ui.contexts.timeline import Timeline
from aurora.ui.contexts.uses import UsesPart
from aurora.ui.contexts.verify import ProofLinks


@dataclass(frozen=True, slots=True)
class FilterOption:
    value: str
    label: Text
    selected: bool = False


@dataclass(frozen=True, slots=True)
class PeriodSummary:
    """Counts of the last `days` days: all accesses, those by agencies, those refused, and how many organisations. `url`: the entries of those days."""

    days: int
    accesses: int
    by_agencies: int
    refused: int
    organisations: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class DayGroup:
    day: date
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True)
class OneConsent:
    """The consent whose accesses alone are shown; `all_url` shows the others again."""

    title: str
    url: str
    all_url: str


@dataclass(frozen=True, slots=True)
class OneCategory:
    """The kind of data of which alone the uses are shown, with its `code`; `all_url` shows the others again."""

    code: str
    name: Text
    all_url: str


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """`portal/activity.html`. The filter is a GET form: `agency`, `source`, `category`, `kind` (EntryKind value), `refused` (`1`), `from`, `to` (as typed).

    `agencies`, `sources` and `categories` are choices without "all"; `kind` is the selected EntryKind value or "". With `errors` there are no `days`. `chain`
    is what was found of the citizen's chain. `consent` is set while the accesses of one consent are shown, `category` while those of one category are. `chosen` is the
    filter as (name, value), for the form that takes a copy: POST to `export_url`, `format` csv or json, and `for`, whom the page is about;
    `without` gives the address without one part of the filter, by its name. `banner` says that this was somebody else meanwhile. `concerns_url` "" for who acts, unless as a guardian.
    """

    summaries: tuple[PeriodSummary, ...]
    days: tuple[DayGroup, ...]
    agencies: tuple[FilterOption, ...]
    pagination: Pagination
    clear_url: str
    kind: str = ""
    date_from: str = ""
    date_to: str = ""
    filtered: bool = False
    chain: ChainPart = WHOLE
    errors: tuple[FieldError, ...] = ()
    sources: tuple[FilterOption, ...] = ()
    categories: tuple[FilterOption, ...] = ()
    refused: bool = False
    consent: OneConsent | None = None
    category: OneCategory | None = None
    timeline: Timeline | None = None
    chosen: tuple[tuple[str, str], ...] = ()
    export_url: str = ""
    whom: str = ""
    concerns_url: str = ""
    banner: Banner | None = None
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> int:
        """How many entries stand on this page."""
        return sum(len(group.entries) for group in self.days)


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where an entry stands in the public log. Not sealed yet: no LogPosition at all."""

    leaf_index: int
    tree_size: int
    checkpoint_at: datetime
    checkpoint_url: str
    root_hash: str = ""


@dataclass(frozen=True, slots=True)
class ConsentBehind:
    """A consent that an access rested on: its name, its page, and the exact text shown then, in `notice_language`."""

    title: str
    url: str
    notice: tuple[NoticePart, ...]
    notice_language: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """`portal/entry.html`: why was this allowed.

    `consents` are those it rests on, `decision` a translated sentence (`words.decision(...)`), `commitment` hex, `number` the
    running number in the citizen's own chain, `previous_commitment` hex or "". `position` None means "waiting to be
    sealed".
    """

    entry: EntryView
    decision: str
    number: int
    commitment: str
    activity_url: str
    previous_commitment: str = ""
    consents: tuple[ConsentBehind, ...] = ()
    position: LogPosition | None = None
    uses: UsesPart | None = None
    glass: GlassPart | None = None
    proof: ProofLinks | None = None
    concern: ConcernPart | None = None
    delay: DelayPart | None = None
    fields: FieldsPart | None = None
