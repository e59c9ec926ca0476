"""Suggested services and their reasons. See the package for the conventions."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aurora.ui.contexts.shared import Banner, Text


class Eligibility(StrEnum):
    """LIKELY: the rules we know say yes. UNKNOWN: hangs on a fact we do not have. NO_RULE: the service has no
    entry rule.
    """

    LIKELY = "likely"
    UNKNOWN = "unknown"
    NO_RULE = "no_rule"


@dataclass(frozen=True, slots=True)
class ReasonView:
    """A reason in plain words (`text`, already in the page's language), with the fact it rests on and the fact's
    source.
    """

    text: str
    fact_label: Text
    source_name: Text


@dataclass(frozen=True, slots=True)
class UnknownView:
    """A fact that would settle the eligibility, and its source. Without `connect_url` the source is connected and does
    not have it.
    """

    fact_label: Text
    source_name: Text
    connect_url: str = ""


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """One suggested service. `how_to_apply` is a sentence; `provider` the organisation that runs the service."""

    code: str
    name: Text
    description: Text
    eligibility: Eligibility
    reasons: tuple[ReasonView, ...]
    how_to_apply: Text
    provider: Text = field(default_factory=dict)
    unknowns: tuple[UnknownView, ...] = ()


@dataclass(frozen=True, slots=True)
class SuggestionsPage:
    """`portal/suggestions.html`. `allowed` False is the empty state without a consent for suggestions.

    `used` are the categories that the suggestions were made from; `entry_url` the log entry of this very reading.
    """

    allowed: bool
    suggestions: tuple[SuggestionView, ...]
    used: tuple[Text, ...]
    sources_url: str
    made_at: datetime | None = None
    entry_url: str = ""
    model_name: str = ""
    banner: Banner | None = None
