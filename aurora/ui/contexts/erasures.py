"""Erasure: what can be erased, what would follow, how it goes, and its certificate. See the package for the conventions."""

from dataclasses import dataclass
from datetime import datetime

from aurora.ui.contexts.consents import KeptByLaw
from aurora.ui.contexts.shared import Banner, Text


@dataclass(frozen=True, slots=True)
class EraseChoice:
    """A source or a kind of data of which something is here."""

    name: Text
    url: str


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """What goes, or went: so many rows of one kind, in words."""

    label: str
    number: str


@dataclass(frozen=True, slots=True)
class HeldRow:
    """What one agency had read and may hold still. `says`: what is known of it; `keeps`: each kind of data that it must keep, and by which law."""

    agency: Text
    categories: tuple[Text, ...]
    last_read: datetime
    says: str
    confirm_by: datetime | None = None
    confirmed_at: datetime | None = None
    keeps: tuple[KeptByLaw, ...] = ()


@dataclass(frozen=True, slots=True)
class StaysRow:
    """What stays with Aurora, and why."""

    what: str
    because: str


@dataclass(frozen=True, slots=True)
class PastErasure:
    """An erasure of before: what, when asked, how it stands."""

    title: str
    of: Text
    asked_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class ErasePage:
    """`portal/erase.html`: what can be erased."""

    sources: tuple[EraseChoice, ...]
    categories: tuple[EraseChoice, ...]
    past: tuple[PastErasure, ...]
    leave_url: str
    my_data_url: str
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class EraseConfirmPage:
    """`portal/erase_confirm.html`: what would follow. POST (with CSRF) to the same address does it.

    `ends`: purposes of the consents that are withdrawn with it; `stand`: agencies that may read on what will not be there.
    """

    title: str
    of: Text
    rows: tuple[ErasureRow, ...]
    ends: tuple[Text, ...]
    stand: tuple[Text, ...]
    held: tuple[HeldRow, ...]
    back_url: str
    declared: bool = False
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class ErasurePage:
    """`portal/erasure.html`: how an erasure stands, and, once it is done, its certificate, in `language`, whatever the page's own language is."""

    title: str
    of: Text
    says: str
    open: bool
    rows: tuple[ErasureRow, ...]
    held: tuple[HeldRow, ...]
    stays: tuple[StaysRow, ...]
    asked_at: datetime
    finished_at: datetime | None
    language: str
    key_lines: tuple[str, ...] = ()
    files_at: datetime | None = None
    sha256: str = ""
    jwt_url: str = ""
    jsonld_url: str = ""
    keys_url: str = ""
    back_url: str = ""
    leave_url: str = ""
    not_named: str = ""
    kept_until: datetime | None = None
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class LeavePage:
    """`portal/leave.html`: leaving for good, and calling it off. POST (with CSRF) `decision` is `leave` or `stay`.

    `certificate_url`: the address that needs no signing in, shown once. `fresh`: the citizen signed in anew a moment ago; else `sign_in_url` lets them. `due_at`: it is under way, and the account goes then.
    """

    rows: tuple[ErasureRow, ...]
    held: tuple[HeldRow, ...]
    sign_in_url: str
    back_url: str
    fresh: bool = False
    under_way: bool = False
    due_at: datetime | None = None
    certificate_url: str = ""
    progress: str = ""
    banner: Banner | None = None
