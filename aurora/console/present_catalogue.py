"""The catalogue in use, and one service with its versions and its rule, as editors see them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from aurora.console import paging, present_imports
from aurora.portal.present.rule_words import in_words
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import catalogue_words, editor_words
from aurora.ui.contexts.catalogue import (
    CataloguePage,
    CatalogueRow,
    CatalogueUseRow,
    Difference,
    EditedServicePage,
    TriedAnswer,
    TriedFact,
    VersionRow,
)
from aurora.ui.contexts.services import Choice, Written
from aurora.ui.contexts.shared import Text
from recommender.catalogue import documents, drafts, store
from recommender.catalogue.model import LANGUAGES, ORIGINS, PublicService
from recommender.catalogue.models import CatalogueUse, ServiceVersion
from recommender.catalogue.search import search
from recommender.eligibility import Answer, Facts, Rule
from recommender.errors import RecommenderError
from recommender.facts import FACTS, FactValue, Kind
from recommender.profile import Profile

PAGE = 40
USES = 8
VERSIONS = 12
CUT = 240  # characters of a field's value in a comparison
FOUND = 200


def catalogue(query: str, origin: str, *, number: int, today: date, may_write: bool) -> CataloguePage:
    """A page of services: all by name, or what search finds of those that are given today, the best first, and whoever has that very identifier."""
    current = store.current()
    found = _found(query, current, today) if query else sorted(current.values(), key=lambda one: one.name["fi"].casefold())
    wanted = [one for one in found if not origin or one.origin == origin]
    shown, pagination = paging.cut(wanted, number, most=PAGE, url=partial(_url, query, origin))
    return CataloguePage(
        query=query,
        origins=tuple(Choice(x, catalogue_words.origin(x), x == origin) for x in ORIGINS),
        rows=tuple(_row(one) for one in shown),
        total=len(wanted),
        of=len(current),
        version=current.version[:16],
        uses=tuple(
            CatalogueUseRow(use.catalogue.sha256[:16], use.why, use.begun_at)
            for use in CatalogueUse.objects.select_related("catalogue").defer("catalogue__members").order_by("-id")[:USES]
        ),
        imports=present_imports.rows(),
        pagination=pagination,
        import_url=reverse("console:new_import") if may_write else "",
    )


def service(
    found: PublicService, asked: Mapping[str, str], *, reason: str, language: str, may_write: bool, errors: Mapping[str, str]
) -> EditedServicePage:
    """One service. `asked`: what an editor typed of an invented person, by the controls' names."""
    vocabulary, current = Vocabulary(), store.current()
    used = current.get(found.identifier)
    tried, answer, wrong = _tried(found.rule, asked, vocabulary, language)
    written = found.description.written(language)
    return EditedServicePage(
        identifier=found.identifier,
        name=_text(found.name),
        description=Written(found.description[language], "" if written == language else written),
        provider=_text(found.provider),
        origin=catalogue_words.origin(found.origin),
        retired=used is None,
        ranked_by=str(editor_words.ranked(by_model=found.programme is not None)),
        versions=_versions(found.identifier, used.version if used else ""),
        back_url=reverse("console:catalogue"),
        public_url=reverse("portal:service", args=[found.identifier]),
        rule=in_words(found.rule, vocabulary, language) if found.rule else None,
        source=found.rule.source if found.rule else "",
        weighed=found.unseen_grounds,
        tried=tried,
        answer=answer,
        may_write=may_write,
        comes_back=str(editor_words.comes_back(shipped=found.origin == "house")),
        reason=reason,
        errors=present_imports.field_errors({**errors, **wrong}),
    )


def _found(query: str, current: Mapping[str, PublicService], today: date) -> list[PublicService]:
    exact = [current[query]] if query in current else []
    hits = [key for language in LANGUAGES for key in search(query, language, today=today, size=FOUND).identifiers]
    return [*exact, *(current[key] for key in dict.fromkeys(hits) if key in current and key != query)]


def _row(one: PublicService) -> CatalogueRow:
    url = reverse("console:catalogue_service", args=[one.identifier])
    return CatalogueRow(one.identifier, _text(one.name), catalogue_words.origin(one.origin), _text(one.provider), one.rule is not None, url)


