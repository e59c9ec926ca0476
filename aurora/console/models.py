"""Other organisations' models: stewards ask, agree, decline and retire, auditors look on. A view reads the form and hands it to the journey."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import posted
from aurora.console import present_models as present
from aurora.console.auth import for_roles, has_role, operator
from aurora.identity.models import Operator
from aurora.journeys import onboard_evaluator as journey
from aurora.ui.contexts.models import KeyFormPage
from consent import ids
from consent.errors import AuroraError, InvalidInput, NotFound
from recommender.models import EvaluatorOwner, EvaluatorVersion

Role = Operator.Role
FORM = ["GET", "HEAD", "POST"]
LONGEST = 10_000  # characters: a little more than a certificate may have
_sent = partial(posted.text, most=LONGEST)
Faults = dict[str, str]
# With a reason, which the history keeps.
_OF_VERSION = {"ask": journey.ask_release, "release": journey.release}
_CLOSING = {"decline": journey.decline, "retire": journey.retire}
_OF_KEY = {"approve": journey.approve_key, "decline": journey.decline_key}


@require_safe
@for_roles(Role.MODEL_STEWARD, Role.AUDITOR)
def models(request: HttpRequest) -> HttpResponse:
    """What waits, all versions, all keys."""
    after, keys_after = request.GET.get("after", ""), request.GET.get("keys_after", "")
    page = present.models(
        may_write=_may_write(request), after=_version(after) if after else None, keys_after=_key(keys_after) if keys_after else None
    )
    return render(request, "console/models.html", {"page": page})


@require_http_methods(FORM)
@for_roles(Role.MODEL_STEWARD, Role.AUDITOR, post=[Role.MODEL_STEWARD])
def model(request: HttpRequest, id: UUID) -> HttpResponse:
    """One version, and a decision on it. Who only reads gets 403."""
    found, wrong = _version(str(id)), Faults()
    if request.method == "POST":
        if not (wrong := _decided(request, version_id=id)):
            return HttpResponseRedirect(reverse("console:model", args=[id]))
        found.refresh_from_db()
    page = present.model(found, **_shown(request, wrong))
    return render(request, "console/model.html", {"page": page}, status=400 if wrong else 200)


@require_http_methods(FORM)
@for_roles(Role.MODEL_STEWARD, Role.AUDITOR, post=[Role.MODEL_STEWARD])
def model_key(request: HttpRequest, id: UUID) -> HttpResponse:
    """One owner's key, and a decision on it."""
    found, wrong = get_object_or_404(EvaluatorOwner, pk=id), Faults()
    if request.method == "POST":
        if not (wrong := _decided(request, key_id=id)):
            return HttpResponseRedirect(reverse("console:model_key", args=[id]))
        found.refresh_from_db()
    page = present.key(found, **_shown(request, wrong))
    return render(request, "console/model_key.html", {"page": page}, status=400 if wrong else 200)


@sensitive_post_parameters("public_key")
@require_http_methods(FORM)
@for_roles(Role.MODEL_STEWARD)
def new_model_key(request: HttpRequest) -> HttpResponse:
    """Ask for an owner's key, or for the authority that certifies whoever signs for it."""
    sent, wrong = {name: _sent(request, name) for name in ("agency", "public_key", "identity", "reason")}, Faults()
    if request.method == "POST":
        made = _asked(request, sent)
        if isinstance(made, EvaluatorOwner):
            return HttpResponseRedirect(reverse("console:model_key", args=[made.pk]))
        wrong = made
    # A private key that was pasted does not come back.
    shown = {**sent, "public_key": ""} if wrong.get("public_key") == "private_key" else sent
    page = KeyFormPage(**shown, back_url=reverse("console:models"), errors=present.field_errors(wrong))
    return render(request, "console/model_key_form.html", {"page": page}, status=400 if wrong else 200)


def _asked(request: HttpRequest, sent: dict[str, str]) -> EvaluatorOwner | Faults:
    if "PRIVATE KEY" in sent["public_key"]:
        return {"public_key": "private_key"}
    given = {"agency_code": sent["agency"], "public_key": sent["public_key"], "identity": sent["identity"], "reason": sent["reason"]}
    try:
        return journey.ask_key(operator=operator(request), now=timezone.now(), **given)
    except NotFound:
        return {"agency": "agency"}
    except AuroraError as error:
        return _faults(error, "identity" if error.code == "identity_unreadable" else "public_key")


def _decided(request: HttpRequest, **which: UUID) -> Faults:
    """What was wrong with the decision on a version or a key; empty when it is done."""
    decision = request.POST.get("decision", "")
    plain, closing = (_OF_KEY, {"revoke": journey.revoke_key}) if "key_id" in which else (_OF_VERSION, _CLOSING)
    verb: Callable[..., object] | None = plain.get(decision) or closing.get(decision)
    given = {"reason": _sent(request, "reason")} if decision in closing else {}
    if verb is None:
        return {"decision": "decision"}
    try:
        verb(operator=operator(request), now=timezone.now(), **which, **given)
    except AuroraError as error:
        return _faults(error, "decision")
    return {}


def _faults(error: AuroraError, field: str) -> Faults:
    """Codes by field. What is not for this operator goes on up."""
    if isinstance(error, journey.NotASteward):
        raise PermissionDenied from None
    if isinstance(error, InvalidInput):
        return {name: name for name in error.fields}
    return {field: error.code}


def _shown(request: HttpRequest, wrong: Faults) -> dict[str, Any]:
    reason = _sent(request, "reason") if wrong else ""
    return {"operator": operator(request), "may_write": _may_write(request), "reason": reason, "errors": wrong}


def _version(text: str) -> EvaluatorVersion:
    return get_object_or_404(EvaluatorVersion.objects.select_related("owner"), pk=ids.typed(text))


def _key(text: str) -> EvaluatorOwner:
    return get_object_or_404(EvaluatorOwner, pk=ids.typed(text))


def _may_write(request: HttpRequest) -> bool:
    return has_role(request, Role.MODEL_STEWARD)
