"""The console's pages about agencies and their clients. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aurora.ui.contexts.console import AgencyRole
from aurora.ui.contexts.shared import Banner, FieldError, Pagination, Text


class DraftState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ClientState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft in a list, of a client or of an agency. `title` says what was asked for; `client_id` is the client's id, or the agency's code; `asked_by`,
    `decided_by` are operators' names.

    `asked_by` is empty for what a management command did; `decided_by` is empty while open, and where one person was enough.
    """

    title: str
    client_id: str
    state: DraftState
    asked_by: str
    asked_at: datetime
    url: str
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AgencyListRow:
    code: str
    name: Text
    roles: tuple[AgencyRole, ...]
    clients: int
    url: str


@dataclass(frozen=True, slots=True)
class AgenciesPage:
    """`console/agencies.html`. `new_url` is empty for who may only read. `agencies` are a page's, `total` are all that were looked for by `query`."""

    agencies: tuple[AgencyListRow, ...]
    open: tuple[DraftRow, ...]
    total: int
    pagination: Pagination
    new_url: str = ""
    register_url: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One field: `label` and its values as lines, each shown as it is; `before` where a draft changes it. `names`: they are words, which nobody types."""

    label: str
    values: tuple[str, ...]
    before: tuple[str, ...] = ()
    differs: bool = False
    names: bool = False


@dataclass(frozen=True, slots=True)
class ClientCard:
    """A client as it is registered. `keys_note` says how its key set was last fetched ("" where the keys are with us)."""

    client_id: str
    name: Text
    state: ClientState
    rows: tuple[ValueRow, ...]
    keys_note: str = ""
    change_url: str = ""
    state_url: str = ""
    pings_url: str = ""


@dataclass(frozen=True, slots=True)
class AgencyPage:
    """`console/agency.html`. `history` is newest first. `who`: who it is, empty where nobody has said so; `described` is False then."""

    code: str
    name: Text
    clients: tuple[ClientCard, ...]
    history: tuple[DraftRow, ...]
    agencies_url: str
    new_url: str = ""
    banner: Banner | None = None
    roles: tuple[AgencyRole, ...] = ()
    who: tuple["ValueRow", ...] = ()
    described: bool = True
    change_url: str = ""
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class ClientChoice:
    """A purpose or a kind of data to tick; `source`: who tells that kind of data."""

    code: str
    name: Text
    checked: bool = False
    source: Text | str = ""


@dataclass(frozen=True, slots=True)
class ClientFormPage:
    """`console/client_form.html`: a POST form to itself.

    Controls: `client_id` and `agency` (fixed if `client_known` and `agency_known`, which the former implies), `agency_name_fi|sv|en` (new agency), `name_fi|sv|en`,
    `redirect_uris` (one a line), `jwks`, `jwks_uri`, `notice_uri`, `usage_uri`, `resource`, `purposes`, `categories`, `rotate_refresh`,
    `dpop_nonce`
    (checkboxes, "yes"), `reason`. `values` by control's name, as sent. `agency_name`: of the agency that is fixed.
    """

    values: Mapping[str, str]
    purposes: tuple[ClientChoice, ...]
    categories: tuple[ClientChoice, ...]
    back_url: str
    client_known: bool = False
    agency_known: bool = False
    rotate_refresh: bool = False
    dpop_nonce: bool = False
    errors: tuple[FieldError, ...] = field(default=())
    agency_name: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClientStatePage:
    """`console/client_state.html`: stop a client, or ask that it may start again; a POST form to itself. Control: `reason`."""

    client_id: str
    state: ClientState
    back_url: str
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class DraftPage:
    """`console/draft.html`: what was asked for, and a POST form to itself for the second person. Control: `decision` (`approve`, `decline`).

    `may_approve`, `may_decline`: which buttons there are; who asked can only take the draft back. `agree`: what the button says that agrees; `advice`: what
    to make sure of before; `follows`: what an agreement does; `document`: the file that would do the same; `next_url`: what is to be done when it is agreed to.
    `is_new`: there is nothing yet that it would change.
    """

    draft: DraftRow
    reason: str
    rows: tuple[ValueRow, ...]
    back_url: str
    may_approve: bool = False
    may_decline: bool = False
    is_mine: bool = False
    errors: tuple[FieldError, ...] = ()
    agree: str = ""
    advice: str = ""
    follows: tuple[str, ...] = ()
    document: str = ""
    next_url: str = ""
    next_text: str = ""
    is_new: bool = False

    @property
    def standing(self) -> bool:
        """Whether an agreement is to come or has come: of what was declined nothing follows."""
        return self.draft.state in (DraftState.OPEN, DraftState.APPROVED)

    @property
    def changes(self) -> bool:
        """Whether there is a row that differs: a client that is to work again stays as it is."""
        return any(row.differs for row in self.rows)
