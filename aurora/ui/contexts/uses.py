"""What agencies say they used data for: on an entry's page, and in totals on the console. See the package for the conventions."""

from dataclasses import dataclass
from datetime import datetime

from aurora.ui.contexts.monitoring import Chart
from aurora.ui.contexts.shared import Text


@dataclass(frozen=True, slots=True)
class ToldUse:
    """One use as the agency told it. `how`: a translated sentence, by which way it came."""

    at: datetime
    action: str
    receiver: str
    receiver_code: str
    system: str
    how: str
    categories: tuple[Text, ...] = ()
    purpose: Text | None = None


@dataclass(frozen=True, slots=True)
class UsesPart:
    """`portal/entry/_uses.html`. `state` a translated sentence, `tag` its short form, `tone` the tag's class; `differs`: whole sentences.

    `url`: the entry of the other of the two, the read or the report; "" where there is none.
    """

    of_a_read: bool
    state: str
    tag: str
    tone: str
    told: ToldUse | None = None
    differs: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class UseCount:
    """One agency's reads and reports of the time shown, written out: rounded, and nothing of fewer than ten. `share`: reported of what was due, "" where
    fewer than ten were. `oldest`: of what is not reported.
    """

    agency: Text
    matched: str
    differing: str
    not_reported: str
    not_delivered: str
    in_doubt: str
    open: str
    share: str = ""
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class AskedRow:
    """An agency that is asked at its address. Counts are written out; `error`: a translated sentence, "" where nothing is wrong."""

    agency: Text
    waiting: str
    failing: str
    oldest: datetime
    error: str = ""


@dataclass(frozen=True, slots=True)
class UsesPage:
    """`console/uses.html`. Totals only; `trends`: one an agency, by day, newest first."""

    counts: tuple[UseCount, ...]
    asked: tuple[AskedRow, ...]
    trends: tuple[Chart, ...]
    days: int
    within_days: int
