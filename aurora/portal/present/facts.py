"""What was known before, and requests to correct a fact, as pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from aurora.corrections.models import Correction
from aurora.journeys.correct import Asked, Doubted
from aurora.journeys.settle import History
from aurora.portal.present.data import fact_row
from aurora.portal.present.vocabulary import Vocabulary
from aurora.twin.values import FactView
from aurora.ui import authority_words, fact_words
from aurora.ui.contexts import Complain, FieldError
from aurora.ui.contexts.facts import (
    CorrectionFormPage,
    CorrectionPage,
    CorrectionRow,
    CorrectionsPage,
    FactHistoryPage,
    ValueChoice,
    VersionView,
)
from consent import acting
from consent.concerns import texts
from recommender.catalogue.areas import MUNICIPALITIES

State = Correction.State


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
        errors=field_errors(errors),
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
        errors=field_errors(errors),
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
        errors=field_errors(errors),
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


def field_errors(errors: Mapping[str, str]) -> tuple[FieldError, ...]:
    """The form's errors, in words."""
    return tuple(FieldError(field, fact_words.error(code)) for field, code in errors.items())
