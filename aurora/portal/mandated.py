"""Acting for another in the portal: the session keeps the mandate's id and nothing else; each request loads it and asks the rules anew.

A page that is not in `PAGES` cannot be used for another: a new page is closed until somebody has thought about it.
docs/decisions/mandates.md gives the reason for each.
"""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from aurora.identity.models import Citizen
from aurora.journeys import act_for
from aurora.ui import mandate_words
from aurora.ui.contexts import ActingOverPage, ActingRefusedPage
from consent.acting import Acting, MandateRefused
from consent.errors import NotFound
from consent.rules import mandates as rules
from consent.rules.mandates import Deed, MandateFault

SESSION = "acting"
STOP = "mandate_stop"

# By the name of the address. What is done there is decided again by the journey.
PAGES: dict[str, Deed] = {
    "suggestions": Deed.SUGGEST,
    "suggestion_why": Deed.SUGGEST,
    # What somebody says for another hides what they are shown: only who may see all of it may. Noted in the person's activity.
    "feedback": Deed.SUGGEST,
    "feedback_undo": Deed.SUGGEST,
    "not_for_me": Deed.SUGGEST,
    "suggestion_open": Deed.SUGGEST,
    "activity": Deed.SEE,
    "activity_export": Deed.EXPORT,
    "entry": Deed.SEE,
    "my_data": Deed.SEE,
    "copy": Deed.EXPORT,
    "copy_fragment": Deed.EXPORT,
    "copy_passphrase": Deed.EXPORT,
    "copy_download": Deed.EXPORT,
    "copy_delete": Deed.EXPORT,
    "consents": Deed.SEE,
    "consent": Deed.SEE,
    "withdraw": Deed.WITHDRAW,
    "receipt": Deed.SEE,
    "receipt_jsonld": Deed.SEE,
    "receipt_jwt": Deed.SEE,
    # A guardian asks for a child, in words of their own.
    "concern_new": Deed.CONCERN,
    "concerns": Deed.CONCERN,
    "concern": Deed.CONCERN,
    # And asks a source to correct what it says of the child.
    "correction_new": Deed.CONCERN,
    "corrections": Deed.CONCERN,
    "correction": Deed.CONCERN,
    "authorize": Deed.DECLINE,  # an estate answers nobody
}


def of(request: HttpRequest) -> Acting | None:
    """The mandate that the guard has admitted for this request."""
    found: Acting | None = getattr(request, "acting", None)
    return found


def whom(request: HttpRequest) -> str:
    """For whom a form is filled in, as it carries it: the mandate's id, "" for oneself. Another tab may change it meanwhile."""
    doing = of(request)
    return str(doing.mandate.id) if doing else ""


def begin(request: HttpRequest, mandate_id: UUID) -> None:
    """From the next request on this session acts for another."""
    request.session[SESSION] = str(mandate_id)


def stop(request: HttpRequest) -> None:
    request.session.pop(SESSION, None)


def admit(request: HttpRequest) -> Acting | HttpResponse | None:
    """None: the citizen is here for themself. A mandate: for another, on a page where that is possible. A response: neither."""
    request.acting = None  # type: ignore[attr-defined]
    chosen = request.session.get(SESSION)
    if chosen is None:
        return None
    page = request.resolver_match.url_name if request.resolver_match else None
    if page == STOP:
        return None
    assert isinstance(request.user, Citizen)
    try:
        doing = act_for.acting_for(actor=request.user.id, mandate_id=UUID(chosen), now=timezone.now())
    except (MandateRefused, NotFound) as error:
        return _over(request, error.fault if isinstance(error, MandateRefused) else MandateFault.ENDED)
    request.acting = doing  # type: ignore[attr-defined]
    if page == "home":
        return HttpResponseRedirect(reverse("portal:consents"))
    deed = PAGES.get(page or "")
    fault = rules.not_delegable(doing.mandate.kind) if deed is None else act_for.may(doing, deed, now=timezone.now())
    return refused(request, MandateRefused(fault)) if fault is not None else doing


def show(request: HttpRequest) -> None:
    """For a page about nobody: the frame says for whom this session acts, as long as it may. Nothing is decided."""
    chosen = request.session.get(SESSION)
    request.acting = None  # type: ignore[attr-defined]
    if chosen is not None and isinstance(request.user, Citizen) and not request.user.leaving:
        with suppress(MandateRefused, NotFound):
            request.acting = act_for.acting_for(actor=request.user.id, mandate_id=UUID(chosen), now=timezone.now())  # type: ignore[attr-defined]


def refused(request: HttpRequest, error: MandateRefused) -> HttpResponse:
    """What cannot be done for another, or not by this child alone. A mandate that has ended meanwhile ends the acting."""
    if of(request) is not None and error.fault in mandate_words.ACTING_OVER:
        return _over(request, error.fault)
    page = ActingRefusedPage(
        reason=_reason(request, error),
        acting=of(request) is not None,
        consents_url=reverse("portal:consents"),
        mandates_url=reverse("portal:mandates") if of(request) is None else "",
    )
    return render(request, "portal/acting_refused.html", {"page": page}, status=403)


def _reason(request: HttpRequest, error: MandateRefused) -> str:
    page = request.resolver_match.url_name if request.resolver_match else None
    if error.fault is MandateFault.OUTSIDE_THEMES and PAGES.get(page or "") is Deed.SUGGEST:
        return str(mandate_words.SUGGESTIONS_OUTSIDE)
    return str(mandate_words.fault(error.code))


def _over(request: HttpRequest, fault: MandateFault) -> HttpResponse:
    stop(request)
    request.acting = None  # type: ignore[attr-defined]
    page = ActingOverPage(str(mandate_words.fault(fault.value)), reverse("portal:mandates"), reverse("portal:home"))
    return render(request, "portal/acting_over.html", {"page": page}, status=403)
