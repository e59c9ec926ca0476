"""Feedback on suggestions: what can be said of each, what was said, and what was set aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from aurora.journeys import give_feedback
from aurora.journeys.give_feedback import LONGEST_WORDS, Kind, Said, Why
from aurora.portal import mandated
from aurora.portal.present.suggestions import card_url
from aurora.ui import feedback_words
from aurora.ui.contexts import FeedbackView, FieldError, NotForMePage, SetAsideView, SuggestionsPage, SuggestionView, WhyChoice
from consent import acting
from recommender.catalogue import PublicService, store

_PREFETCH = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


def meant(request: HttpRequest) -> bool:
    """Whether a GET is a person's wish to see this page now: no HEAD, nothing fetched ahead of them, and led here by no other site.

    Browsers say so (Fetch Metadata, `Sec-Purpose`); of one that says nothing it is believed.
    """
    ahead = any(word in request.META.get(name, "").lower() for name in _PREFETCH for word in ("prefetch", "prerender", "preview"))
    aside = request.META.get("HTTP_SEC_FETCH_DEST", "document") != "document"
    return request.method == "GET" and not ahead and not aside and request.META.get("HTTP_SEC_FETCH_SITE") != "cross-site"


def added(request: HttpRequest, page: SuggestionsPage, *, citizen_id: UUID) -> SuggestionsPage:
    """The page of suggestions with what can be said of each, and what was set aside."""
    if not page.allowed:
        return page
    said = give_feedback.said(citizen_id=citizen_id)
    every = (*page.suggestions, *page.rest)
    found = _views(request, said, UUID(page.run_id), [one.code for one in every])

    def with_feedback(one: SuggestionView) -> SuggestionView:
        return replace(one, feedback=found[one.code], url=found[one.code].open_url if one.url else "")

    return replace(
        page,
        suggestions=tuple(map(with_feedback, page.suggestions)),
        rest=tuple(map(with_feedback, page.rest)),
        set_aside=_set_aside(request, give_feedback.set_aside(citizen_id=citizen_id, said=said)),
    )


def note_shown(request: HttpRequest, page: SuggestionsPage, *, citizen_id: UUID) -> None:
    """Note that the page's cards were shown. The rest of the list is noted when it is asked for."""
    if page.allowed and page.suggestions and meant(request):
        services = [one.code for one in page.suggestions]
        give_feedback.shown(citizen_id=citizen_id, run_id=UUID(page.run_id), services=services, now=timezone.now())


def _views(request: HttpRequest, said: Iterable[Said], run_id: UUID, services: Iterable[str]) -> dict[str, FeedbackView]:
    """By service of a run, what the citizen can say of it and has said."""
    last = {(one.service, one.kind): one for one in said}

    def view(service: str) -> FeedbackView:
        own = [last[service, kind] for kind in (Kind.HELPFUL, Kind.APPLIED) if (service, kind) in last]
        return FeedbackView(
            run=str(run_id),
            service=service,
            give_url=reverse("portal:feedback"),
            undo_url=reverse("portal:feedback_undo"),
            reason_url=reverse("portal:not_for_me", args=[run_id, service]),
            open_url=reverse("portal:suggestion_open", args=[run_id, service]),
            helpful=(service, Kind.HELPFUL) in last,
            applied=(service, Kind.APPLIED) in last,
            by_other=any(one.by_other for one in own),
            whom=mandated.whom(request),
        )

    return {service: view(service) for service in services}


def _set_aside(request: HttpRequest, said: Iterable[Said]) -> tuple[SetAsideView, ...]:
    """What is not suggested since the citizen said so, the newest first, once a service."""
    catalogue = store.current()
    newest = {one.service: one for one in said}
    found = sorted(newest.values(), key=lambda one: one.at, reverse=True)
    return tuple(
        SetAsideView(
            service=one.service,
            # One that has left the catalogue since is still theirs to take back.
            name=catalogue[one.service].name if one.service in catalogue else dict.fromkeys(("fi", "sv", "en"), one.service),
            why=feedback_words.why(one.why, of_another=acting.current() is not None),
            at=one.at,
            undo_url=reverse("portal:feedback_undo"),
            by_other=one.by_other,
            whom=mandated.whom(request),
        )
        for one in found
    )


def not_for_me_page(
    request: HttpRequest, service: PublicService, *, why: str = "", words: str = "", errors: Mapping[str, str] | None = None
) -> NotForMePage:
    """The form that asks why."""
    of_another = acting.current() is not None
    return NotForMePage(
        name=service.name,
        choices=tuple(
            WhyChoice(
                code, feedback_words.why(code, of_another=of_another), feedback_words.hint(code, of_another=of_another),
                words=code == Why.OTHER, checked=code == why,
            )
            for code in Why.values
        ),
        back_url=card_url(service.identifier),
        longest=LONGEST_WORDS,
        words=words,
        whom=mandated.whom(request),
        errors=tuple(FieldError(name, feedback_words.form_error(code)) for name, code in (errors or {}).items()),
    )  # fmt: skip
