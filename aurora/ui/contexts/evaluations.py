"""What another organisation's model works out for the citizen, and what it needs. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aurora.ui.contexts.shared import AgainView, Banner, CategoryView, FieldError, NoticePart, PurposeView, Text
from aurora.ui.contexts.sources import EndChoice


class EvaluationState(StrEnum):
    """READY: it can be worked out now. NEEDS: data or a consent is missing. STOPPED: the model is not in use at present.
    RETIRED: it is in use no longer.
    """

    READY = "ready"
    NEEDS = "needs"
    RUNNING = "running"
    DONE = "done"
    NOT_APPLICABLE = "not_applicable"
    REFUSED = "refused"
    FAILED = "failed"
    STOPPED = "stopped"
    RETIRED = "retired"


class DataState(StrEnum):
    """HAVE: in Aurora and allowed for this. NOT_FETCHED: allowed, but nothing is there. NOT_ALLOWED: connected, not for this.
    NOT_KEPT: another model's result that the citizen has not kept. NO_MODEL: such a result, and no model in use works it out.
    """

    HAVE = "have"
    NOT_FETCHED = "not_fetched"
    NOT_KEPT = "not_kept"
    NO_MODEL = "no_model"
    NOT_ALLOWED = "not_allowed"
    NOT_CONNECTED = "not_connected"


@dataclass(frozen=True, slots=True)
class DataNeed:
    """One kind of data that a model needs: `facts` are those that it uses; `url` leads to what is missing, "" if nothing is."""

    category: Text
    source: Text
    facts: tuple[Text, ...]
    state: DataState
    url: str = ""


@dataclass(frozen=True, slots=True)
class EvaluatorCard:
    """One model in the list. `tells` are the names of what it works out."""

    name: Text
    owner: Text
    use: Text
    tells: tuple[Text, ...]
    needs: tuple[DataNeed, ...]
    state: EvaluationState
    url: str
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class EvaluationsPage:
    """`portal/evaluations.html`."""

    evaluators: tuple[EvaluatorCard, ...]
    sources_url: str
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a figure lies among the reference people: probabilities from 0 to 1; the picture's axis runs from 0 to `end`.

    `quantiles`: (share of the people, probability). `low`..`high` holds 90 of 100 of them, `lower`..`upper` the middle half.
    """

    value: float
    low: float
    lower: float
    median: float
    upper: float
    high: float
    end: float
    people: int
    quantiles: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """Of `people` for whom the model said `predicted`, `observed` of them had it (probabilities)."""

    predicted: float
    observed: float
    people: int


@dataclass(frozen=True, slots=True)
class QualityView:
    """How good the model is at one thing: `sentence` (translated) says its AUC with interval in plain words."""

    name: Text
    sentence: str
    people: int
    events: int
    calibration: tuple[CalibrationRow, ...]


@dataclass(frozen=True, slots=True)
class EstimateView:
    """One figure. `frequency` ("about 3 in 100"), `explained` and `position` are translated sentences; `percent` as people write it."""

    code: str
    name: Text
    months: int
    frequency: str
    percent: str
    explained: str
    position: str
    scale: Scale


@dataclass(frozen=True, slots=True)
class UnfitView:
    """A fact for which the model cannot be used, and why (translated, with the range that it knows). `source`: who can correct the fact."""

    label: Text
    source: Text
    sentence: str


@dataclass(frozen=True, slots=True)
class ChainedView:
    """A kind of data that went in and that another model had worked out: that model's name and version."""

    category: Text
    model: Text
    version: str


@dataclass(frozen=True, slots=True)
class UseEstimatePage:
    """`portal/use_estimate.html`: a POST form to itself. Controls: `end` (EndChoice.value), `decision` (`allow` or `decline`), `notice_token`."""

    category: CategoryView
    purpose: PurposeView
    terms: Mapping[str, NoticePart]
    ends: tuple[EndChoice, ...]
    notice_token: str
    back_url: str
    errors: tuple[FieldError, ...] = ()
    again: AgainView | None = None


@dataclass(frozen=True, slots=True)
class EvaluationPage:
    """`portal/evaluation.html`; its changing part is `portal/_evaluation.html`, which `fragment_url` gives while `state` is RUNNING.

    A POST to the page itself asks for the work, possible where `can_ask`. `outdated`: something was worked out before, from data or consents
    that have changed since. `reason` (translated) for REFUSED, FAILED and STOPPED. `leaving`: an outcome of a model that
    is not in use is still there, and about to be deleted. `contact` is text, as the owner wrote it.
    `outcomes`: what the model works out, said before it is asked.

    `keep_url`, `delete_url` take a POST; "" where there is nothing to keep or to delete. `kept_at`: when what is among the citizen's data was
    worked out; `kept_same`: it is what the page shows. `use_url` asks whether other models may use it.
    """

    name: Text
    owner: Text
    use: Text
    meaning: Text
    limits: Text
    population: Text
    responsible: str
    contact: str
    version: str
    synthetic: bool
    state: EvaluationState
    needs: tuple[DataNeed, ...]
    quality: tuple[QualityView, ...]
    back_url: str
    consents_url: str
    purpose: Text
    can_ask: bool = False
    again: bool = False
    outdated: bool = False
    outcomes: tuple[Text, ...] = ()
    estimates: tuple[EstimateView, ...] = ()
    unfit: tuple[UnfitView, ...] = ()
    reason: str = ""
    leaving: bool = False
    asked_at: datetime | None = None
    made_at: datetime | None = None
    retry_at: datetime | None = None
    entry_url: str = ""
    fragment_url: str = ""
    chained: tuple[ChainedView, ...] = ()
    keep_url: str = ""
    delete_url: str = ""
    kept_at: datetime | None = None
    kept_same: bool = False
    use_url: str = ""
    banner: Banner | None = None
