"""From rows that name no citizen to the console's pages about break-glass, and the one page that shows what was read."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from aurora.console.paging import newest_first
from aurora.identity.models import Operator
from aurora.journeys import break_glass as journey
from aurora.portal.present.data import fact_row
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import glass_words as words
from aurora.ui.contexts import FieldError, Option
from aurora.ui.contexts.break_glass import (
    AskGlassPage,
    BreakGlassPage,
    GlassAlarm,
    GlassChoice,
    GlassGroup,
    GlassReadRow,
    GlassRequestPage,
    GlassRow,
    GlassValuesPage,
)
from consent import ids
from consent.breakglass import queries
from consent.breakglass.models import Request
from consent.ledger.models import Leaf
from consent.rules import glass as rules
from consent.rules.glass import Standing

A_PAGE = 25
ALARMS_FOR = timedelta(days=30)
ALARMS_SHOWN = 20
_TAGS = {Standing.WAITS: "au-tag--busy", Standing.OPEN: "au-tag--attention"}
Faults = Mapping[str, str]


def listed(sent: QueryDict, *, may_ask: bool, now: datetime, after: Request | None = None) -> BreakGlassPage:
    """All requests, or those that the filter leaves, from the newest on (those behind `after`); what is overdue, and what operators tried."""
    state, reason, operator = (sent.get(name, "")[:64].replace("\x00", "") for name in ("state", "reason", "operator"))
    found, last = newest_first(_filtered(state, reason, operator, now), "asked_at", after=after, most=A_PAGE)
    alarms = list(queries.alarms(now=now, within=ALARMS_FOR)[:ALARMS_SHOWN])
    names, vocabulary, at = _names([*_people(found), *(a.operator for a in alarms)]), Vocabulary(), reverse("console:break_glass")
    query = {"state": state, "reason": reason, "operator": operator, "after": str(last.pk) if last else ""}
    return BreakGlassPage(
        rows=tuple(_row(row, names, vocabulary, now) for row in found),
        alarms=tuple(
            GlassAlarm(str(words.alarm(a.kind)), names[a.operator], a.at, _url(a.request_id) if a.request_id else "") for a in alarms
        ),
        states=tuple(Option(one, str(words.standing(one)), one == state) for one in _STATES),
        reasons=tuple(Option(one, str(words.reason(one)), one == reason) for one in journey.REASONS),
        waiting=queries.waiting(now=now).count(),
        open=queries.standing_open(now=now).count(),
        overdue=queries.overdue(now=now).count(),
        condemned=Request.objects.filter(verdict=Request.Verdict.NOT_JUSTIFIED).count(),
        operator=operator,
        filtered=bool(state or reason or operator),
        ask_url=reverse("console:ask_break_glass") if may_ask else "",
        clear_url=at,
        next_url=f"{at}?{urlencode({k: v for k, v in query.items() if v})}" if query["after"] else "",
    )


def for_overview(*, now: datetime) -> tuple[str, int]:
    """The list's address, and how much of it wants looking at: reviews overdue, and what operators tried of late."""
    return reverse("console:break_glass"), queries.to_look_into(now=now, within=ALARMS_FOR)


# What can be chosen: time makes two of one state.
_STATES = ("waits", "open", "over", "declined", "nobody")


def _filtered(state: str, reason: str, operator: str, now: datetime) -> QuerySet[Request]:
    of_state = {
        "waits": queries.waiting(now=now),
        "open": queries.standing_open(now=now),
        "over": Request.objects.filter(state="approved").exclude(pk__in=queries.standing_open(now=now).values("pk")),
        "declined": Request.objects.filter(state__in=("declined", "taken_back")),
        "nobody": Request.objects.filter(state="nobody"),
    }
    found = of_state.get(state, Request.objects.all())
    if reason:
        found = found.filter(reason=reason)
    if operator:
        found = found.filter(asked_by__in=Operator.objects.filter(username=operator).values("pk"))
    return found.annotate(read_count=Count("reads"))


def ask(sent: QueryDict, *, errors: Faults) -> AskGlassPage:
    """The form, with what was sent, but for whose data it was: that never comes back."""
    chosen = set(sent.getlist("categories"))
    return AskGlassPage(
        form=_form(sent),
        reasons=tuple(Option(code, str(words.reason(code)), code == sent.get("reason")) for code in journey.REASONS),
        categories=_choices(Vocabulary().categories, chosen),
        minutes=tuple(Option(str(n), str(n), str(n) == sent.get("minutes")) for n in rules.MINUTES),
        back_url=reverse("console:break_glass"),
        text=sent.get("text", "")[:2000],
        case=sent.get("case", "")[:64],
        errors=field_errors(errors),
    )


