"""Statements side by side, what was known before, and requests to correct a fact, as pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from aurora.corrections.models import Correction
from aurora.journeys import correct
from aurora.journeys.correct import Asked, Doubted
from aurora.journeys.settle import History, Side
from aurora.portal.present.data import fact_row
from aurora.portal.present.vocabulary import Vocabulary
from aurora.twin.truth import Reason, Standing
from aurora.twin.values import FactView
from aurora.ui import authority_words, fact_words
from aurora.ui.contexts import Complain, FieldError
from aurora.ui.contexts.facts import (
    ConceptView,
    CorrectionFormPage,
    CorrectionPage,
    CorrectionRow,
    CorrectionsPage,
    DisagreementsPage,
    FactHistoryPage,
    StatementView,
    ValueChoice,
    VersionView,
)
from consent import acting
from consent.concerns import texts
from consent.rules import CITIZEN
from recommender.catalogue.areas import MUNICIPALITIES

State = Correction.State
# By category, key and source.
Open = Mapping[tuple[str, str, str], Correction]


def disagreements(side: Side, open_: Open, *, banner: str = "", errors: Mapping[str, str]) -> DisagreementsPage:
    """`open_`: requests that are open, by (category, key, source)."""
    vocabulary, answering = Vocabulary(), correct.answering()
    shown = [(one.disputed, _concept(one, vocabulary, open_, answering)) for one in side.standings]
    return DisagreementsPage(
        disputed=tuple(view for disputed, view in shown if disputed),
        agreed=tuple(view for disputed, view in shown if not disputed),
        data_url=reverse("portal:my_data"),
        corrections_url=reverse("portal:corrections"),
        entry_url=reverse("portal:entry", args=[side.entry_id]) if side.entry_id else "",
        banner=fact_words.done(banner),
        errors=_errors(errors),
    )


def _concept(standing: Standing, vocabulary: Vocabulary, open_: Open, answering: frozenset[str]) -> ConceptView:
    concept = standing.concept
    may_choose = concept.citizen_may_choose and standing.disputed
    return ConceptView(
        code=concept.code,
        name=concept.name,
        disputed=standing.disputed,
        statements=tuple(_statement(fact, standing, vocabulary, open_, answering, may_choose=may_choose) for fact in standing.said),
        because=fact_words.because(standing.reason),
        why=concept.why,
        may_choose=may_choose,
        chosen=standing.reason is Reason.CHOSEN,
        lapsed=standing.lapsed,
    )


def _statement(
    fact: FactView, standing: Standing, vocabulary: Vocabulary, open_: Open, answering: frozenset[str], *, may_choose: bool
) -> StatementView:
    asked = open_.get((fact.category, fact.key, fact.source))
    decides = fact is standing.deciding
    return StatementView(
        row=fact_row(fact, vocabulary),
        category=vocabulary.category(fact.category),
        decides=decides and standing.disputed,
        choose_id=str(fact.id) if may_choose and not (decides and standing.reason is Reason.CHOSEN) else "",
        correct_url=correct_url(fact) if standing.disputed and asked is None and fact.source in answering else "",
        declared_url=reverse("portal:life") if fact.source == CITIZEN else "",
        asked_url=reverse("portal:correction", args=[asked.pk]) if asked else "",
    )


def correct_url(fact: FactView) -> str:
    """Where the source of a fact is asked to correct it."""
    return reverse("portal:correction_new", args=[fact.id])


def history(found: History, *, on: date | None, typed: str, errors: Mapping[str, str]) -> FactHistoryPage:
    vocabulary = Vocabulary()
    return FactHistoryPage(
        category=found.version.name,
        versions=tuple(VersionView(fact_row(one.fact, vocabulary), one.fact.recorded_at, one.superseded_at) for one in found.versions),
        entry_url=reverse("portal:entry", args=[found.entry_id]),
        data_url=reverse("portal:my_data"),
        on=on,
        then=tuple(fact_row(fact, vocabulary) for fact in found.then),
        errors=_errors(errors),
        typed=typed,
    )


def form(doubted: Doubted, *, right: str, why: str, errors: Mapping[str, str], language: str, now: datetime) -> CorrectionFormPage:
    vocabulary, fact = Vocabulary(), doubted.fact
    return CorrectionFormPage(
        row=fact_row(fact, vocabulary),
        category=vocabulary.category(fact.category),
        source=vocabulary.agency(fact.source),
        answer_by=now + settings.AURORA_CONCERN_ANSWER_WITHIN,
        choices=_choices(vocabulary.fact_schema(fact.category, fact.key), fact, right, language),
        back_url=reverse("portal:my_data"),
        longest=texts.LONGEST,
        right=right,
        why=why,
        errors=_errors(errors),
    )


def corrections(asked: tuple[Asked, ...], *, now: datetime) -> CorrectionsPage:
    vocabulary = Vocabulary()
    return CorrectionsPage(tuple(_row(one, vocabulary, now) for one in asked), reverse("portal:my_data"))


def correction(asked: Asked, *, errors: Mapping[str, str], now: datetime) -> CorrectionPage:
    row, vocabulary, stands = asked.row, Vocabulary(), standing(asked.row, now)
    says = FactView(
        row.category, row.category_version, asked.key, asked.says, "reported", row.source, row.since, None, None, row.since
    )  # fmt: skip
    return CorrectionPage(
        title=_title(asked, vocabulary),
        category=vocabulary.category(row.category),
        source=vocabulary.agency(row.source),
        state=fact_words.state(stands),
        tone=fact_words.TONES[stands],
        says=fact_row(says, vocabulary),
        right=fact_row(replace(says, value=asked.right), vocabulary),
        why=asked.why,
        asked_at=row.asked_at,
        list_url=reverse("portal:corrections"),
        due_at=row.due_at if row.state == State.OPEN else None,
        read_at=row.read_at,
        answered_at=row.answered_at,
        answer=asked.answer,
        may_close=row.state == State.OPEN,
        complain=_complain() if stands in ("refused", "overdue") else None,
        errors=_errors(errors),
    )


def standing(row: Correction, now: datetime) -> str:
    """`open`, `overdue`, `corrected`, `refused` or `closed`."""
    return "overdue" if row.state == State.OPEN and row.due_at <= now else str(row.state)


def _row(asked: Asked, vocabulary: Vocabulary, now: datetime) -> CorrectionRow:
    row = asked.row
    stands = standing(row, now)
    return CorrectionRow(
        title=_title(asked, vocabulary),
        source=vocabulary.agency(row.source),
        state=fact_words.state(stands),
        tone=fact_words.TONES[stands],
        at=row.asked_at,
        url=reverse("portal:correction", args=[row.pk]),
        due_at=row.due_at if row.state == State.OPEN else None,
        by_guardian=row.mandate_id is not None and acting.current() is None,
    )


def _title(asked: Asked, vocabulary: Vocabulary) -> Mapping[str, str]:
    label: Mapping[str, str] = vocabulary.fact_schema(asked.row.category, asked.key)["x-label"]
    return label


def _choices(schema: Mapping[str, Any], fact: FactView, right: str, language: str) -> tuple[ValueChoice, ...]:
    """What the fact can be, where that is a short list; nothing where it is typed."""
    if schema.get("type") == "boolean":
        return tuple(ValueChoice(code, fact_words.yes_or_no(code == "true"), code == right) for code in ("true", "false"))
    if "enum" in schema:
        words = schema.get("x-values", {})
        return tuple(ValueChoice(str(one), words.get(one, {}).get(language, str(one)), str(one) == right) for one in schema["enum"])
    if fact.key == "municipality":
        names = sorted((name[language], code) for code, name in MUNICIPALITIES.items())
        return tuple(ValueChoice(code, name, code == right) for name, code in names)
    return ()


def _complain() -> Complain:
    return Complain(*authority_words.authority(settings.AURORA_JURISDICTION, sandbox=settings.AURORA_SANDBOX))


def _errors(errors: Mapping[str, str]) -> tuple[FieldError, ...]:
    return tuple(FieldError(field, fact_words.error(code)) for field, code in errors.items())
