"""Mandates: acting for another, and being acted for. See the package for the conventions."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from aurora.ui.contexts.shared import Banner, FieldError, Pagination, Text


class MandateState(StrEnum):
    OFFERED = "offered"
    STANDING = "standing"
    FROZEN = "frozen"
    DECLINED = "declined"
    REVOKED = "revoked"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class MandateCard:
    """A mandate as one of its two sides sees it. `kind` is translated (`mandate_words.kind`).

    `other` is the other side's name; for an offer that waits, the principal sees what they typed in. `themes` empty: everything.
    `note` says what is to be known of its state, translated.
    """

    id: str
    kind: str
    state: MandateState
    other: str
    url: str
    themes: tuple[Text, ...] = ()
    start: date | None = None
    until: date | None = None
    may_delegate: bool = False
    substitute: bool = False
    note: str = ""
    act_url: str = ""
    revoke_url: str = ""


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """An agency's request that this browser has open, for whomever it is answered: who asks, the way back, and until when it waits."""

    agency: Text
    url: str
    until: datetime


@dataclass(frozen=True, slots=True)
class MandatesPage:
    """`portal/mandates.html`. Buttons "act" are forms that POST `decision=act` to the card's `act_url`.

    `pagination`: of offers and of what is past; the rest is on every page.
    """

    offers: tuple[MandateCard, ...]
    reconfirm: tuple[MandateCard, ...]
    i_act: tuple[MandateCard, ...]
    for_me: tuple[MandateCard, ...]
    past: tuple[MandateCard, ...]
    offer_url: str
    banner: Banner | None = None
    request: WaitingRequest | None = None
    pagination: Pagination | None = None


@dataclass(frozen=True, slots=True)
class MandateEventView:
    """One line of a mandate's history; `text` is translated (`mandate_words.event`)."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MandatePage:
    """`portal/mandate.html`. POST `decision` = accept, decline or act to the page itself.

    `i_am_attorney` says which side reads it. `answer`: it is an offer to the reader. URLs lead to forms.
    """

    mandate: MandateCard
    i_am_attorney: bool
    history: tuple[MandateEventView, ...]
    mandates_url: str
    answer: bool = False
    substitute_url: str = ""
    reconfirm_url: str = ""
    passed_on: tuple[MandateCard, ...] = ()
    banner: Banner | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ThemeChoice:
    """A checkbox `themes` with `code` as its value."""

    code: str
    name: Text
    description: Text
    checked: bool = False


@dataclass(frozen=True, slots=True)
class MandateOfferPage:
    """`portal/mandate_offer.html`: an offer; passing one on (`passing_on`: whose mandate it is); or a grown child's decision (`guardian`: whose name).

    Controls: `identifier`, `themes`, `until_day`, `until_month`, `until_year`, `may_delegate`; `decision` = offer, or end for a grown child.
    """

    themes: tuple[ThemeChoice, ...]
    latest: date
    back_url: str
    identifier: str = field(default="", repr=False)
    until_day: str = ""
    until_month: str = ""
    until_year: str = ""
    may_delegate: bool = False
    passing_on: str = ""
    guardian: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class MandateRevokePage:
    """`portal/mandate_revoke.html`. POST to the page; `child` names one of those that were passed on, if only that one ends.

    `offer`: nobody has accepted it, so nobody could act on it, and only its receiver is told, if they have it.
    """

    mandate: MandateCard
    i_am_attorney: bool
    cancel_url: str
    child: str = ""
    offer: bool = False


@dataclass(frozen=True, slots=True)
class GrantGonePage:
    """`portal/authorize_gone.html`: a request about an access that is not of whom the reader answers for, who may answer for others.

    `request` None: it waits no longer. POST `client_id` and `request_uri` to the page itself to have the agency told; not while acting.
    """

    request: WaitingRequest | None
    client_id: str
    request_uri: str
    mandates_url: str


@dataclass(frozen=True, slots=True)
class ActingOverPage:
    """`portal/acting_over.html`: the mandate that the reader acted on ended meanwhile; `reason` says why."""

    reason: str
    mandates_url: str
    home_url: str


@dataclass(frozen=True, slots=True)
class ActingRefusedPage:
    """`portal/acting_refused.html`: this cannot be done for another, or (not `acting`) not by the reader alone."""

    reason: str
    acting: bool
    consents_url: str
    mandates_url: str = ""
