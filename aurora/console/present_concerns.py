"""From counts that name no citizen, and from cases about Aurora, to the console's pages of concerns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse

from aurora.console.paging import Turns
from aurora.corrections import across as corrections
from aurora.journeys.answer_concern import MOST, Asked
from aurora.portal.present.concerns import field_errors, said, standing
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import catalogue_words, concern_words, words
from aurora.ui.contexts import ConcernChoice, ConcernCount, ConsoleConcernPage, ConsoleConcernsPage, LateRow, OursRow
from aurora.ui.contexts.concerns import CorrectionCount
from consent.concerns import across
from consent.concerns.models import Concern
from consent.rules import AURORA

SHOWN = 200
# Of each table at once: with all full of long names the page is within its 40 kB.
A_TABLE = 10
ANSWERS = ("lawful", "mistake", "later")


def concerns(asked: Mapping[str, str], ours: tuple[Asked, ...] | None, *, now: datetime) -> ConsoleConcernsPage:
    """How it stands. Exact figures: that a single answer is late is the work (docs/security/data.md)."""
    vocabulary, turns = Vocabulary(), Turns(asked, "ours", "agencies", "late", "corrections")
    return ConsoleConcernsPage(
        counts=tuple(ConcernCount(vocabulary.agency(c.about), *c[1:]) for c in turns.cut("agencies", across.counts(now=now), most=A_TABLE)),
        late=tuple(
            LateRow(
                str(row.concern_id), vocabulary.agency(row.about), concern_words.kind(row.kind, of_others=True), row.raised_at, row.due_at
            )
            for row in turns.cut("late", across.late(now=now, most=SHOWN), most=A_TABLE)
        ),
        ours=None if ours is None else tuple(_ours(one.row, now) for one in turns.cut("ours", ours, most=A_TABLE)),
        more=ours is not None and len(ours) == MOST,
        corrections=tuple(
            CorrectionCount(vocabulary.agency(c.source), *c[1:])
            for c in turns.cut("corrections", corrections.counts(now=now), most=A_TABLE)
        ),
        turns=turns.ways,
    )


def concern(case: Asked, sent: QueryDict, *, errors: Mapping[str, str]) -> ConsoleConcernPage:
    """One case about Aurora itself."""
    row = case.row
    return ConsoleConcernPage(
        title=concern_words.kind(row.kind, of_others=True),
        event=str(words.event_title(row.event)),
        at=row.entry_at,
        due_at=row.due_at,
        state=concern_words.state(row.state),
        language=catalogue_words.spoken(row.language),
        said=tuple(said(one, Vocabulary().agency(AURORA), to_us=True) for one in case.said),
        choices=tuple(
            ConcernChoice(code, concern_words.answer(code), code == sent.get("kind"))
            for code in ANSWERS
            if code != "later" or row.put_off_at is None
        ),
        back_url=reverse("console:concerns"),
        may_answer=row.state == Concern.State.OPEN,
        text=sent.get("text", "")[:4100],
        note=sent.get("note", "")[:600],
        until=sent.get("until", "")[:10],
        errors=field_errors(errors),
    )


def _ours(row: Concern, now: datetime) -> OursRow:
    return OursRow(
        kind=concern_words.kind(row.kind, of_others=True),
        at=row.raised_at,
        due_at=row.due_at,
        late=standing(row, now) == "overdue",
        url=reverse("console:concern", args=[row.pk]),
    )
