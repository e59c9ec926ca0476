"""Concerns: reporting one about an entry, the list of one's cases, and one case with what can be done in it. Theirs alone: never for another."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from aurora.journeys import raise_concern
from aurora.journeys.raise_concern import TooManyOpen
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import concerns as present
from aurora.portal.present.vocabulary import Vocabulary
from consent.concerns.texts import LONGEST
from consent.errors import Conflict, InvalidInput, NotFound
from consent.ledger import queries as ledger
from consent.scope import citizen_scope

FORM = ["GET", "HEAD", "POST"]


@require_safe
@for_citizens
def concerns(request: HttpRequest) -> HttpResponse:
    """All of one's cases."""
    page = present.page(raise_concern.mine(citizen_id=me(request)), now=timezone.now())
    return render(request, "portal/concerns.html", {"page": page})


@require_http_methods(FORM)
@for_citizens
def new(request: HttpRequest, id: UUID) -> HttpResponse:
    """Report a concern about an entry."""
    kind, text, errors = request.POST.get("kind", "")[:16], _text(request), dict[str, str]()
    if request.method == "POST":
        try:
            case = raise_concern.raise_(
                citizen_id=me(request), entry_id=id, kind=kind, text=text, language=get_language() or "en", now=timezone.now()
            )
            return HttpResponseRedirect(reverse("portal:concern", args=[case]))
        except (InvalidInput, TooManyOpen, Conflict) as error:
            errors = error.fields if isinstance(error, InvalidInput) else {"text": error.code}
    return _form(request, id, kind, text, errors)


@require_http_methods(FORM)
@for_citizens
def concern(request: HttpRequest, id: UUID) -> HttpResponse:
    """One case; POST replies to the answer, or closes the case."""
    text, errors = _text(request), dict[str, str]()
    if request.method == "POST":
        try:
            _move(request, id, text)
            return HttpResponseRedirect(reverse("portal:concern", args=[id]))
        except (InvalidInput, Conflict) as error:
            errors = error.fields if isinstance(error, InvalidInput) else {"case": error.code}
    page = present.one(raise_concern.one(citizen_id=me(request), concern_id=id), text=text, errors=errors, now=timezone.now())
    return render(request, "portal/concern.html", {"page": page}, status=400 if errors else 200)


def _move(request: HttpRequest, id: UUID, text: str) -> None:
    decision, shown = request.POST.get("decision", ""), request.POST.get("seen", "")
    seen = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 4 else -1
    if decision == "reply":
        raise_concern.reply(citizen_id=me(request), concern_id=id, text=text, seen=seen, now=timezone.now())
    else:
        raise_concern.close(citizen_id=me(request), concern_id=id, outcome=decision, seen=seen, now=timezone.now())


def _form(request: HttpRequest, id: UUID, kind: str, text: str, errors: dict[str, str]) -> HttpResponse:
    with citizen_scope(me(request)):
        entry = ledger.visible(me(request)).filter(pk=id).first()
        about = raise_concern.answers_for(entry) if entry is not None else ""
        if entry is None or not about:
            raise NotFound()
        page = present.form(entry, about, Vocabulary(), kind=kind, text=text, errors=errors, now=timezone.now())
    return render(request, "portal/concern_new.html", {"page": page}, status=400 if errors else 200)


def _text(request: HttpRequest) -> str:
    """As it was sent: what cannot be kept is said beside it. Longer than can be kept is cut just behind, so that it is still too long."""
    return request.POST.get("text", "").replace("\r\n", "\n")[: LONGEST + 100]
