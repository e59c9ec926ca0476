"""Statements side by side, what was known before, and requests to correct a fact. See the package for the conventions."""

from dataclasses import dataclass
from datetime import date, datetime

from aurora.ui.contexts.concerns import Complain
from aurora.ui.contexts.data import FactRow, Provenance
from aurora.ui.contexts.shared import FieldError, Text


@dataclass(frozen=True, slots=True)
class StatementView:
    """One statement. `decides`: Aurora uses it. `choose_id`: the value of `fact` that chooses it, "" where that cannot be. `correct_url`: where its
    source is asked to correct it; `declared_url`: where the citizen changes what they said themself. `asked_url`: the request that is open.
    """

    row: FactRow
    category: Text
    decides: bool
    choose_id: str = ""
    correct_url: str = ""
    declared_url: str = ""
    asked_url: str = ""


@dataclass(frozen=True, slots=True)
class ConceptView:
    """What is said of one thing. `because`: why the first one decides; `why`: the reason of the rule. `chosen`: the citizen's choice decides."""

    code: str
    name: Text
    disputed: bool
    statements: tuple[StatementView, ...]
    because: str
    why: Text
    may_choose: bool
    chosen: bool = False
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class VoiceView:
    """Whose word it is, of all that is decided together. As `StatementView`; `choose_code`, `choose_id`: the concept and the fact that choose all of it."""

    source_name: Text
    category: Text
    provenance: Provenance
    observed_at: datetime
    decides: bool
    choose_code: str = ""
    choose_id: str = ""
    declared_url: str = ""


@dataclass(frozen=True, slots=True)
class TogetherRow:
    """One thing, as each voice says it, in their order; None where one says nothing."""

    label: Text
    statements: tuple[StatementView | None, ...]


@dataclass(frozen=True, slots=True)
class TogetherView:
    """What one voice decides as a whole. `release_code`: the concept by which it is left to the rule again, "" where nothing was chosen."""

    name: Text
    disputed: bool
    voices: tuple[VoiceView, ...]
    rows: tuple[TogetherRow, ...]
    because: str
    why: Text
    release_code: str = ""
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class DisagreementsPage:
    """`portal/disagreements.html`: concepts one by one, and what is decided together. Controls: `concept`, `fact` with `decision` `choose`; `concept` with `decision` `release`."""

    disputed: tuple[ConceptView | TogetherView, ...]
    agreed: tuple[ConceptView | TogetherView, ...]
    data_url: str
    corrections_url: str
    entry_url: str = ""
    banner: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a fact: when we learnt it, and until when it was what we knew (None: it still is)."""

    row: FactRow
    recorded_at: datetime
    superseded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FactHistoryPage:
    """`portal/fact_history.html`. Control: `on` (a day, by GET). `then`: what was known at the end of that day."""

    category: Text
    versions: tuple[VersionView, ...]
    entry_url: str
    data_url: str
    on: date | None = None
    then: tuple[FactRow, ...] = ()
    errors: tuple[FieldError, ...] = ()
    typed: str = ""


@dataclass(frozen=True, slots=True)
class ValueChoice:
    code: str
    label: str
    checked: bool = False


@dataclass(frozen=True, slots=True)
class CorrectionFormPage:
    """`portal/correction_new.html`. Controls: `right` (a choice of `choices`, or typed), `why`."""

    row: FactRow
    category: Text
    source: Text
    answer_by: datetime
    choices: tuple[ValueChoice, ...]
    back_url: str
    longest: int
    right: str = ""
    why: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    title: Text
    source: Text
    state: str
    tone: str
    at: datetime
    url: str
    due_at: datetime | None = None
    by_guardian: bool = False


@dataclass(frozen=True, slots=True)
class CorrectionsPage:
    """`portal/corrections.html`."""

    rows: tuple[CorrectionRow, ...]
    data_url: str


@dataclass(frozen=True, slots=True)
class CorrectionPage:
    """`portal/correction.html`. `says`, `right`: as facts; `answer`: the source's text. `may_close`: the citizen can take it back."""

    title: Text
    category: Text
    source: Text
    state: str
    tone: str
    says: FactRow
    right: FactRow
    why: str
    asked_at: datetime
    list_url: str
    due_at: datetime | None = None
    read_at: datetime | None = None
    answered_at: datetime | None = None
    answer: str = ""
    may_close: bool = False
    complain: Complain | None = None
    errors: tuple[FieldError, ...] = ()
