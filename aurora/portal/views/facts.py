"""Facts that disagree, what was known before, and requests to a source to correct one."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from aurora.journeys import correct, settle
from aurora.journeys.correct import Doubted, TooManyOpen
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import facts as present
from aurora.portal.present.disagreements import disagreements as side_by_side
from consent import days
from consent import facts as schemas
from consent.concerns.texts import LONGEST
from consent.errors import Conflict, InvalidInput, NotFound

FORM = ["GET", "HEAD", "POST"]
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_REGION = re.compile(r"\b\d{1,2}\b|(?<=R)\d{2}\b", re.ASCII)
LONGEST_VALUE = 200


@require_http_methods(FORM)
@for_citizens
def disagreements(request: HttpRequest) -> HttpResponse:
    """What is said of the same by several, side by side; POST says which is right, or leaves it to the rule."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            return HttpResponseRedirect(f"{reverse('portal:disagreements')}?done={_decide(request)}")
        except Conflict:
            errors = {"fact": "changed"}
    side = settle.side_by_side(citizen_id=me(request), now=timezone.now())
    open_ = [one for one in correct.mine(citizen_id=me(request)) if one.row.state == "open"]
    asked = {(one.row.category, one.key, one.row.source): one.row for one in open_}
    page = side_by_side(side, asked, banner=request.GET.get("done", "")[:16], errors=errors)
    return render(request, "portal/disagreements.html", {"page": page}, status=409 if errors else 200)


@require_safe
@for_citizens
def history(request: HttpRequest, category: str) -> HttpResponse:
    """All versions of a category's facts, and what was known at the end of a day."""
    typed, errors = request.GET.get("on", "").strip()[:16], dict[str, str]()
    try:
        on = _day(typed) if typed else None
    except ValueError:
        on, errors = None, {"on": "day_wrong"}
    at = min(datetime.combine(on + timedelta(days=1), time.min, tzinfo=timezone.get_default_timezone()), timezone.now()) if on else None
    found = settle.history(citizen_id=me(request), category=category, at=at, now=timezone.now())
    page = present.history(found, on=on, typed=typed, errors=errors)
    return render(request, "portal/fact_history.html", {"page": page}, status=400 if errors else 200)


@require_http_methods(FORM)
@for_citizens
def new(request: HttpRequest, id: UUID) -> HttpResponse:
    """Ask the source of a fact to correct it. Who comes by a fact that was replaced is led to what its source says now."""
    which: dict[str, Any] = {"citizen_id": me(request), "fact_id": id, "now": timezone.now()}
    right, why, errors = (
        request.POST.get("right", "").strip()[:LONGEST_VALUE],
        request.POST.get("why", "")[: LONGEST + 100],
        dict[str, str](),
    )
    doubted = correct.look(**which)
    if doubted.standing is not None:
        return HttpResponseRedirect(reverse("portal:correction", args=[doubted.standing.pk]))
    if doubted.fact.id != id and request.method != "POST":
        return HttpResponseRedirect(reverse("portal:correction_new", args=[doubted.fact.id]))
    if request.method == "POST":
        try:
            made = correct.ask(**which, right=_typed(right, doubted), why=why, language=_language())
            return HttpResponseRedirect(reverse("portal:correction", args=[made]))
        except (InvalidInput, TooManyOpen, Conflict) as error:
            errors = error.fields if isinstance(error, InvalidInput) else {"right": error.code}
    page = present.form(doubted, right=right, why=why, errors=errors, language=_language(), now=which["now"])
    return render(request, "portal/correction_new.html", {"page": page}, status=400 if errors else 200)


@require_safe
@for_citizens
def corrections(request: HttpRequest) -> HttpResponse:
    """All requests."""
    page = present.corrections(correct.mine(citizen_id=me(request)), now=timezone.now())
    return render(request, "portal/corrections.html", {"page": page})


@require_http_methods(FORM)
@for_citizens
def correction(request: HttpRequest, id: UUID) -> HttpResponse:
    """One request; POST takes it back."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            correct.close(citizen_id=me(request), correction_id=id, now=timezone.now())
            return HttpResponseRedirect(reverse("portal:correction", args=[id]))
        except Conflict as error:
            errors = {"request": error.code}
    page = present.correction(correct.one(citizen_id=me(request), correction_id=id), errors=errors, now=timezone.now())
    return render(request, "portal/correction.html", {"page": page}, status=409 if errors else 200)


def _decide(request: HttpRequest) -> str:
    concept = request.POST.get("concept", "")[:64]
    if request.POST.get("decision") == "release":
        settle.release(citizen_id=me(request), concept=concept, now=timezone.now())
        return "released"
    try:
        fact = UUID(request.POST.get("fact", ""))
    except ValueError:
        raise NotFound() from None
    settle.choose(citizen_id=me(request), concept=concept, fact_id=fact, now=timezone.now())
    return "chosen"


def _typed(right: str, doubted: Doubted) -> Any:
    """What was sent as the fact's own type. Raises `InvalidInput`."""
    if not right:
        raise InvalidInput({"right": "right_required"})
    if doubted.fact.key == "region" and (number := _REGION.search(right)):
        return f"R{int(number[0]):02}"  # as pages write it: "Region 12"
    kind = (schemas.of_key(doubted.version.schema, doubted.fact.key) or {}).get("type")
    try:
        if kind == "integer":
            return int(right) if right.lstrip("-").isdigit() and right.isascii() else right
        if kind == "number":
            return float(right.replace(",", "."))
    except ValueError:
        return right  # the check of the schema says that it is none
    return {"true": True, "false": False}.get(right, right) if kind == "boolean" else right


def _day(text: str) -> date:
    """Raises `ValueError`, also for a day to come."""
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (int(part) for part in (found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)))
    on = date(year, month, day)
    if on > days.today() or year < 1900:
        raise ValueError(text)
    return on


def _language() -> str:
    return (get_language() or "en")[:2]
