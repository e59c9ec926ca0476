"""The console's pages about operators and their trail. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aurora.ui.contexts.sessions import SessionRow
from aurora.ui.contexts.shared import Banner, FieldError, Pagination


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role that can be chosen: `name` and `duty` are translated."""

    code: str
    name: str
    duty: str
    checked: bool = False


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """`factor`: whether a second factor is enrolled. `signed_in_at`: when both factors were given last."""

    name: str
    username: str
    roles: str
    active: bool
    factor: bool
    url: str
    signed_in_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OperatorRequestRow:
    """`title` says what was asked for, `about` of whom; `state` is translated, `tag` its colour."""

    title: str
    about: str
    state: str
    tag: str
    asked_by: str
    asked_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class OperatorsPage:
    """`console/operators.html`. `invite_url` is empty for who may only read. `one_left`: a single administrator, who can have nothing agreed to.
    `turns`: of `operators`, `open`, `decided` (the history).
    """

    operators: tuple[OperatorRow, ...]
    open: tuple[OperatorRequestRow, ...]
    history: tuple[OperatorRequestRow, ...]
    invite_url: str = ""
    one_left: bool = False
    turns: Mapping[str, Pagination] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvitePage:
    """`console/operator_invite.html`: a POST form to itself. Controls: `username`, `name`, `roles` (several), `reason`. Not `fresh`: a code is asked for first."""

    roles: tuple[RoleChoice, ...]
    back_url: str
    fresh: bool
    username: str = ""
    name: str = ""
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class OperatorPage:
    """`console/operator.html`: forms to itself, each with `decision` (give, take, reset, suspend, restore) and `reason`; the first two with `role`. `own`: it is
    about who reads it. `sent` is the form that came back: `give`, `take`, `suspend` or `again`; `errors` stand at `decision`, or at `<form>-reason` and `<form>-role`.
    """

    row: OperatorRow
    held: tuple[RoleChoice, ...]
    open_to_give: tuple[RoleChoice, ...]
    requests: tuple[OperatorRequestRow, ...]
    back_url: str
    may_write: bool
    fresh: bool
    own: bool
    reason: str = ""
    sent: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class OperatorRequestPage:
    """`console/operator_request.html`: a form to itself, `decision` (approve, decline, half). `half`: the secret that is shown this once. `half_waits`: there is one
    for who reads this; `other_waits`: the other person has not looked at theirs.
    """

    row: OperatorRequestRow
    username: str
    roles: str
    reason: str
    back_url: str
    fresh: bool
    may_approve: bool = False
    may_decline: bool = False
    is_mine: bool = False
    decided_by: str = ""
    decided_at: datetime | None = None
    half: str = ""
    half_waits: bool = False
    other_waits: bool = False
    until: datetime | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinPage:
    """`console/join.html`: a POST form to itself. Controls: `username`, `first`, `second`, `password`, `again`. Never echo the last four."""

    username: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class TrailRow:
    """`what` is translated, `code` the name of the page or deed; `about` are codes and ids."""

    at: datetime
    who: str
    what: str
    code: str
    about: tuple[str, ...]
    outcome: str
    tag: str
    number: int


@dataclass(frozen=True, slots=True)
class TrailChoice:
    code: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class TrailPage:
    """`console/audit.html`, `console/own_trail.html`. GET filter: `operator`, `kind`, `deed`, `day` (ISO). `next_url`: older rows."""

    rows: tuple[TrailRow, ...]
    next_url: str = ""
    operators: tuple[TrailChoice, ...] = ()
    kinds: tuple[TrailChoice, ...] = ()
    deed: str = ""
    day: str = ""
    filtered: bool = False
    clear_url: str = ""
    csv_url: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Something by which one signs in was changed: a translated sentence, and when."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountPage:
    """`console/account.html`: POST forms to itself. `action` is `password` with `current`, `password`, `again` (never echo them), `end` with `name`, or `others`.

    Not `fresh`: a code is asked for first. `last_at`: when they had signed in before this session; `failed` attempts and `changes` since then. `rows`: their
    sessions, and `more` that are not among them. `trail`: what they did last; `trail_url`: all of it.
    """

    name: str
    username: str
    roles: str
    fresh: bool
    rows: tuple[SessionRow, ...]
    trail: TrailPage
    trail_url: str
    last_at: datetime | None = None
    failed: int = 0
    changes: tuple[Change, ...] = ()
    more: int = 0
    banner: Banner | None = None
    errors: tuple[FieldError, ...] = ()
