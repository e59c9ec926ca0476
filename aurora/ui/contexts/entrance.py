"""The landing page, signing in, and home. See the package for the conventions."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from aurora.ui.contexts.shared import Banner, EntryView, Text
from aurora.ui.contexts.suggestions import OfferView, SuggestionView


@dataclass(frozen=True, slots=True)
class LandingPage:
    """`portal/landing.html`. `sign_in_url` starts the e-ID by GET; `public_log_url` is the public log's page."""

    sign_in_url: str
    public_log_url: str = ""
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class SignInErrorPage:
    """`portal/sign_in_error.html`. `reason` is a translated sentence (`words.sign_in_error(code)`)."""

    reason: str
    retry_url: str
    reference: str = ""


class NeedKind(StrEnum):
    """Why the citizen is asked to look: each has its own sentence in the template."""

    PULL_RUNNING = "pull_running"
    PULL_FAILED = "pull_failed"
    RECONNECT = "reconnect"
    CONSENT_EXPIRING = "consent_expiring"
    RECONSENT = "reconsent"
    NOTHING_CONNECTED = "nothing_connected"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs the citizen. `subject` is the source's or recipient's name; `due` the date a consent
    ends.
    """

    kind: NeedKind
    url: str
    subject: Text = field(default_factory=dict)
    due: date | None = None


@dataclass(frozen=True, slots=True)
class NewsItem:
    """Something new since the last visit. `text` is a translated sentence."""

    text: str
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class HomePage:
    """`portal/home.html`. `latest` are at most three entries, newest first; `fact_count` what the twin holds."""

    sources_connected: int
    sources_total: int
    fact_count: int
    active_consents: int
    needs: tuple[Need, ...]
    news: tuple[NewsItem, ...]
    latest: tuple[EntryView, ...]
    sources_url: str
    suggestions_url: str
    activity_url: str
    my_data_url: str
    consents_url: str
    top_suggestion: SuggestionView | None = None
    suggestions_allowed: bool = False
    messages_url: str = ""
    banner: Banner | None = None
    offer: OfferView | None = None