def request(row: Request, *, operator: Operator, sent: QueryDict, errors: Faults, now: datetime) -> GlassRequestPage:
    """One request, and what whoever sits there may do with it. Values are never on it, and operators' words only for who decides or reviews."""
    officer, auditor = (role in operator.roles for role in (Operator.Role.PRIVACY_OFFICER, Operator.Role.AUDITOR))
    stands, mine, vocabulary = _standing(row, now), row.asked_by == operator.pk, Vocabulary()
    parties = (row.asked_by, row.decided_by)
    reads = list(row.reads.order_by("at", "pk"))
    row.read_count = len(reads)  # type: ignore[attr-defined]
    names = _names([*_people([row]), *([row.reviewed_by] if row.reviewed_by else [])])
    return GlassRequestPage(
        row=_row(row, names, vocabulary, now),
        text=journey.reason_of(row) if officer or auditor else "",
        minutes=row.minutes,
        back_url=reverse("console:break_glass"),
        until=row.expires_at,
        ended_at=row.ended_at,
        reads=_reads(reads, vocabulary),
        review=journey.review_of(row) if officer or auditor else "",
        reviewed_by=names[row.reviewed_by] if row.reviewed_by else "",
        is_mine=mine,
        may_decide=officer and not mine and stands is Standing.WAITS,
        may_take_back=officer and mine and stands is Standing.WAITS,
        may_read=officer and mine and stands is Standing.OPEN,
        may_end=officer and operator.pk in parties and stands is Standing.OPEN,
        may_review=auditor and operator.pk not in parties and stands is Standing.OVER and not row.verdict,
        form=str(uuid.uuid4()),
        choices=_choices({code: vocabulary.categories[code] for code in row.categories if code in vocabulary.categories}, set()),
        verdicts=tuple(Option(v, str(words.verdict(v)), v == sent.get("verdict")) for v in Request.Verdict.values),
        review_sent=sent.get("review", "")[:2000],
        errors=field_errors(errors),
    )


def values(reading: journey.Reading) -> GlassValuesPage:
    """What was read, by kind of data. Shown once, in the answer to the POST."""
    vocabulary, row = Vocabulary(), reading.request
    assert row.expires_at is not None
    return GlassValuesPage(
        case=row.case,
        reason=str(words.reason(row.reason)),
        until=row.expires_at,
        entry_id=str(reading.entry_id),
        back_url=_url(row.pk),
        groups=tuple(
            GlassGroup(vocabulary.category(code), tuple(fact_row(f, vocabulary) for f in reading.facts if f.category == code))
            for code in reading.categories
        ),
    )


def field_errors(wrong: Faults) -> tuple[FieldError, ...]:
    """Each fault beside its control."""
    return tuple(FieldError(name, str(words.field_error(code))) for name, code in wrong.items())


def _reads(found: Iterable[Any], vocabulary: Vocabulary) -> tuple[GlassReadRow, ...]:
    rows = list(found)
    leaves = dict(Leaf.objects.filter(entry_id__in=[r.entry_id for r in rows]).values_list("entry_id", "index"))
    return tuple(GlassReadRow(r.at, tuple(vocabulary.category(c) for c in r.categories), leaves.get(r.entry_id)) for r in rows)


def _row(row: Request, names: Mapping[UUID, str], vocabulary: Vocabulary, now: datetime) -> GlassRow:
    stands = _standing(row, now)
    over = rules.over_at(expires_at=row.expires_at, ended_at=row.ended_at) if row.expires_at else None
    return GlassRow(
        id=str(row.pk),
        standing=str(words.standing(stands)),
        tag=_TAGS.get(stands, "au-tag--mark"),
        reason=str(words.reason(row.reason)),
        case=row.case,
        categories=tuple(vocabulary.category(code) for code in row.categories),
        asked_by=names[row.asked_by],
        asked_at=row.asked_at,
        decided_by=names[row.decided_by] if row.decided_by else "",
        reads=row.read_count,  # type: ignore[attr-defined]
        verdict=str(words.verdict(row.verdict)) if row.verdict else "",
        condemned=row.verdict == Request.Verdict.NOT_JUSTIFIED,
        overdue=over is not None and not row.verdict and over + rules.REVIEW_WITHIN <= now,
        url=_url(row.pk),
    )


def _standing(row: Request, now: datetime) -> Standing:
    return rules.standing(state=row.state, asked_at=row.asked_at, expires_at=row.expires_at, ended_at=row.ended_at, now=now)


def _choices(categories: Mapping[str, Any], chosen: set[str]) -> tuple[GlassChoice, ...]:
    return tuple(GlassChoice(code, version.name, code in chosen, version.sensitive) for code, version in sorted(categories.items()))


def _form(sent: QueryDict) -> str:
    """The form's own id: the one that was sent, if it is one, so that what is sent again after a correction is still one request."""
    return str(ids.typed(sent.get("form", "")) or uuid.uuid4())


def _people(rows: Iterable[Request]) -> list[UUID]:
    return [one for row in rows for one in (row.asked_by, row.decided_by) if one is not None]


def _names(ids: Iterable[UUID]) -> dict[UUID, str]:
    wanted = set(ids)
    return {**dict.fromkeys(wanted, "–"), **dict(Operator.objects.filter(pk__in=wanted).values_list("pk", "name"))}


def _url(request_id: UUID) -> str:
    return reverse("console:break_glass_request", args=[request_id])
