"""What operators open and send is noted: a page is not answered whose row is not committed, and nothing is begun that is not noted first.

What a page is about stands in the row only as `ABOUT` allows: what its address names. Deeds are noted by the journeys that do them, in their transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from aurora.audit import trail
from aurora.audit.trail import NOBODY, Kind
from aurora.identity.models import Operator
from consent.counting import count
from consent.errors import AuroraError

# The parts of an address that a row names: codes and ids of agencies, clients, models, requests, operators.
ABOUT: Mapping[str, str] = {
    "agency": "code",
    "change_client": "client_id",
    "client_state": "client_id",
    "draft": "id",
    "change_agency": "code",
    "agency_next": "code",
    "agency_draft": "id",
    "client_pings": "client_id",
    "catalogue_draft": "id",
    "catalogue_service": "identifier",
    "dataset": "id",
    "break_glass_request": "id",
    "decide_delay": "id",
    "feedback_report": "id",
    "model": "id",
    "model_key": "id",
    "suggestion_model": "id",
    "ledger_alarm": "id",
    "operator": "id",
    "operator_request": "id",
}
# Whose address names something of one citizen: a row says that such a page was opened, and not which.
SILENT = frozenset({"concern", "retry_delivery"})
STRANGERS_A_MINUTE = 30
"""So many failed sign-ins in names that nobody has are noted in a minute, of all together; the next one says that there are more."""


@contextmanager
def watched(request: HttpRequest, kwargs: Mapping[str, Any]) -> Iterator[Callable[[HttpResponseBase], HttpResponseBase]]:
    """Around a page of the console and the judgement whether it is for this operator. What it yields takes the answer, and gives it back."""
    route = (request.resolver_match.url_name if request.resolver_match else "") or ""
    named = kwargs.get(ABOUT.get(route, ""))
    sent = request.method == "POST"
    row: dict[str, Any] = {
        "operator_id": request.user.pk,
        "kind": Kind.SENT if sent else Kind.OPENED,
        "route": route,
        "about": () if named is None else (_code(named),),
    }
    if sent:
        trail.note(outcome="begun", **row)
    with trail.visiting(route) as visit:

        def answered(response: HttpResponseBase) -> HttpResponseBase:
            outcome = _outcome(response, sent=sent)
            if not (visit.deeds and outcome in ("done", "shown")):  # else the deeds say it
                trail.note(outcome=outcome, **row)
            return response

        try:
            yield answered
        except Exception as error:
            trail.note(outcome=_why(error), **row)
            raise


def signed_in(operator_id: UUID, what: str, outcome: str = "done") -> None:
    """A step of signing in: `password:given`, `factor:given`, `factor:enrolled`, `session:ended`, `account:joined`."""
    trail.note(operator_id=operator_id, kind=Kind.SIGN_IN, deed=what, outcome=outcome)


def failed(username: str, what: str, outcome: str) -> None:
    """A step that failed, in the trail of whoever has this name. The name itself, which may be a password, is kept nowhere."""
    found = Operator.objects.filter(username=username).values_list("pk", flat=True).first()
    if found is None:
        tries = count("sign-ins-of-nobody", 60).number
        if tries > STRANGERS_A_MINUTE + 1:
            return
        outcome = outcome if tries <= STRANGERS_A_MINUTE else "too_many"
    signed_in(found or NOBODY, what, outcome)


def _code(named: object) -> str:
    """As the row may hold it; an address of another form is of nothing that there is."""
    text = str(named)
    return text if len(text) <= 64 and text.isascii() and all(c.isalnum() or c in "_.:@/~-" for c in text) else "malformed"


def _outcome(response: HttpResponseBase, *, sent: bool) -> str:
    status = response.status_code
    if status in (302, 303):
        if response["Location"] == reverse("console:second_factor"):
            return "factor_asked"
        return "done" if sent else "moved"
    return {200: "shown", 400: "invalid", 403: "forbidden", 404: "not_found"}.get(status, f"status_{status}")


def _why(error: Exception) -> str:
    if isinstance(error, PermissionDenied):
        return "forbidden"
    if isinstance(error, AuroraError):
        return error.code
    return "not_found" if isinstance(error, Http404) else "error"
