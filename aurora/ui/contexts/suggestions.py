"""Suggested services and their reasons. See the package for the conventions."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aurora.ui.contexts.feedback import FeedbackView, SetAsideView
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
    not have it. `declared`: citizens tell it themselves, there. `others`: further facts of which the same is true.
    """

    fact_label: Text
    source_name: Text
    connect_url: str = ""
    declared: bool = False
    others: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """One suggested service. `how_to_apply` is a sentence; `provider` the organisation that runs the service.

    `otherwise`: a sentence on what would have to be otherwise for it not to be suggested, in the page's language. `explored`: it stands here by
    chance, so that others are seen too. `url`: its page; `why_url`: why it is suggested, in full.
    """

    code: str
    name: Text
    description: Text
    eligibility: Eligibility
    reasons: tuple[ReasonView, ...]
    how_to_apply: Text
    provider: Text = field(default_factory=dict)
    unknowns: tuple[UnknownView, ...] = ()
    otherwise: str = ""
    explored: bool = False
    url: str = ""
    why_url: str = ""
    feedback: FeedbackView | None = None


@dataclass(frozen=True, slots=True)
class OfferView:
    """What would settle open questions: connecting a source, or telling it oneself (`declared`). `services` are those that it alone would settle."""

    source_name: Text
    url: str
    services: tuple[Text, ...]
    declared: bool = False

    @property
    def settles(self) -> int:
        return len(self.services)


class Settled(StrEnum):
    """What an open question came to. AUTHORITY: what we know is known, and the authority decides on more than that."""

    LIKELY = "likely"
    NO_RULE = "no_rule"
    NOT = "no"
    AUTHORITY = "unknown"


@dataclass(frozen=True, slots=True)
class SettledView:
    """A service that was open the time before. `why_url` says by which facts it was settled."""

    name: Text
    outcome: Settled
    why_url: str


@dataclass(frozen=True, slots=True)
class SuggestionsPage:
    """`portal/suggestions.html`. `allowed` False is the empty state without a consent for suggestions.

    `suggestions` are the first five, `rest` the others, which stand at `more_url` and not on this page. `used` are the categories that they were made from; `entry_url` the log entry of this
    very reading. `offers`: what would settle most first. `settled`: what was settled since the time before. With `recompute_url` the citizen can
    have the suggestions of `run_id` made again.
    """

    allowed: bool
    suggestions: tuple[SuggestionView, ...]
    used: tuple[Text, ...]
    sources_url: str
    made_at: datetime | None = None
    entry_url: str = ""
    model_name: str = ""
    banner: Banner | None = None
    rest: tuple[SuggestionView, ...] = ()
    more_url: str = ""
    offers: tuple[OfferView, ...] = ()
    settled: tuple[SettledView, ...] = ()
    run_id: str = ""
    recompute_url: str = ""
    set_aside: tuple[SetAsideView, ...] = ()


@dataclass(frozen=True, slots=True)
class CauseView:
    """Why a service is not suggested, or not sure. `kind`: a word of `recommender.suggesting.why.Cause`; `facts`: what it rests on."""

    kind: str
    facts: tuple[UnknownView, ...] = ()


@dataclass(frozen=True, slots=True)
class WhyPage:
    """`portal/suggestion_why.html`: why one service is suggested, or why not. `allowed` False: without a consent nothing is looked at.

    `position`: its place in the list, 0 where it is not in it; `rank` of `of`: its place by score, 0 where it could not be suggested.
    """

    name: Text
    service_url: str
    suggestions_url: str
    sources_url: str
    allowed: bool = True
    position: int = 0
    rank: int = 0
    of: int = 0
    causes: tuple[CauseView, ...] = ()
    reasons: tuple[ReasonView, ...] = ()
    against: tuple[ReasonView, ...] = ()
    unknowns: tuple[UnknownView, ...] = ()
    otherwise: str = ""
    made_at: datetime | None = None
    entry_url: str = ""


@dataclass(frozen=True, slots=True)
class RecomputedPage:
    """`portal/recomputed.html`: suggestions of the citizen's were made again. `parts`: how many parts came out otherwise; `reworded`: the same is said in other words today."""

    same: bool
    made_at: datetime
    parts: int
    suggestions_url: str
    entry_url: str
    reworded: bool = False
