"""The citizen's facts. See the package for the conventions."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from aurora.ui.contexts.shared import CategoryView, Text


class Provenance(StrEnum):
    ATTESTED = "attested"
    REPORTED = "reported"
    DECLARED = "declared"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """Somebody who has read facts, so many times in the last year, and `last`; `url` is the activity narrowed to it. `use`: what
    Aurora itself used them for, translated; "" for an agency. `unasked`: without the citizen's consent.
    """

    name: Text
    times: int
    last: datetime
    url: str
    use: str = ""
    unasked: bool = False


@dataclass(frozen=True, slots=True)
class EraseLink:
    """Where everything of one source is erased."""

    source_name: Text
    url: str


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact. `unit` is the schema's `x-unit` (`crowns_per_year`, `crowns_per_month`, `day`, `years`, `persons`, `of_10`, `calendar_year`, one of `formats._SYMBOLS`, or ""); `value_label` wins
    over `value` where the schema has `x-values`. `value` None means that the source answered without it: shown as
    unknown, never as zero.

    On the page of all data: `correct_url`, where its source is asked to correct it; `change_url`, where the citizen changes what they told;
    `asked_url`, where the request for correction that is open is found; `compare_url`, where what disagrees stands side by side; `history_url`,
    what was known before. `readers`: who has read it as it stands now, the last one first.
    """

    label: Text
    value: int | float | bool | str | None
    source_name: Text
    provenance: Provenance
    observed_at: datetime
    unit: str = ""
    value_label: Text = field(default_factory=dict)
    in_source_words: bool = False
    """Whether the value is a text that its source wrote, in a language that nobody has told us."""
    valid_from: date | None = None
    valid_to: date | None = None
    disputed: bool = False
    correct_url: str = ""
    change_url: str = ""
    asked_url: str = ""
    compare_url: str = ""
    history_url: str = ""
    readers: tuple[ReaderRow, ...] = ()

    @property
    def deeds(self) -> bool:
        """Whether anything can be done about it alone."""
        return bool(self.compare_url or self.asked_url or self.correct_url or self.change_url)


@dataclass(frozen=True, slots=True)
class CameFrom:
    """A fact from which a model worked something out; itself worked out from `came_from`, where another model made it."""

    label: Text
    source: Text
    came_from: tuple["CameFrom", ...] = ()


@dataclass(frozen=True, slots=True)
class EstimateOrigin:
    """Which model worked facts out, what its figures mean and do not, who is responsible, and from what it did. `gone`: so many of the facts that
    went in have changed or gone since. `recalled`: the model was taken out of use for cause, and these are about to be deleted.
    """

    model: Text
    version: str
    owner: Text
    meaning: Text
    limits: Text
    responsible: str
    contact: str
    url: str
    synthetic: bool = False
    came_from: tuple[CameFrom, ...] = ()
    gone: int = 0
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class FactGroup:
    """A category with its facts. Empty `facts` with `connect_url` is a category that is not connected or not
    allowed. `kept_at`: the citizen chose to keep it; `kept_source` is the source's code for the form that deletes it
    (`category`, `source`).
    `declared_url`: where citizens tell this themselves, and change it; nothing is connected or fetched. `erase_url`: where all of it is erased, and
    `erase_sources`, where everything of those who told it is. `readers`: who has read any of it in the last year, as it stood then.
    """

    category: CategoryView
    source_name: Text
    facts: tuple[FactRow, ...] = ()
    connect_url: str = ""
    kept_at: datetime | None = None
    kept_source: str = ""
    origin: EstimateOrigin | None = None
    declared_url: str = ""
    erase_url: str = ""
    erase_sources: tuple[EraseLink, ...] = ()
    readers: tuple[ReaderRow, ...] = ()

    @property
    def told_by(self) -> FactRow | None:
        """Any of the facts where all came from one source at one time: said once then, and not beside each."""
        return self.facts[0] if len({(str(row.source_name), row.provenance, row.observed_at) for row in self.facts}) == 1 else None

    @property
    def read_alike(self) -> bool:
        """Whether the same have read each fact as it stands now: said once then."""
        return all(row.readers == self.facts[0].readers for row in self.facts)

    @property
    def read_before(self) -> bool:
        """Whether somebody read this kind of data who is not beside its facts, or oftener."""
        return bool(self.readers) and not (self.read_alike and self.readers == self.facts[0].readers)

    @property
    def deeds(self) -> bool:
        """Whether anything can be done about any of the facts: else there is no column for it."""
        return any(row.deeds for row in self.facts)

    @property
    def history_url(self) -> str:
        """Where what was known before of this kind of data is found; "" for who may not look."""
        return next((row.history_url for row in self.facts if row.history_url), "")


@dataclass(frozen=True, slots=True)
class MyDataPage:
    """`portal/my_data.html`. `export_url`: where a copy of everything is asked for; "" hides the link. `readers_since`: since which day
    readers are counted, `readers_newest`: among how many of the newest entries. `erase_url` and `leave_url` are "" for who acts. Where there is more than
    a page bears, `previous_url` and `next_url` lead on, and `kinds` names each kind of data with where it stands.
    """

    groups: tuple[FactGroup, ...]
    missing: tuple[FactGroup, ...]
    sources_url: str
    export_url: str = ""
    entry_url: str = ""
    forget_url: str = ""
    disagreements_url: str = ""
    erase_url: str = ""
    leave_url: str = ""
    readers_since: date | None = None
    readers_newest: int = 0
    previous_url: str = ""
    next_url: str = ""
    kinds: tuple[tuple[Text, str], ...] = ()