def _url(query: str, origin: str, number: int) -> str:
    kept = {"q": query, "origin": origin, "page": str(number)}
    return f"{reverse('console:catalogue')}?{urlencode({k: v for k, v in kept.items() if v})}"


def _text(text: Mapping[str, str]) -> Text:
    return {language: text[language] for language in LANGUAGES}


def _versions(identifier: str, used: str) -> tuple[VersionRow, ...]:
    """The newest first, each with what differs from the one before it. One query."""
    rows = list(ServiceVersion.objects.filter(identifier=identifier).order_by("-id")[: VERSIONS + 1])
    pairs = zip(rows, [*rows[1:], None], strict=True)
    return tuple(
        VersionRow(row.sha256[:12], row.recorded_at, row.sha256 == used, before is None, _differences(before, row) if before else ())
        for row, before in list(pairs)[:VERSIONS]
    )


def _differences(before: ServiceVersion, after: ServiceVersion) -> tuple[Difference, ...]:
    was, now = json.loads(before.document), json.loads(after.document)
    names = drafts.differing(documents.service(before.document), documents.service(after.document))
    return tuple(Difference(str(editor_words.field(name)), _plain(was.get(name)), _plain(now.get(name))) for name in names)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= CUT else f"{said[:CUT]}…"


def _tried(
    rule: Rule | None, asked: Mapping[str, str], vocabulary: Vocabulary, language: str
) -> tuple[tuple[TriedFact, ...], TriedAnswer | None, dict[str, str]]:
    """The rule's facts as controls, its answer where something was typed, and what is no value."""
    if rule is None:
        return (), None, {}
    typed = {key: asked.get(f"f.{key}", "").replace("\x00", "").strip()[:40] for key in rule.facts}
    controls = tuple(_control(key, typed[key], vocabulary, language) for key in rule.facts)
    if not any(f"f.{key}" in asked for key in rule.facts):
        return controls, None, {}
    values, wrong = dict[str, FactValue](), dict[str, str]()
    for key, said in typed.items():
        if said:
            try:
                values[key] = _value(key, said)
                Profile({key: values[key]})
            except (ValueError, RecommenderError):
                wrong[f"f.{key}"] = "value_wrong"
    if wrong:
        return controls, None, wrong
    outcome = rule.outcome(Facts(Profile(values)))
    unknown = outcome.answer is Answer.UNKNOWN
    facts = outcome.missing if unknown else outcome.decided_by
    answer = TriedAnswer(str(editor_words.answer(outcome.answer.value)), tuple(_label(key, vocabulary, language) for key in facts), unknown)
    return controls, answer, {}


def _control(key: str, value: str, vocabulary: Vocabulary, language: str) -> TriedFact:
    definition = FACTS[key]
    options: Sequence[tuple[str, str]] = ()
    if definition.kind is Kind.FLAG:
        options = [(x, catalogue_words.yes_or_no(truth=x == "yes")) for x in ("yes", "no")]
    elif definition.kind is Kind.CHOICE:
        words = vocabulary.fact_schema(definition.category, definition.name).get("x-values", {})
        options = [(x, str(words[x][language]) if x in words else x) for x in definition.choices]
    choices = (Choice("", str(editor_words.UNKNOWN), not value), *(Choice(x, label, x == value) for x, label in options)) if options else ()
    return TriedFact(f"f.{key}", _label(key, vocabulary, language), value, choices, str(editor_words.unit(definition.kind.value)))


def _value(key: str, said: str) -> FactValue:
    kind = FACTS[key].kind
    if kind is Kind.FLAG:
        return {"yes": True, "no": False}[said] if said in ("yes", "no") else said
    return int(said) if kind in (Kind.AMOUNT, Kind.AGE, Kind.COUNT, Kind.METER) else said


def _label(key: str, vocabulary: Vocabulary, language: str) -> str:
    category, _, name = key.rpartition(".")
    return str(vocabulary.fact_schema(category, name)["x-label"][language])
