"""Help and rights: pages for everyone, whoever is signed in and for whomever they act."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from aurora.portal.auth import for_everyone
from aurora.ui import help as texts
from aurora.ui.authority_words import authority
from aurora.ui.contexts.concerns import Complain
from aurora.ui.contexts.help import HelpPage, HelpTopicPage


@require_safe
@for_everyone
def topics(request: HttpRequest) -> HttpResponse:
    """What there is help with."""
    return render(request, "portal/help.html", {"page": HelpPage(texts.topics())})


@require_safe
@for_everyone
def topic(request: HttpRequest, topic: str) -> HttpResponse:
    """One topic."""
    if topic not in texts.ORDER:
        raise Http404
    return render(request, "portal/help_topic.html", {"page": _page(topic)})


@require_safe
@for_everyone
def rights(request: HttpRequest) -> HttpResponse:
    """Each right of the GDPR, with where it is used."""
    return render(request, "portal/rights.html", {"page": _page(texts.RIGHTS)})


def _page(code: str) -> HelpTopicPage:
    others = tuple(one for one in texts.topics() if one.code != code)
    return HelpTopicPage(texts.topic(code), others, Complain(*authority(settings.AURORA_JURISDICTION, sandbox=settings.AURORA_SANDBOX)))
