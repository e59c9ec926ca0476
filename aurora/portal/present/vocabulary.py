"""Names and descriptions of agencies, purposes and categories, as pages show them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from aurora.sources.models import DataSource
from aurora.ui import words
from aurora.ui.contexts import CategoryView, FactLabel, PurposeView, Text
from consent import queries
from consent.facts import every, of_key
from consent.models import Agency, DataCategoryVersion, PurposeVersion
from consent.rules import AURORA, CITIZEN


class Vocabulary:
    """Loaded once a page: at most one query for each kind of word, and none for a kind that the page does not use."""

    @cached_property
    def _agencies(self) -> list[tuple[str, Text, bool]]:
        sources = DataSource.objects.filter(agency=OuterRef("pk"), active=True, agency__active=True)
        return list(Agency.objects.annotate(is_source=Exists(sources)).values_list("code", "name", "is_source"))

    @cached_property
    def agencies(self) -> dict[str, Text]:
        return {**{code: name for code, name, _ in self._agencies}, CITIZEN: words.YOU, AURORA: words.AURORA}

    @property
    def sources_in_use(self) -> int:
        """How many sources a citizen can connect."""
        return sum(is_source for *_, is_source in self._agencies)

    @cached_property
    def categories(self) -> dict[str, DataCategoryVersion]:
        return {c.category_id: c for c in queries.current_categories()}

    @cached_property
    def purposes(self) -> dict[str, PurposeVersion]:
        newest = PurposeVersion.objects.order_by("purpose_id", "-version").distinct("purpose_id")
        return {p.purpose_id: p for p in newest}

    def agency(self, code: str | None) -> Text:
        return self.agencies.get(code or "", _plain(code))

    def category(self, code: str) -> Text:
        found = self.categories.get(code)
        return found.name if found else _plain(code)

    def purpose(self, code: str | None) -> Text:
        found = self.purposes.get(code or "")
        return found.name if found else {}

    def source_of(self, category: str) -> str:
        return self.categories[category].category.source.code

    def fact_schema(self, category: str, key: str) -> dict[str, Any]:
        found = self.categories.get(category)
        return dict((of_key(found.schema, key) if found else None) or {"x-label": _plain(key)})


def connect_url(code: str) -> str:
    """Where a source is connected; where the citizen is the source, where they tell; where models are, where they are asked."""
    elsewhere = {CITIZEN: "portal:life", AURORA: "portal:evaluations"}
    return reverse(elsewhere[code]) if code in elsewhere else reverse("portal:connect", args=[code])


def category_view(version: DataCategoryVersion) -> CategoryView:
    facts = tuple(FactLabel(key, p["x-label"]) for key, p in every(version.schema).items())
    return CategoryView(version.category_id, version.name, version.description, facts, version.sensitive)


def purpose_view(version: PurposeVersion) -> PurposeView:
    return PurposeView(version.purpose_id, version.name, version.description, version.on_refusal)


def _plain(code: str | None) -> Text:
    return dict.fromkeys(("fi", "sv", "en"), code or "")
