"""The benefits office's pages: apply, come back from Aurora, see what was granted, read."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from aurora.sandbox import jose, pages, runtime, vocabulary
from aurora.sandbox.browser import SandboxRequest
from aurora.sandbox.errors import PageError, PeerError
from aurora.sandbox.http import Answer
from aurora.sandbox.oauth import requests
from aurora.sandbox.oauth.responses import redirect
from aurora.sandbox.office import applications, aurora, decisions, notices, pushes, uses
from aurora.sandbox.office.applications import Application
from aurora.sandbox.office.notices import Notice
from aurora.sandbox.runtime import Runtime
from aurora.sandbox.store import new_secret


@require_safe
@pages.page
def home(request: SandboxRequest) -> HttpResponse:
    here, language = runtime.current(), _language(request)
    texts = pages.texts(language)
    mine = [
        {"id": one.id, "begun": _day(one.begun_at.date()), "status": texts[f"office.status.{one.status}"]}
        for one in applications.of(_owner(request), here)
        if one.status in ("granted", "refused")
    ]
    until = texts["office.until"].format(date=_day(aurora.last_day()))
    names = [_name(code, language) for code in here.config.categories]
    return pages.render(request, "office_home.html", language, categories=names, until=until, applications=mine)


@require_POST
@pages.page
def apply(request: SandboxRequest) -> HttpResponse:
    """Pushes the request to Aurora and sends the browser there."""
    here, state, verifier = runtime.current(), new_secret(), new_secret()
    language = pages.remember_language(request, request.POST.get("ui_locales", ""))
    url = aurora.push(here, state=state, verifier=verifier, language=language)
    applications.begin(_owner(request), state=state, verifier=verifier, here=here)
    return redirect(url)


@require_safe
@pages.page
def callback(request: SandboxRequest) -> HttpResponse:
    """Aurora's answer: `state` must be this browser's, `iss` Aurora's; then the code is redeemed, once."""
    here, answer = runtime.current(), requests.plain(request.GET)
    waiting = applications.waiting_for(_owner(request), answer.get("state", ""), here)
    if waiting is not None:
        aurora.require_issuer(here, answer)
    if waiting is None or not applications.claim(waiting, here):
        raise PageError("request_expired", "This request is answered or has expired. Go back and start again.")
    _settle(waiting, answer, here)
    return redirect(f"/applications/{waiting.id}")


def _settle(waiting: Application, answer: dict[str, str], here: Runtime) -> None:
    """Refused with Aurora's error code, or granted with what the code was redeemed for."""
    if "error" in answer:
        return applications.refuse(waiting, answer["error"], here)
    try:
        token = aurora.redeem(here, code=answer.get("code", ""), verifier=waiting.verifier)
    except PeerError as error:
        return applications.refuse(waiting, error.their_code or error.code, here)
    return applications.grant(waiting, token, here)


@require_safe
@pages.page
def application(request: SandboxRequest, key: str) -> HttpResponse:
    """What was asked and what was granted, with a button to read each category."""
    return _show(request, _mine(request, key))


@require_POST
@pages.page
def read(request: SandboxRequest, key: str) -> HttpResponse:
    """Reads one category of the citizen's twin now, and shows Aurora's answer or the code of its refusal."""
    here, mine, category = runtime.current(), _mine(request, key), request.POST.get("category", "")
    if category not in here.config.categories or mine.status != "granted":
        raise Http404
    try:
        answer = aurora.read(here, category, _access_token(mine, here))
    except PeerError as error:
        if error.code != "aurora_refused":
            raise
        answer = Answer(401, {"code": error.their_code})
    if answer.ok:
        applications.keep_reading(mine, category, answer.body, here)
        uses.note(answer.body, here)
        if decisions.decide(mine, here):
            pushes.tell_soon(here)
    return _show(request, mine, _shown(answer, _name(category, _language(request))))


def jwks(request: SandboxRequest) -> HttpResponse:
    """The office's public keys."""
    peer = runtime.current().config.peer
    return JsonResponse(jose.public_jwks(peer.private_jwk if peer else {}))


def _access_token(mine: Application, here: Runtime) -> str:
    token = aurora.refresh(here, mine.token)
    if token["access_token"] != mine.token["access_token"]:
        applications.keep_token(mine, token, here)
    return str(token["access_token"])


def _shown(answer: Answer, name: str) -> dict[str, Any]:
    """An answer for the page; `code` only for a refusal: Aurora's code, else OAuth's, else the status."""
    code = "" if answer.ok else str(answer.body.get("code") or answer.body.get("error") or answer.status)
    return {"name": name, "status": answer.status, "code": code, "body": _pretty(answer.body)}


def _show(request: SandboxRequest, mine: Application, answer: dict[str, Any] | None = None) -> HttpResponse:
    here, language = runtime.current(), _language(request)
    granted = aurora.granted_categories(mine.token) if mine.status == "granted" else ()
    codes = dict.fromkeys([*here.config.categories, *granted])
    rows = [{"code": code, "name": _name(code, language), "granted": code in granted} for code in codes]
    details = _pretty(mine.token["authorization_details"]) if mine.status == "granted" else ""
    return pages.render(
        request,
        "office_application.html",
        language,
        id=mine.id,
        refused=mine.reason,
        rows=rows,
        answer=answer,
        details=details,
        path=f"/applications/{mine.id}",
        held=[_name(code, language) for code in applications.readings_of(mine, here)],
        notices=[_told(notice, language) for notice in notices.of(mine.token.get("grant_id", ""), here)],
        decided=_decided(mine, here, language),
    )


def _decided(mine: Application, here: Runtime, language: str) -> list[str]:
    """What the office decided, in sentences, and whether Aurora has it."""
    found, texts = decisions.of(mine, here), pages.texts(language)
    if found is None:
        return []
    said = texts["office.decided.granted" if found.granted else "office.decided.refused"]
    told = texts["office.decided.told" if found.told else "office.decided.untold"]
    return [said.format(amount=found.amount, until=_day(found.until)), told]


def _told(notice: Notice, language: str) -> dict[str, Any]:
    texts = pages.texts(language)
    known = texts.get(f"office.notice.{notice.kind}", notice.kind)
    confirmed = texts["office.notice.confirmed" if notice.confirmed_at else "office.notice.unconfirmed"]
    return {
        "what": known,
        "names": ", ".join(_name(code, language) for code in notice.categories),
        "deleted": texts["office.notice.deleted"].format(number=notice.deleted) if notice.asked else "",
        "confirmed": confirmed if notice.asked else "",
    }


def _mine(request: SandboxRequest, key: str) -> Application:
    found = applications.find(_owner(request), key, runtime.current())
    if found is None or found.status not in ("granted", "refused"):
        raise PageError("application_unknown", "There is no such application.", status=404)
    return found


def _owner(request: SandboxRequest) -> str:
    """Who this browser is to the office: nobody signs in here, so it is the browser itself."""
    owner: str = request.browser.data.setdefault("owner", new_secret())
    return owner


def _language(request: SandboxRequest) -> str:
    return pages.remember_language(request, request.POST.get("ui_locales") or request.GET.get("ui_locales", ""))


def _name(code: str, language: str) -> str:
    known = vocabulary.categories().get(code)
    return known.name[language] if known is not None else code


def _day(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
