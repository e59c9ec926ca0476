"""A citizen's cases as pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from aurora.journeys import raise_concern
from aurora.journeys.raise_concern import Case, Said
from aurora.portal.present import log
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import authority_words, concern_words, mandate_words, words
from aurora.ui.contexts import Complain, ConcernChoice, ConcernFormPage, ConcernPage, ConcernRow, ConcernsPage, FieldError, SaidView
from consent import acting
from consent.concerns import texts
from consent.concerns.models import Concern, ConcernPart
from consent.ledger.models import LedgerEntry
from consent.rules import AURORA

_TONES = {"open": "busy", "overdue": "bad", "answered": "good", "closed": "mark"}
State = Concern.State


def standing(row: Concern, now: datetime) -> str:
    """`open`, `overdue`, `answered` or `closed`."""
    return "overdue" if row.state == State.OPEN and row.due_at <= now else str(row.state)


def form(
    entry: LedgerEntry, about: str, vocabulary: Vocabulary, *, kind: str = "", text: str = "", errors: Mapping[str, str], now: datetime
) -> ConcernFormPage:
    """The form. In the citizen's scope."""
    return ConcernFormPage(
        entry=log.rows([entry], vocabulary)[0],
        answers=vocabulary.agency(about),
        ours=about == AURORA,
        answer_by=now + settings.AURORA_CONCERN_ANSWER_WITHIN,
        choices=tuple(ConcernChoice(code, concern_words.kind(code), code == kind) for code in Concern.Kind.values),
        back_url=reverse("portal:entry", args=[entry.pk]),
        longest=texts.LONGEST,
        text=text,
        errors=field_errors(errors),
    )


def page(found: tuple[Concern, ...], *, now: datetime) -> ConcernsPage:
    """All cases."""
    vocabulary = Vocabulary()
    return ConcernsPage(tuple(_row(row, vocabulary, now) for row in found), reverse("portal:activity"))


def one(case: Case, *, text: str = "", errors: Mapping[str, str], now: datetime) -> ConcernPage:
    """One case with its history."""
    row, vocabulary = case.row, Vocabulary()
    stands = standing(row, now)
    return ConcernPage(
        title=concern_words.kind(row.kind),
        about=vocabulary.agency(row.about),
        state=concern_words.state(stands),
        tone=_TONES[stands],
        said=tuple(said(one, vocabulary.agency(row.about)) for one in case.said),
        seen=len(case.said),
        entry_url=reverse("portal:entry", args=[row.entry_id]),
        list_url=reverse("portal:concerns"),
        due_at=row.due_at if row.state == State.OPEN else None,
        told_at=case.told_at,
        outcome=concern_words.outcome(row.outcome, for_child=row.mandate_id is not None),
        ours=row.about == AURORA,
        may_reply=case.may_move and stands == "answered" and row.replied_at is None,
        may_accept=case.may_move and stands == "answered",
        may_complain=case.may_move and stands in ("answered", "overdue"),
        may_withdraw=case.may_move and row.state == State.OPEN,
        left_to_guardian=not case.may_move and row.state != State.CLOSED,
        complain=_complain() if stands == "overdue" or row.outcome == Concern.Outcome.NOT_SATISFIED else None,
        longest=texts.LONGEST,
        text=text,
        errors=field_errors(errors),
    )


def _complain() -> Complain:
    return Complain(*authority_words.authority(settings.AURORA_JURISDICTION, sandbox=settings.AURORA_SANDBOX))


def said(one: Said, answers: Mapping[str, str], *, to_us: bool = False) -> SaidView:
    """One part; `answers`: the name of who answers."""
    mine = one.row.by == ConcernPart.By.CITIZEN
    return SaidView(
        title=concern_words.said(one.row.kind, to_us=to_us, for_child=one.guardian is not None or acting.current() is not None),
        who=({} if to_us else _who(one)) if mine else answers,
        at=one.row.at,
        text=one.text,
        note=one.note,
        lawful=one.row.kind == ConcernPart.Kind.LAWFUL,
        until=one.row.until,
    )


def _who(one: Said) -> Mapping[str, str]:
    """Who spoke on the citizen's side, as whoever reads it may know it."""
    doing, guardian = acting.current(), one.guardian
    if guardian is None:
        return words.YOU if doing is None else dict.fromkeys(words.YOU, doing.principal_name)
    if doing is not None and doing.attorney == guardian.id:
        return words.YOU
    return mandate_words.attorney_as(raise_concern.name_of(guardian), "guardian")


def field_errors(errors: Mapping[str, str]) -> tuple[FieldError, ...]:
    return tuple(FieldError(field, concern_words.error(code)) for field, code in errors.items())


def _row(row: Concern, vocabulary: Vocabulary, now: datetime) -> ConcernRow:
    stands = standing(row, now)
    return ConcernRow(
        title=concern_words.kind(row.kind),
        about=vocabulary.agency(row.about),
        state=concern_words.state(stands),
        tone=_TONES[stands],
        at=row.raised_at,
        url=reverse("portal:concern", args=[row.pk]),
        due_at=row.due_at if row.state == State.OPEN else None,
        by_guardian=row.mandate_id is not None and acting.current() is None,
    )
