"""From database functions that name no citizen, to the console's pages about withdrawals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.http import QueryDict
from django.urls import reverse

from aurora.console.paging import Turns
from aurora.journeys.end_consents import REASONS
from aurora.portal.present.vocabulary import Vocabulary
from aurora.sources import registry
from aurora.ui import withdrawal_words as words
from aurora.ui.contexts import EndConsentPage, FieldError, Option, OrderRow, TellingCount, TroubleRow, WithdrawalsPage
from aurora.ui.templatetags.aurora import localized
from consent.webhooks import queue
from consent.webhooks.models import Delivery, SourceEnding
from consent.webhooks.queue import Trouble

SHOWN = 200
ORDERS_SHOWN = 10
# Of each table at once: with all three full of long names the page is within its 40 kB.
AGENCIES, TROUBLES = 12, 10
OF_A_SOURCE = ("source_ended", "unlawful")


def withdrawals(asked: Mapping[str, str], *, operator: UUID, may_end: bool, may_retry: bool, now: datetime) -> WithdrawalsPage:
    """How it stands with what agencies were told. Exact figures: that a single notice has not arrived is the work (docs/security/data.md)."""
    vocabulary, turns = Vocabulary(), Turns(asked, "agencies", "troubles")
    # Those that wait or run first: who must decide finds them however many came after.
    orders = SourceEnding.objects.select_related("source").order_by(F("finished_at").desc(nulls_first=True), "-ordered_at")[:ORDERS_SHOWN]
    return WithdrawalsPage(
        counts=tuple(
            TellingCount(vocabulary.agency(c.agency), c.client_id, c.pending, c.delivered, c.failed, c.unconfirmed, c.overdue, c.confirmed)
            for c in turns.cut("agencies", queue.counts(now=now), most=AGENCIES)
        ),
        troubled=tuple(
            _trouble(row, vocabulary, now, may_retry=may_retry)
            for row in turns.cut("troubles", queue.troubled(now=now, most=SHOWN), most=TROUBLES)
        ),
        orders=tuple(_order(o, operator, may_end=may_end) for o in orders),
        end_url=reverse("console:end_consent") if may_end else "",
        turns=turns.ways,
    )


def end_consent(sent: QueryDict, *, errors: Mapping[str, str]) -> EndConsentPage:
    """The forms, with what was sent."""
    sources = registry.active().order_by("agency__code")
    return EndConsentPage(
        reasons=_options(REASONS, sent.get("reason", "")),
        source_reasons=_options(OF_A_SOURCE, sent.get("source_reason", "")),
        sources=tuple(Option(s.agency.code, localized(s.agency.name), s.agency.code == sent.get("source")) for s in sources),
        back_url=reverse("console:withdrawals"),
        wanted=sent.get("wanted", "")[:64],
        case=sent.get("case", "")[:64],
        source_case=sent.get("source_case", "")[:64],
        errors=tuple(FieldError(field, str(words.field_error(code))) for field, code in errors.items()),
    )


def _order(row: SourceEnding, operator: UUID, *, may_end: bool) -> OrderRow:
    waits = row.confirmed_at is None and row.finished_at is None
    return OrderRow(
        id=str(row.pk),
        source=row.source.name,
        reason=str(words.reason(row.reason)),
        case=row.case,
        ordered_at=row.ordered_at,
        finished_at=row.finished_at,
        waits=waits,
        declined=row.declined_by is not None,
        own=row.ordered_by == operator,
        decide_url=reverse("console:decide_source_ending") if waits and may_end else "",
    )


def _options(codes: tuple[str, ...], chosen: str) -> tuple[Option, ...]:
    return tuple(Option(code, str(words.reason(code)), code == chosen) for code in codes)


def _trouble(row: Trouble, vocabulary: Vocabulary, now: datetime, *, may_retry: bool) -> TroubleRow:
    failed = row.state == Delivery.State.FAILED
    return TroubleRow(
        id=str(row.delivery_id),
        agency=vocabulary.agency(row.agency),
        client=row.client_id,
        what=str(words.told(row.kind)),
        reason=str(words.delivery_error(row.error)) if row.error else "",
        attempts=row.attempts,
        at=row.created_at,
        next_at=row.due_at,
        confirm_by=row.confirm_by if row.confirm_by and row.confirm_by <= now else None,
        failed=failed,
        retry_url=reverse("console:retry_delivery", args=[row.delivery_id]) if failed and may_retry else "",
    )
