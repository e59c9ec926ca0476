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
class FactRow:
    """One fact. `unit` is the schema's `x-unit` (`crowns_per_year`, `crowns_per_month`, `day`, `years`, `persons`, `of_10`, `calendar_year`, one of `formats._SYMBOLS`, or ""); `value_label` wins
    over `value` where the schema has `x-values`. `value` None means that the source answered without it: shown as
    unknown, never as zero.
    """

    label: Text
    value: int | float | bool | str | None
    source_name: Text
    provenance: Provenance
    observed_at: datetime
    unit: str = ""
    value_label: Text = field(default_factory=dict)
    valid_from: date | None = None
    valid_to: date | None = None
    disputed: bool = False
    correct_url: str = ""


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
    `declared_url`: where citizens tell this themselves, and change it; nothing is connected or fetched.
    """

    category: CategoryView
    source_name: Text
    facts: tuple[FactRow, ...] = ()
    connect_url: str = ""
    kept_at: datetime | None = None
    kept_source: str = ""
    origin: EstimateOrigin | None = None
    declared_url: str = ""
    history_url: str = ""


@dataclass(frozen=True, slots=True)
class MyDataPage:
    """`portal/my_data.html`. `export_url`: where a copy of everything is asked for; "" hides the link."""

    groups: tuple[FactGroup, ...]
    missing: tuple[FactGroup, ...]
    sources_url: str
    export_url: str = ""
    entry_url: str = ""
    forget_url: str = ""
    disagreements_url: str = ""
