"""The console's pages of the service catalogue. See the package for the conventions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aurora.ui.contexts.agencies import LabelledChoice
from aurora.ui.contexts.services import Choice, Clause, Written
from aurora.ui.contexts.shared import FieldError, Pagination, Text


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """A service in the editors' list. `asks`: whether a rule says who it is for."""

    identifier: str
    name: Text
    origin: str
    provider: Text
    asks: bool
    url: str


@dataclass(frozen=True, slots=True)
class CatalogueUseRow:
    """When a catalogue came into use, and why."""

    version: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import that waits, or what became of it. `state` is translated."""

    url: str
    files: str
    state: str
    by: str
    at: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """`console/catalogue.html`. A GET form: `q`, `origin`. `import_url` is empty for who may only read."""

    query: str
    origins: tuple[Choice, ...]
    rows: tuple[CatalogueRow, ...]
    total: int
    of: int
    version: str
    uses: tuple[CatalogueUseRow, ...]
    imports: tuple[ImportRow, ...]
    pagination: Pagination
    import_url: str = ""


@dataclass(frozen=True, slots=True)
class ImportFormPage:
    """`console/catalogue_import.html`: a POST form with files to itself.

    Controls: `format` (radio buttons), `files`, `whole` (checkbox, "yes"), `language` (radio buttons), and nothing is kept of what was chosen as files.
    """

    formats: tuple[LabelledChoice, ...]
    languages: tuple[LabelledChoice, ...]
    back_url: str
    most_mb: int
    whole: bool = False
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A service in a report: identifier, name, and what differs or why it was refused."""

    identifier: str
    name: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class ReportPart:
    """A kind of change: how many there are, and the first of them by name."""

    title: str
    count: int
    rows: tuple[ReportRow, ...]
    refused: bool = False

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class ImportPage:
    """`console/catalogue_draft.html`: what an import would do, and a POST form to itself. Control: `decision` (`confirm`, `withdraw`)."""

    state: str
    files: tuple[str, ...]
    origin: str
    whole: bool
    by: str
    at: datetime
    parts: tuple[ReportPart, ...]
    same: int
    links_left_out: int
    back_url: str
    decided_by: str = ""
    decided_at: datetime | None = None
    may_decide: bool = False
    moved: bool = False
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which a version differs from the one before; empty where it was not there or is no more."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a service. `first`: nothing was before; `in_use`: the catalogue in use has it."""

    version: str
    at: datetime
    in_use: bool
    first: bool
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class TriedFact:
    """A fact that the rule asks for, as a control of the form: `choices` for a select, else a text field. `unit` in words."""

    name: str
    label: str
    value: str
    choices: tuple[Choice, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class TriedAnswer:
    """What the rule says of an invented person. `answer` is translated; `facts`: those that settled it, or that are still needed."""

    answer: str
    facts: tuple[str, ...] = ()
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class EditedServicePage:
    """`console/catalogue_service.html`. Two forms to itself: GET `f.<fact>` tries the rule, POST `deed` (`retire`, `bring_back`) and `reason` changes the catalogue."""

    identifier: str
    name: Text
    description: Written
    provider: Text
    origin: str
    retired: bool
    ranked_by: str
    versions: tuple[VersionRow, ...]
    back_url: str
    public_url: str
    rule: Clause | None = None
    source: str = ""
    weighed: bool = False
    tried: tuple[TriedFact, ...] = ()
    answer: TriedAnswer | None = None
    may_write: bool = False
    comes_back: str = ""
    reason: str = ""
    errors: tuple[FieldError, ...] = ()
