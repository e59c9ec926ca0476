"""How a value of a copy reads to a person: names for codes, dates as they are written in the language that is active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

from aurora.journeys._export_part import Field, Record
from aurora.ui import chances, export_page, export_words, formats, glass_words, words
from aurora.ui.contexts import Text
from consent import queries, themes
from consent.models import Agency, DataCategoryVersion, PurposeVersion
from consent.rules import AURORA, CITIZEN
from recommender.catalogue.areas import MUNICIPALITIES
from recommender.facts import HOME_CATEGORY


class Reader:
    """For one copy, in one language. Names are looked up once."""

    def __init__(self, language: str) -> None:
        self.language = language

    def says(self, field: Field, found: Record) -> list[str]:
        """The lines of one cell."""
        value = found.get(field.name)
        if field.kind == "value":
            return [self._fact(found)]
        if value is None or value == []:
            return [export_page.NOTHING]
        if field.kind == "categories":
            return list(self._categories_of(value))
        read = getattr(self, f"_{field.kind}", None)
        return [str(value)] if read is None else list(read(value, field.name, found))

    def text(self, text: Text) -> str:
        return text.get(self.language) or next(iter(text.values()), "")

    def _words(self, value: Text, *_: Any) -> Iterator[str]:
        yield self.text(value)

    def _moment(self, value: str, *_: Any) -> Iterator[str]:
        yield formats.moment(datetime.fromisoformat(value))

    def _day(self, value: str, *_: Any) -> Iterator[str]:
        yield formats.day(date.fromisoformat(value))

    def _flag(self, value: bool, *_: Any) -> Iterator[str]:
        yield self.text(export_words.code("yes" if value else "no"))

    def _number(self, value: int, *_: Any) -> Iterator[str]:
        yield formats.number(value)

    def _agency(self, value: str, *_: Any) -> Iterator[str]:
        code = value.rpartition(":")[2]
        yield self.text(self._agencies.get(code, {"en": code}))

    def _purpose(self, value: str, *_: Any) -> Iterator[str]:
        code = value.rpartition(":")[2]
        yield self.text(self._purposes.get(code, {"en": code}))

    def _category(self, value: str, *_: Any) -> Iterator[str]:
        code = value.rpartition(":")[2]
        yield self.text(self._categories[code].name) if code in self._categories else code

    def _categories_of(self, value: list[str]) -> Iterator[str]:
        for one in value:
            yield from self._category(one)

    def _codes(self, value: list[str], name: str, found: Record) -> Iterator[str]:
        for one in value:
            yield from self._code(one, name, found)

    def _refs(self, value: list[str], *_: Any) -> Iterator[str]:
        yield from (one.removeprefix("urn:uuid:") for one in value)

    def _ref(self, value: str, *_: Any) -> Iterator[str]:
        yield value.removeprefix("urn:uuid:")

    def _code(self, value: str, name: str, found: Record) -> Iterator[str]:
        if name == "event":
            yield str(words.event_title(value))
        elif name == "key":
            yield self._label(found)
        elif name == "error":
            yield str(words.pull_error(value))
        elif name == "decision" and value != "permit":
            yield str(words.refusal(value))
        elif name == "reason":
            yield str(glass_words.reason(value))
        elif name == "themes":
            yield self.text(next((dict(one.name) for one in themes.words() if one.code == value), {"en": value}))
        else:
            yield self.text(export_words.code(value))

    def _prose(self, value: Any, *_: Any) -> Iterator[str]:
        """Every sentence in it, in its order: what keys and codes stand between is the JSON's."""
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            for key, one in value.items():
                if key in _PROSE or isinstance(one, list | dict):
                    yield from self._prose(one)
        elif isinstance(value, list):
            for one in value:
                yield from self._prose(one)

    def _json(self, value: Any, name: str, *_: Any) -> Iterator[str]:
        if name == "services":
            yield from (self.text(one["name"]) if one["name"] else one["service"] for one in value)
        elif name == "values":
            yield from (f"{key}: {chances.percent(one)}" for key, one in value.items())
        else:
            yield str(value)

    def _label(self, found: Record) -> str:
        schema = self._schema(found)
        return self.text(schema.get("x-label", {"en": found["key"]}))

    def _fact(self, found: Record) -> str:
        value, schema = found["value"], self._schema(found)
        if value is None:
            return self.text(export_words.code("not_known"))
        if isinstance(value, bool):
            return self.text(export_words.code("yes" if value else "no"))
        if isinstance(value, str):
            named = MUNICIPALITIES.get(value) if found["category"].endswith(f":{HOME_CATEGORY}") else schema.get("x-values", {}).get(value)
            return self.text(named) if named else value
        unit = schema.get("x-unit", "")
        return str(chances.percent(value)) if unit == "probability" else formats.quantity(value, unit)

    def _schema(self, found: Record) -> dict[str, Any]:
        version = self._categories.get(found["category"].rpartition(":")[2])
        properties = version.schema["properties"] if version else {}
        return dict(properties.get(found["key"], {}))

    @cached_property
    def _agencies(self) -> dict[str, Text]:
        return {**{a.code: a.name for a in Agency.objects.all()}, CITIZEN: words.YOU, AURORA: words.AURORA}

    @cached_property
    def _purposes(self) -> dict[str, Text]:
        return {p.purpose_id: p.name for p in PurposeVersion.objects.order_by("purpose_id", "-version").distinct("purpose_id")}

    @cached_property
    def _categories(self) -> dict[str, DataCategoryVersion]:
        return {c.category_id: c for c in queries.current_categories()}


# Keys of kept texts whose values a person was shown or said.
_PROSE = frozenset(
    {
        "name",
        "description",
        "on_refusal",
        "title",
        "text",
        "note",
        "sentence",
        "says",
        "lead",
        "label",
        "until",
        "heading",
        "terms",
        "purpose",
    }
)
