"""A public service, in the terms of CPSV-AP 3 (Core Public Service Vocabulary Application Profile)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recommender.eligibility import Rule

LANGUAGES = ("fi", "sv", "en")
CHANNELS = ("online", "phone", "office", "visit")

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A condition that makes a service more useful, and by how many points of a hundred."""

    when: Rule
    points: int


@dataclass(frozen=True, slots=True, eq=False)
class PublicService:
    """One service. Texts are mappings from language (fi, sv, en) to whole sentences.

    CPSV-AP: `identifier`, `name` (dct:title), `description`, `provider` (cv:hasCompetentAuthority), `thematic_area`,
    `life_events` (cv:isGroupedBy), `channels` (cv:hasChannel), `how_to_apply` (the channel's processing, for people).

    `rule`: who it is for, None where it is open to everyone or where no fact says. `unseen_grounds`: the authority also
    weighs what is not among the facts, so the rule can say no but never yes. `programme`: the label that the trained model
    ranks; a service without one has `base` and `signals` instead, see `ranking.relevance`. `reach`: share of households, 0 to
    1, to whom the rule says yes.
    """

    identifier: str
    name: Text
    description: Text
    how_to_apply: Text
    provider_code: str
    provider: Text
    thematic_area: str
    life_events: tuple[str, ...]
    channels: tuple[str, ...]
    rule: Rule | None
    unseen_grounds: bool
    programme: str | None
    base: int
    signals: tuple[Signal, ...]
    reach: float

    @property
    def facts(self) -> tuple[str, ...]:
        """Keys of all facts that its rule and signals name."""
        rules = [*([self.rule] if self.rule else []), *(signal.when for signal in self.signals)]
        return tuple(dict.fromkeys(key for rule in rules for key in rule.facts))
