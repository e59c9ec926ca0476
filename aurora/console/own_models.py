"""The models behind suggestions: stewards ask, agree, decline, retire and roll back; auditors look on."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import posted
from aurora.console import present_own_models as present
from aurora.console.auth import for_roles, has_role, operator
from aurora.identity.models import Operator
from aurora.journeys import model_operations as journey
from consent import ids
from consent.errors import AuroraError, InvalidInput
from recommender.errors import ArtefactError
from recommender.models import ModelMove, ModelVersion
from recommender.registry.serving import serving

Role = Operator.Role
_sent = partial(posted.text, most=4096)
Faults = dict[str, str]


@require_safe
@for_roles(Role.MODEL_STEWARD, Role.AUDITOR)
def suggestion_models(request: HttpRequest) -> HttpResponse:
    """What serves, what waits, all models, datasets and retrainings."""
    after = request.GET.get("after", "")
    page = present.models(after=_model(after) if after else None, troubles=_troubles())
    return render(request, "console/suggestion_models.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.MODEL_STEWARD, Role.AUDITOR, post=[Role.MODEL_STEWARD])
def suggestion_model(request: HttpRequest, id: UUID) -> HttpResponse:
    """One model, and a decision on it. Who only reads gets 403 from the journey."""
    found, wrong = _model(str(id)), Faults()
    if request.method == "POST":
        if not (wrong := _decided(request, found)):
            return HttpResponseRedirect(reverse("console:suggestion_model", args=[id]))
        found.refresh_from_db()
    sent = {name: _sent(request, name) for name in ("share", "reason")} if wrong else {}
    may_write = has_role(request, Role.MODEL_STEWARD)
    page = present.model(found, operator=operator(request), may_write=may_write, errors=wrong, **sent)
    return render(request, "console/suggestion_model.html", {"page": page}, status=400 if wrong else 200)


def _troubles() -> tuple[str, ...]:
    """Models that should serve and cannot be used; all of them where the storage does not answer: that too is when a steward comes to look."""
    try:
        return serving().troubles
    except ArtefactError:
        return tuple(ModelVersion.objects.filter(state__in=ModelVersion.SERVING).values_list("sha256", flat=True))


def _decided(request: HttpRequest, found: ModelVersion) -> Faults:
    """What was wrong, by field; empty when it was done."""
    verb = _VERBS.get(_sent(request, "decision"))
    if verb is None:
        return {"decision": "decision"}
    try:
        verb(request, found, {"operator": operator(request), "now": timezone.now()})
    except journey.NotASteward:
        raise PermissionDenied from None
    except InvalidInput as error:
        return {name: name for name in error.fields}
    except AuroraError as error:
        return {"share" if error.code == "share_wrong" else "decision": error.code}
    return {}


def _ask(request: HttpRequest, found: ModelVersion, who: dict[str, Any]) -> None:
    journey.ask(model_id=found.pk, share=_share(request), **who)


def _change_share(request: HttpRequest, found: ModelVersion, who: dict[str, Any]) -> None:
    journey.ask(model_id=found.pk, share=_share(request), change_share=True, **who)


def _agree(request: HttpRequest, found: ModelVersion, who: dict[str, Any]) -> None:
    """To the step that the page showed: another may have been asked for since, with another share."""
    if str(waiting := _waiting(found)) != _sent(request, "move"):
        raise journey.ModelNotMoved(journey.ModelRefused("wrong_state"))
    journey.agree(move_id=waiting, **who)


def _decline(request: HttpRequest, found: ModelVersion, who: dict[str, Any]) -> None:
    journey.decline(move_id=_waiting(found), reason=_sent(request, "reason"), **who)


def _retire(request: HttpRequest, found: ModelVersion, who: dict[str, Any]) -> None:
    journey.retire(model_id=found.pk, reason=_sent(request, "reason"), **who)


def _rollback(request: HttpRequest, found: ModelVersion, who: dict[str, Any]) -> None:
    """Only of the champion that the page showed: another may have become it since."""
    if found.state != ModelVersion.State.CHAMPION:
        raise journey.ModelNotMoved(journey.ModelRefused("wrong_state"))
    journey.rollback(reason=_sent(request, "reason"), **who)


_VERBS = {
    "ask": _ask,
    "change_share": _change_share,
    "agree": _agree,
    "decline": _decline,
    "retire": _retire,
    "rollback": _rollback,
}


def _waiting(found: ModelVersion) -> UUID:
    move = found.moves.filter(state=ModelMove.State.ASKED).first()
    if move is None:
        raise journey.ModelNotMoved(journey.ModelRefused("wrong_state"))
    return move.pk


def _share(request: HttpRequest) -> float:
    """Whole percent; anything else is no share, and is refused as such."""
    text = _sent(request, "share").removesuffix("%").strip()
    return int(text) / 100 if text.isascii() and text.isdigit() and len(text) <= 3 else 0.0


def _model(text: str) -> ModelVersion:
    return get_object_or_404(ModelVersion.objects.select_related("dataset"), pk=ids.typed(text))
