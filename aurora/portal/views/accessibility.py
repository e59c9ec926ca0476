"""How accessible these pages are, and a form with which anybody says where they are not."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from aurora.journeys import hear_feedback
from aurora.portal import often
from aurora.portal.auth import for_everyone
from aurora.portal.errors import later
from aurora.portal.often import TooMuchFeedback
from aurora.portal.present import accessibility as present
from consent.errors import InvalidInput

TEMPLATE = "portal/accessibility.html"


@require_http_methods(["GET", "HEAD", "POST"])
@for_everyone
def accessibility(request: HttpRequest) -> HttpResponse:
    """The statement, and what became of a form; POST sends feedback. Nothing of who sends it, or of their session, goes on."""
    if request.method != "POST":
        page = present.statement(sent=hear_feedback.received(request.GET.get("sent", "")))
        return render(request, TEMPLATE, {"page": page})
    # Longer than can be kept is cut well behind, so that it is still too long.
    typed = {name: request.POST.get(name, "").replace("\r\n", "\n")[: hear_feedback.LONGEST + 100] for name in present.FIELDS}
    try:
        words = hear_feedback.heard(**typed)
        often.admit_anybody(request)
        reference = hear_feedback.send(words=words, language=get_language() or "en", now=timezone.now())
    except InvalidInput as error:
        return render(request, TEMPLATE, {"page": present.statement(typed=typed, errors=error.fields)}, status=400)
    except TooMuchFeedback as error:
        page = present.statement(typed=typed, errors={"text": error.code})
        return later(render(request, TEMPLATE, {"page": page}, status=error.status), error.retry_after)
    return HttpResponseRedirect(f"{reverse('portal:accessibility')}?sent={reference}")
