"""Consents: given, withdrawn, and asked for by an agency. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from aurora.ui.contexts.shared import AgainView, Banner, CategoryView, EntryView, FieldError, NoticePart, PurposeView, Text


class ConsentState(StrEnum):
    """WITHDRAWN by the citizen, or by who acts for them; ENDED by anybody else."""

    ACTIVE = "active"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    ENDED = "ended"
    DECLINED = "declined"


class Telling(StrEnum):
    """How far an agency is with what it was to be told. TOLD: it has not yet said that it deleted. HEARD: nothing was asked of it.

    CONFIRMED: it deleted all; PARTLY: it keeps some by law; KEPT: it keeps all.
    """

    WAITING = "waiting"
    UNDELIVERED = "undelivered"
    TOLD = "told"
    HEARD = "heard"
    OVERDUE = "overdue"
    CONFIRMED = "confirmed"
    PARTLY = "partly"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class KeptByLaw:
    """What an agency says it must keep; `legal_basis` in its own words."""

    category: Text
    legal_basis: str


@dataclass(frozen=True, slots=True)
class AgencyTold:
    """One end of a consent or of a part, as its agency was told. `what` is a translated sentence, `unheard` those that say why it was not told yet."""

    agency: Text
    what: str
    at: datetime
    categories: tuple[Text, ...]
    telling: Telling
    unheard: str = ""
    told_at: datetime | None = None
    confirm_by: datetime | None = None
    confirmed_at: datetime | None = None
    deleted_at: datetime | None = None
    kept: tuple[KeptByLaw, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A consent as a card. `recipient` is who may use the data (for a connection: Aurora), `source` where it comes
    from ("" texts for an agency's access). `once` False means ongoing until `until`. `ended_at` for those that are
    past. `outdated`: the categories that it no longer covers because of a change of meaning, and `renewal` the translated sentence that says
    so; `renew_url` where the citizen can decide anew, "" if only the recipient can ask. `withdrawn`: categories that were taken out of it. `telling`: how far the agency is with the last that ended.
    `ended_how`: the translated sentence that says who ended it, "" where the state says it all. `accesses_url`: the activity under this consent. `summary`: it in short, in
    whole sentences of the page's language (`consent.summary`).
    """

    id: str
    recipient: Text
    purposes: tuple[Text, ...]
    categories: tuple[Text, ...]
    given_at: datetime
    until: date | None
    state: ConsentState
    url: str
    source: Text = field(default_factory=dict)
    withdraw_url: str = ""
    once: bool = False
    ended_at: datetime | None = None
    outdated: tuple[Text, ...] = ()
    renewal: str = ""
    renew_url: str = ""
    withdrawn: tuple[Text, ...] = ()
    telling: Telling | None = None
    ended_how: str = ""
    accesses_url: str = ""
    summary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentsPage:
    """`portal/consents.html`."""

    active: tuple[ConsentView, ...]
    past: tuple[ConsentView, ...]
    sources_url: str
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class ConsentEventView:
    """One line of a consent's history. `text` is a translated sentence (`words.consent_event(code)`)."""

    text: str
    at: datetime
    receipt_url: str = ""


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """`portal/consent.html`. `notice` is exactly what was shown, in `notice_language`."""

    consent: ConsentView
    notice: tuple[NoticePart, ...]
    notice_language: str
    notice_sha256: str
    history: tuple[ConsentEventView, ...]
    uses: tuple[EntryView, ...]
    consents_url: str
    activity_url: str = ""
    banner: Banner | None = None
    told: tuple[AgencyTold, ...] = ()


@dataclass(frozen=True, slots=True)
class TickView:
    """A category that can be taken out."""

    code: str
    name: Text
    checked: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawPage:
    """`portal/withdraw.html`: a POST form to itself. No reason is asked.

    `decision`: `withdraw` (all of it) or `narrow` (the ticked `categories`). `keep` = `yes`: what was fetched stays in the twin; offered
    where `can_keep`; `declared`: nothing was fetched, the citizen told it. `consequences` are translated sentences saying what follows. `choices`: fewer than two are not offered.
    `FieldError.field`: `categories`.
    """

    consent: ConsentView
    consequences: tuple[str, ...]
    cancel_url: str
    choices: tuple[TickView, ...] = ()
    can_keep: bool = False
    keep: bool = False
    declared: bool = False
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class WithdrawnPage:
    """`portal/withdrawn.html`: the confirmation. `consequences` as on the page before, now as facts.

    `categories`: those that ended. `whole` False: the rest of the consent stands. `kept`: what was fetched (or, if `declared`, told) stays in the twin.
    """

    consent: ConsentView
    consequences: tuple[str, ...]
    consents_url: str
    entry_url: str = ""
    receipt_url: str = ""
    categories: tuple[Text, ...] = ()
    whole: bool = True
    kept: bool = False
    data_url: str = ""
    declared: bool = False


class Availability(StrEnum):
    """HAVE: the twin holds this. EMPTY: connected, but the source had nothing. NOT_CONNECTED: no live connection."""

    HAVE = "have"
    EMPTY = "empty"
    NOT_CONNECTED = "not_connected"


@dataclass(frozen=True, slots=True)
class RequestedCategory:
    category: CategoryView
    availability: Availability | None
    source_name: Text
    connect_url: str = ""
    checked: bool = False
    marks: tuple[str, ...] = ()
    same: bool = False
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Answering:
    """For whom an answer counts, told to whoever may answer for others too: their own `name`, where they choose, and until when the request waits."""

    name: str
    mandates_url: str
    until: datetime


@dataclass(frozen=True, slots=True)
class AgencyConsentPage:
    """`portal/authorize.html`: a POST form to `action_url` (or to itself when "").

    Controls: `categories` (checkboxes), `decision` (`allow` / `decline`), and each of `hidden` (name, value) sent
    back unchanged. `terms` are the notice's parts by code (`consent.terms.ORDER`). `return_host` is where the browser
    goes next, announced. `FieldError.field`: `categories`.
    """

    agency_name: Text
    purpose: PurposeView
    categories: tuple[RequestedCategory, ...]
    terms: Mapping[str, NoticePart]
    return_host: str
    action_url: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    language_urls: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()
    again: AgainView | None = None
    answering: Answering | None = None


@dataclass(frozen=True, slots=True)
class InvalidRequestPage:
    """`portal/authorize_invalid.html`: an authorization request that cannot be answered, so there is no redirect.
    `reason` translated.
    """

    reason: str
    home_url: str
    reference: str = ""
