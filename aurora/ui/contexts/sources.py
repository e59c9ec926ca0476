"""Sources, the consent page before connecting one, and the progress of a pull. See the package for the
conventions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from aurora.ui.contexts.shared import AgainView, Banner, CategoryView, FieldError, NoticePart, PurposeView, Text


class SourceState(StrEnum):
    NOT_CONNECTED = "not_connected"
    CONNECTED = "connected"
    FETCHING = "fetching"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source's card. `since` when connected; `last_pull_at` the last finished pull.

    For ATTENTION: `reason` (what is wrong) and `remedy` (what to do), translated (`words.pull_error`,
    `words.pull_remedy`). `connect_url` is shown as "Connect" (NOT_CONNECTED) or "Connect again" (ATTENTION with
    `can_reconnect`); `fetch_url` fetches again (POST); `pull_url` is the progress of the running or last pull; `consent_url` the consent it rests on. `renewal` (translated): why a consent must be given anew, at `connect_url`. `pushes`: it tells by itself, and has no pull.
    """

    code: str
    name: Text
    description: Text
    categories: tuple[CategoryView, ...]
    state: SourceState
    connect_url: str = ""
    pull_url: str = ""
    consent_url: str = ""
    since: datetime | None = None
    last_pull_at: datetime | None = None
    reason: str = ""
    remedy: str = ""
    can_reconnect: bool = False
    fetch_url: str = ""
    renewal: str = ""
    pushes: bool = False

    @property
    def holds(self) -> tuple[Text, ...]:
        """The names of what it holds."""
        return tuple(category.name for category in self.categories)


@dataclass(frozen=True, slots=True)
class SourcesPage:
    """`portal/sources.html`."""

    sources: tuple[SourceView, ...]
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class PurposeChoice:
    """`needs`: names of the only data that it is about; empty: it is about all that is not for another purpose alone."""

    purpose: PurposeView
    checked: bool = False
    needs: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """`marks`: what is said beside its name to somebody who agreed before; `same`: it says what it said then, and is folded;
    `only_for`: names of the purposes that it is for alone."""

    category: CategoryView
    checked: bool = False
    marks: tuple[str, ...] = ()
    same: bool = False
    only_for: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class EndChoice:
    """How long: `value` "3", "6", "12" (months, with the resulting date) or "own" (`until` None)."""

    value: str
    until: date | None = None
    checked: bool = False


@dataclass(frozen=True, slots=True)
class ConnectPage:
    """`portal/connect.html`: a POST form to itself.

    Controls: `purposes` (checkboxes), `categories` (checkboxes), `end` (radio: EndChoice.value), `own_day`,
    `own_month`, `own_year` (numbers, as typed, used when `end` is "own"), `decision` (submit buttons: `allow` or
    `decline`). A decline needs no other field. `FieldError.field` is one of `purposes`, `categories`, `end`,
    `own_date`. `notice_token` is sent back as a hidden field of that name when set (the view's proof of which text
    was shown). `terms` are the notice's parts by code (`consent.terms.ORDER`); `source_host` is where Allow leads.
    """

    source_code: str
    source_name: Text
    purposes: tuple[PurposeChoice, ...]
    categories: tuple[CategoryChoice, ...]
    ends: tuple[EndChoice, ...]
    latest_end: date
    back_url: str
    terms: Mapping[str, NoticePart]
    source_host: str = ""
    own_day: str = ""
    own_month: str = ""
    own_year: str = ""
    notice_token: str = ""
    errors: tuple[FieldError, ...] = ()
    again: AgainView | None = None


class PullStepState(StrEnum):
    WAITING = "waiting"
    FETCHING = "fetching"
    DONE = "done"
    SAME = "same"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PullStep:
    """One category of a pull. SAME: the source told nothing new. `reason` (translated) and `retry_at` matter only for FAILED: None means it is not
    retried.
    """

    category: Text
    state: PullStepState
    facts: int = 0
    reason: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PullPage:
    """`portal/pull.html`; while `finished` is False it leads to itself, for who has no scripts.

    With JavaScript the fragment at `fragment_url` replaces `#pull` each second: render `portal/_pull.html` with the
    same context. `finished` means that nothing more comes of this fetch. `reconnect_url` when the citizen must
    connect again, `fetch_url` (POST) when they may have it fetched again.
    """

    source_name: Text
    started_at: datetime
    finished: bool
    steps: tuple[PullStep, ...]
    sources_url: str
    my_data_url: str
    suggestions_url: str = ""
    reconnect_url: str = ""
    fetch_url: str = ""
    fragment_url: str = ""
