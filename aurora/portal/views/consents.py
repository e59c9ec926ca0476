"""Consents: what was decided, the text that was shown, and withdrawing."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aurora.journeys import withdraw as journey
from aurora.portal import forms
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import consents as present
from aurora.portal.present import log, told
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui.contexts import ConsentPage, ConsentsPage, ConsentState, WithdrawnPage
from consent import acting, queries
from consent.errors import InvalidInput, NotFound
from consent.ledger import queries as ledger
from consent.models import ConsentRecord
from consent.rules import CITIZEN
from consent.scope import citizen_scope

USES_SHOWN = 20


def _mine(request: HttpRequest, consent_id: UUID) -> ConsentRecord:
    found = queries.for_citizen(citizen_id=me(request)).filter(pk=consent_id).first()
    if found is None:
        raise NotFound()
    return found


@require_safe
@for_citizens
def consents(request: HttpRequest) -> HttpResponse:
    """Active and past apart; what is past is kept."""
    now, vocabulary = timezone.now(), Vocabulary()
    with citizen_scope(me(request)):
        records = list(queries.for_citizen(citizen_id=me(request)))
        how_far = told.last_of_each([r.pk for r in records if r.source_id is None], now=now)
        cards = present.cards(records, vocabulary, now=now, how_far=how_far)
    active = tuple(c for c in cards if c.state is ConsentState.ACTIVE)
    page = ConsentsPage(
        active, tuple(c for c in cards if c not in active), sources_url="" if acting.current() else reverse("portal:sources")
    )
    return render(request, "portal/consents.html", {"page": page})


@require_safe
@for_citizens
def consent(request: HttpRequest, id: UUID) -> HttpResponse:
    """One decision: the exact text, its history, and every use made of it."""
    vocabulary = Vocabulary()
    with citizen_scope(me(request)):
        record = _mine(request, id)
        uses = ledger.visible(me(request)).filter(consent_ids__contains=[id], event__in=log.USES).order_by("-seq")
        page = ConsentPage(
            consent=present.card(record, vocabulary, now=timezone.now()),
            notice=present.notice(record.notice),
            notice_language=record.notice.language,
            notice_sha256=record.notice_id,
            history=present.history(record),
            uses=log.rows(uses[:USES_SHOWN], vocabulary),
            consents_url=reverse("portal:consents"),
            activity_url=present.accesses_url(id),
            told=told.told(id, vocabulary, now=timezone.now()),
        )
    return render(request, "portal/consent.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def withdraw(request: HttpRequest, id: UUID) -> HttpResponse:
    """Say what follows, then do it: two steps, no reason asked. All of it, or what is ticked."""
    if request.method != "POST":
        return _ask(request, id)
    part, keep = forms.to_withdraw(request.POST)
    try:
        done = journey.end(citizen_id=me(request), consent_id=id, categories=part, keep=keep, now=timezone.now())
    except InvalidInput:
        return _ask(request, id, error="withdraw_category_required")
    return _withdrawn(request, done)


def _ask(request: HttpRequest, id: UUID, *, error: str = "") -> HttpResponse:
    now, sent = timezone.now(), request.POST
    with citizen_scope(me(request)):
        record = _mine(request, id)
        checked, keep = sent.getlist("categories"), sent.get("keep") == "yes"
        page = present.withdraw_page(record, Vocabulary(), now=now, checked=checked, keep=keep, error=error)
    if page.consent.state is not ConsentState.ACTIVE:
        return HttpResponseRedirect(page.consent.url)
    return render(request, "portal/withdraw.html", {"page": page}, status=400 if error else 200)


def _withdrawn(request: HttpRequest, done: journey.Withdrawn) -> HttpResponse:
    vocabulary = Vocabulary()
    with citizen_scope(me(request)):
        record = _mine(request, done.record.pk)
        page = WithdrawnPage(
            consent=present.card(record, vocabulary, now=timezone.now()),
            consequences=present.consequences(record, kept=done.facts_kept > 0),
            consents_url=reverse("portal:consents"),
            entry_url=reverse("portal:entry", args=[done.entry_id]),
            receipt_url=present.history(record)[-1].receipt_url,
            categories=tuple(vocabulary.category(code) for code in done.categories),
            whole=done.whole,
            kept=done.facts_kept > 0,
            data_url=reverse("portal:my_data"),
            declared=record.source is not None and record.source.code == CITIZEN,
        )
    return render(request, "portal/withdrawn.html", {"page": page})
