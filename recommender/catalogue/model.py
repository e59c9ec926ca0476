"""A public service, in the terms of CPSV-AP 3 (Core Public Service Vocabulary Application Profile)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal, TypeAlias

from recommender.catalogue.text import LANGUAGES, Text
from recommender.eligibility import Rule

__all__ = ["CHANNELS", "LANGUAGES", "ORIGINS", "Contact", "Origin", "PublicService", "Signal", "Text"]

# In cv:Channel's terms: e-service or web page, telephone, a place to go to, somebody who comes, a form by post.
CHANNELS = ("online", "phone", "office", "visit", "form")
Origin: TypeAlias = Literal["house", "ptv", "hsds"]
ORIGINS: tuple[Origin, ...] = ("house", "ptv", "hsds")
_NO_KEYWORDS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_NO_LABELS: Mapping[str, Text] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A condition that makes a service more useful, and by how many points of a hundred."""

    when: Rule
    points: int


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to the service (cv:Channel). `web` is an https address or empty; so may `phone`, `email` and `address` be."""

    kind: str
    name: Text
    web: str = ""
    phone: str = ""
    email: str = ""
    address: Text | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class PublicService:
    """One service. Texts are mappings from language (fi, sv, en) to whole sentences; see `Text` for what is not in all three.

    CPSV-AP: `identifier`, `name` (dct:title), `description`, `provider` (cv:hasCompetentAuthority), `thematic_area`,
    `life_events` (cv:isGroupedBy), `channels` (cv:hasChannel), `how_to_apply` (the channel's processing, for people).

    `rule`: who it is for, None where it is open to everyone or where no fact says. `unseen_grounds`: the authority also
    weighs what is not among the facts, so the rule can say no but never yes. `programme`: the label that the trained model
    ranks; a service without one has `base` and `signals` instead, see `ranking.relevance`. `reach`: share of households, 0 to
    1, to whom the rule says yes.

    `areas` (dct:spatial): municipality codes of three digits and region codes `R` + two digits; none: everywhere. `languages`
    (dct:language): ISO 639-1 codes in which one is served. `target_groups` and `service_classes`: codes of the Finnish service
    classification (KR1.2, P6.10). `keywords` (dcat:keyword) by language. `valid_from`, `valid_until`: first and last day. `requirements`: who it is for, in its
    publisher's words; `details`: what the description leaves out. `labels`: its codes (life events, target groups, classes, thematic area) in words. `contacts`: channels with their addresses. `requires`, `related` (dct:requires, dct:relation): identifiers of other services. `free`: whether it costs nothing, None
    where that is not said. `origin`: where the entry comes from; `source_id` is its identifier there. `meters`: see
    `recommender.meters`, ten numbers 0 to 1. `version`: SHA-256 (hex) of its content, see `catalogue.documents`.
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
    areas: tuple[str, ...] = ()
    languages: tuple[str, ...] = LANGUAGES
    target_groups: tuple[str, ...] = ()
    service_classes: tuple[str, ...] = ()
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_KEYWORDS)
    valid_from: date | None = None
    valid_until: date | None = None
    requirements: Text | None = None
    details: Text | None = None
    labels: Mapping[str, Text] = field(default_factory=lambda: _NO_LABELS)
    contacts: tuple[Contact, ...] = ()
    requires: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    free: bool | None = None
    origin: Origin = "house"
    source_id: str = ""
    meters: tuple[float, ...] | None = None
    version: str = ""

    def valid_on(self, day: date) -> bool:
        """Whether it is given on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day <= self.valid_until)

    def serves(self, *, municipality: str | None = None, region: str | None = None) -> bool | None:
        """Whether it is given where one lives: None where that hangs on a municipality or region that is not known."""
        if not self.areas or municipality in self.areas or region in self.areas:
            return True
        regions = [area for area in self.areas if area.startswith("R")]
        unknown = (municipality is None and len(regions) < len(self.areas)) or (region is None and regions)
        return None if unknown else False

    @property
    def facts(self) -> tuple[str, ...]:
        """Keys of all facts that its rule and signals name."""
        rules = [*([self.rule] if self.rule else []), *(signal.when for signal in self.signals)]
        return tuple(dict.fromkeys(key for rule in rules for key in rule.facts))
