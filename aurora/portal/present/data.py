"""The citizen's own facts, by category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from django.urls import reverse

from aurora.journeys import correct
from aurora.journeys.own_data import OwnData
from aurora.portal.present import data_pages, estimates
from aurora.portal.present.readers import Readers
from aurora.portal.present.vocabulary import Vocabulary, category_view, connect_url
from aurora.sources import registry
from aurora.twin.values import FactView
from aurora.ui import code_words
from aurora.ui.contexts import FactGroup, FactRow, MyDataPage, Provenance
from aurora.ui.contexts.data import EraseLink
from consent import acting
from consent.facts_order import places
from consent.ledger.readers import NEWEST
from consent.rules import AURORA, CITIZEN
from recommender.catalogue.areas import MUNICIPALITIES
from recommender.facts import HOME_CATEGORY

REGIONS = frozenset({"population.person.region", "health.patient.region"})
TOWNS = frozenset({f"{HOME_CATEGORY}.municipality", "health.patient.municipality"})
# Regions have numbers and no names: "R32" means nothing to whoever lives there.
_REGIONS = {"fi": "Alue", "sv": "Region", "en": "Region"}


def my_data_page(mine: OwnData, *, number: int = 1) -> MyDataPage:
    """Every category: with its facts, or with the way to connect it. As many as a page bears; `number` says which page, the nearest there is."""
    vocabulary, doing = Vocabulary(), acting.current()
    beside = Beside(vocabulary, Readers(mine.reads, mine.read_since, vocabulary), doing is None, correct.may_ask())
    offered = {CITIZEN, AURORA, *registry.active().values_list("agency__code", flat=True)}
    by_category: dict[str, list[FactView]] = {}
    for fact in mine.facts:
        by_category.setdefault(fact.category, []).append(fact)
    for category, held in by_category.items():
        held.sort(key=partial(in_order, category))
    groups: list[FactGroup] = []
    missing: list[FactGroup] = []
    for version in mine.categories:
        source = version.category.source
        facts = by_category.get(version.category_id, [])
        group = FactGroup(
            category=category_view(version),
            source_name=source.name,
            facts=tuple(beside.row(fact) for fact in facts),
            connect_url="" if facts or doing or source.code == CITIZEN or source.code not in offered else connect_url(source.code),
            declared_url=connect_url(source.code) if source.code == CITIZEN and not doing else "",
            kept_at=max((fact.kept_at for fact in facts if fact.kept_at), default=None),
            kept_source=next((fact.source for fact in facts if fact.kept_at), ""),
            origin=estimates.origin(facts, mine.facts, vocabulary),
            erase_url="" if doing or not facts else reverse("portal:erase_confirm", args=["category", version.category_id]),
            erase_sources=() if doing else beside.sources(facts),
            readers=beside.readers.of_category(version.category_id) if facts else (),
        )
        (groups if facts else missing).append(group)
    pages = data_pages.cut(groups, missing)
    here = min(max(number, 1), len(pages))
    return MyDataPage(
        groups=pages[here - 1].groups,
        missing=pages[here - 1].missing,
        previous_url=data_pages.url(here - 1) if here > 1 else "",
        next_url=data_pages.url(here + 1) if here < len(pages) else "",
        kinds=data_pages.kinds(pages) if len(pages) > 1 else (),
        sources_url="" if doing else reverse("portal:sources"),
        export_url=reverse("portal:copy") if doing is None or doing.scope.everything else "",
        entry_url=reverse("portal:entry", args=[mine.entry_id]),
        forget_url="" if doing else reverse("portal:forget"),
        disagreements_url=reverse("portal:disagreements") if not doing and any(fact.differs for fact in mine.facts) else "",
        erase_url="" if doing else reverse("portal:erase"),
        leave_url="" if doing else reverse("portal:leave"),
        readers_since=mine.read_since,
        readers_newest=NEWEST,
    )


@dataclass(frozen=True)
class Beside:
    """What stands beside a fact: who has read it, and what can be done about it. `themself`: the citizen is here; `may_ask`: for correction."""

    vocabulary: Vocabulary
    readers: Readers
    themself: bool
    may_ask: bool

    @cached_property
    def answering(self) -> frozenset[str]:
        return correct.answering() if self.may_ask else frozenset()

    def row(self, fact: FactView) -> FactRow:
        asked = fact.in_question and self.may_ask
        return replace(
            fact_row(fact, self.vocabulary),
            correct_url="" if asked else self._correct_url(fact),
            # The list and not the request: whose words it holds decides who may open it.
            asked_url=reverse("portal:corrections") if asked else "",
            change_url=reverse("portal:life") if self.themself and fact.source == CITIZEN else "",
            compare_url=reverse("portal:disagreements") if self.themself and fact.differs else "",
            history_url=reverse("portal:fact_history", args=[fact.category]) if self.themself else "",
            readers=self.readers.of_fact(fact.category, fact.recorded_at),
        )

    def sources(self, facts: list[FactView]) -> tuple[EraseLink, ...]:
        """What the citizen told, and what models made, is erased by its kind."""
        codes = sorted({fact.source for fact in facts if fact.derived_by is None} - {CITIZEN, AURORA})
        return tuple(EraseLink(self.vocabulary.agency(code), reverse("portal:erase_confirm", args=["source", code])) for code in codes)

    def _correct_url(self, fact: FactView) -> str:
        """Where its source is asked to correct it; "" where there is nobody to ask, and where a model made it."""
        askable = fact.source in self.answering and fact.derived_by is None
        return reverse("portal:correction_new", args=[fact.id]) if askable else ""


def in_order(category: str, fact: FactView) -> int:
    """Where a fact stands among others of its kind: as the category's file has it, and behind these what is named by codes."""
    known = places(category)
    return known.get(fact.key, len(known))


def fact_row(fact: FactView, vocabulary: Vocabulary) -> FactRow:
    """One fact as pages show it."""
    schema = vocabulary.fact_schema(fact.category, fact.key)
    label = _value_label(fact, schema)
    return FactRow(
        label=schema["x-label"],
        value=fact.value,
        source_name=vocabulary.agency(fact.source),
        provenance=Provenance(fact.provenance),
        observed_at=fact.observed_at,
        unit=schema.get("x-unit", ""),
        value_label=label,
        in_source_words=isinstance(fact.value, str) and not label and _is_free_text(schema),
        valid_from=fact.valid_from,
        valid_to=fact.valid_to,
        disputed=fact.disputed,
    )


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    """What a source writes as it likes: neither one of some values, nor a code of a form that is laid down, nor a day."""
    return schema.get("type") == "string" and not {"enum", "pattern", "format"} & schema.keys() and "x-unit" not in schema


def _value_label(fact: FactView, schema: Mapping[str, Any]) -> Mapping[str, str]:
    """What a code stands for."""
    if not isinstance(fact.value, str):
        return {}
    if fact.name in REGIONS and fact.value[1:].isdigit():
        return {language: f"{word} {int(fact.value[1:])}" for language, word in _REGIONS.items()}
    found: Mapping[str, str] = MUNICIPALITIES.get(fact.value, {}) if fact.name in TOWNS else schema.get("x-values", {}).get(fact.value, {})
    return found or code_words.of(fact.key, fact.value)
