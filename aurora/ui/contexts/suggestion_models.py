"""The console's pages about the models behind suggestions. See the package for the conventions."""

from dataclasses import dataclass
from datetime import datetime

from aurora.ui.cards import Block
from aurora.ui.contexts.clients import ValueRow
from aurora.ui.contexts.models import Deed
from aurora.ui.contexts.shared import FieldError


@dataclass(frozen=True, slots=True)
class OwnModelRow:
    """A model in a list. `state`, `gates`: translated words; `waits`: what another steward has to agree to, "" if nothing."""

    sha256: str
    state: str
    gates: str
    trained_at: datetime
    url: str
    waits: str = ""


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A dataset in a list. `citizens`, `forgotten`: written out, small numbers not told."""

    sha256: str
    state: str
    citizens: str
    forgotten: str
    started_at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class RetrainingRow:
    """A retraining: why, how it stands, and the model that came of it ("" while there is none)."""

    state: str
    opened_at: datetime
    made: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class OwnModelsPage:
    """`console/suggestion_models.html`. `next_url`: older models, "" if there are none. `troubles`: hashes that should serve and cannot."""

    serving: tuple[OwnModelRow, ...]
    models: tuple[OwnModelRow, ...]
    datasets: tuple[DatasetRow, ...]
    retrainings: tuple[RetrainingRow, ...]
    back_url: str
    next_url: str = ""
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate's number, interval and limit, written out, and whether it held."""

    name: str
    value: str
    between: str
    limit: str
    held: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """How often the model finds what people of a group take part in; in percent, written out."""

    group: str
    found: str
    between: str


@dataclass(frozen=True, slots=True)
class EarnedRow:
    """What a model would have earned a place by the lists that citizens were shown, by one way of estimating it; numbers written out."""

    method: str
    value: str
    gain: str
    between: str


@dataclass(frozen=True, slots=True)
class Earned:
    """`said`: from what it is known, or why nothing is; `rows`: empty then."""

    said: str
    rows: tuple[EarnedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnModelPage:
    """`console/suggestion_model.html`: a POST form to itself. Control: `decision`: `ask` (with `share` in percent, where `asks_share`), `change_share`
    (`share` too), `agree`, `decline`, `retire`, `rollback` (`reason` for the last three).

    `next_step`: the word of the state that is asked for; `waiting`: that of the state that waits for another steward, with its share, "" if none does;
    `move`: its id, hidden in the form, so that nobody agrees to another step than the one they saw. `earned`: None where the newest verdict holds none.
    """

    sha256: str
    state: str
    rows: tuple[ValueRow, ...]
    gates: tuple[GateRow, ...]
    groups: tuple[GroupRow, ...]
    card: tuple[Block, ...]
    history: tuple[Deed, ...]
    back_url: str
    next_step: str = ""
    waiting: str = ""
    move: str = ""
    forgotten: str = ""
    earned: Earned | None = None
    asks_share: bool = False
    may_ask: bool = False
    may_change_share: bool = False
    may_agree: bool = False
    may_decline: bool = False
    may_retire: bool = False
    may_roll_back: bool = False
    is_mine: bool = False
    share: str = ""
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """`console/dataset.html`: one dataset. `rows`: what is known of it, small numbers not told; `used_by`: the models that learnt from it."""

    sha256: str
    state: str
    rows: tuple[ValueRow, ...]
    card: tuple[Block, ...]
    used_by: tuple[OwnModelRow, ...]
    back_url: str
