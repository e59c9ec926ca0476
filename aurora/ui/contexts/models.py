"""The console's pages about other organisations' models and their owners' keys. See the package for the conventions."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from aurora.ui.contexts.clients import ValueRow
from aurora.ui.contexts.shared import FieldError, Text


class ModelState(StrEnum):
    REGISTERED = "registered"
    ASKED = "asked"
    RELEASED = "released"
    DECLINED = "declined"
    RETIRED = "retired"


class KeyState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"
    REPLACED = "replaced"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An owner's signing key in a list. `sha256` is what two people can compare over the telephone; `identity`: of certificates, "" for a key."""

    owner: Text
    sha256: str
    state: KeyState
    asked_by: str
    asked_at: datetime
    url: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A version in a list. `number` is the version's."""

    name: Text
    owner: Text
    identifier: str
    number: int
    state: ModelState
    registered_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class ModelsPage:
    """`console/models.html`. `new_key_url` is empty for who may only read. `next_url`, `next_keys_url`: older versions and keys, "" if there are none."""

    waiting: tuple[ModelRow, ...]
    versions: tuple[ModelRow, ...]
    keys: tuple[KeyRow, ...]
    new_key_url: str = ""
    next_url: str = ""
    next_keys_url: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """A line of a history: what (a translated sentence), who ("" for the owner itself, over the API), when, why."""

    what: str
    who: str
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class KeyFormPage:
    """`console/model_key_form.html`: a POST form to itself. Controls: `agency`, `public_key` (or a certificate), `identity`, `reason`; as sent."""

    agency: str
    public_key: str
    identity: str
    reason: str
    back_url: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorityView:
    """Whose certificates sign in the place of a key. `subject`, `sha256` and the days are of the authority's own certificate."""

    subject: str
    sha256: str
    identity: str
    valid_from: datetime
    valid_until: datetime
    pem: str


@dataclass(frozen=True, slots=True)
class KeyPage:
    """`console/model_key.html`: a POST form to itself. Control: `decision` (`approve`, `decline`, `revoke`); `reason` for the last. `authority` instead of `public_key`."""

    owner: Text
    code: str
    sha256: str
    public_key: str
    state: KeyState
    history: tuple[Deed, ...]
    back_url: str
    may_approve: bool = False
    may_decline: bool = False
    may_revoke: bool = False
    is_mine: bool = False
    reason: str = ""
    errors: tuple[FieldError, ...] = ()
    authority: AuthorityView | None = None


@dataclass(frozen=True, slots=True)
class ContractText:
    """A text of the contract in all three languages: whoever agrees to it has read each."""

    label: str
    text: Text


@dataclass(frozen=True, slots=True)
class InputRow:
    """What a model needs. `name`: the fact as citizens read it; `takes`: values or range, translated."""

    name: Text
    fact: str
    takes: str


@dataclass(frozen=True, slots=True)
class Bin:
    """People whom the model gave about this probability, and how many of them had it; in percent, written out."""

    predicted: str
    observed: str
    people: int


@dataclass(frozen=True, slots=True)
class OutputView:
    """What a model works out, and how well it did among the owner's people. Figures are written out."""

    name: Text
    code: str
    months: int
    people: int
    events: int
    auc: str
    auc_low: str
    auc_high: str
    calibration: tuple[Bin, ...]
    spread: tuple[tuple[str, str], ...]
    curve: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """A bin in the picture of the calibration: what the model said and what was observed, as shares of the picture's end (0 to 1)."""

    said: float
    observed: float


@dataclass(frozen=True, slots=True)
class OutputSince:
    """How good one output has shown itself in one period. Figures are written out, "" where fewer than ten people would be told of.

    `dots`: the calibration as a picture that ends at `end` (percent, written out) both ways.
    """

    name: Text
    code: str
    people: str
    events: str
    auc: str
    auc_low: str
    auc_high: str
    said_without: str
    calibration: tuple[Bin, ...] = ()
    dots: tuple[Dot, ...] = ()
    end: str = ""


@dataclass(frozen=True, slots=True)
class PeriodSince:
    """A quarter of a year (`label`, "" for all of them together), of people who consented to being counted."""

    label: str
    made_on: date
    people: str
    without: str
    outputs: tuple[OutputSince, ...]


@dataclass(frozen=True, slots=True)
class ModelPage:
    """`console/model.html`: a POST form to itself. Control: `decision` (`ask`, `release`, `decline`, `retire`); `reason` for the last two.

    `measured`: its contract says by which facts it is told what followed; `since` is empty until something is known.
    """

    name: Text
    identifier: str
    number: int
    state: ModelState
    synthetic: bool
    rows: tuple[ValueRow, ...]
    texts: tuple[ContractText, ...]
    inputs: tuple[InputRow, ...]
    outputs: tuple[OutputView, ...]
    history: tuple[Deed, ...]
    back_url: str
    measured: bool = False
    since: tuple[PeriodSince, ...] = ()
    may_ask: bool = False
    may_release: bool = False
    may_decline: bool = False
    may_retire: bool = False
    is_mine: bool = False
    reason: str = ""
    errors: tuple[FieldError, ...] = ()
