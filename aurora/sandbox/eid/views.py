"""The e-ID's pages: sign in as somebody, go on as who you are, sign out."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from aurora.sandbox import jose, pages, people, runtime
from aurora.sandbox.browser import SandboxRequest
from aurora.sandbox.errors import OAuthError, PageError, SandboxError
from aurora.sandbox.oauth import requests, tokens
from aurora.sandbox.oauth.requests import AuthorizationRequest
from aurora.sandbox.oauth.responses import back_to_client, error_to_client, redirect, with_query


@require_safe
@pages.page
def root(request: SandboxRequest) -> HttpResponse:
    """What this is, and who is signed in."""
    language = pages.language_of(request, request.GET.get("ui_locales", ""))
    return pages.render(request, "eid_root.html", language, person=_signed_in(request))


@csrf_exempt
@require_http_methods(["GET", "POST"])
@pages.page
def authorize(request: SandboxRequest) -> HttpResponse:
    """OpenID Connect Core section 3.1.2: checks the request and hands over to the sign-in page."""
    here = runtime.current()
    params = requests.plain(request.POST if request.method == "POST" else request.GET)
    client = requests.find_client(params, here)
    try:
        redirect_uri = requests.require_redirect(params, client)
    except OAuthError as error:
        raise PageError("invalid_redirect", error.sentence) from error
    try:
        asked = requests.check(params, client, served=frozenset(), openid=True)
        if asked.prompt == "none":
            return _without_asking(request, asked)
    except OAuthError as error:
        return error_to_client(redirect_uri, error, issuer=here.base_url, state=params.get("state", ""))
    pages.remember_language(request, asked.ui_locales)
    return redirect(f"/login?tx={request.browser.begin('sign_ins', asked.to_json())}")


@require_http_methods(["GET", "POST"])
@pages.page
def login(request: SandboxRequest) -> HttpResponse:
    """GET shows the choice, POST signs in (`identifier`) or goes on as who is signed in (`continue`)."""
    key = (request.POST if request.method == "POST" else request.GET).get("tx", "")
    asked = _ongoing(request, key)
    if request.method == "POST" and "continue" in request.POST and _may_continue(request, asked):
        return _finish(request, key, asked)
    if request.method == "POST" and "identifier" in request.POST:
        person = people.find(request.POST["identifier"], runtime.current().config.personas)
        if person is None:
            return _choice(request, key, asked, wrong=True)
        request.browser.rotate()
        request.browser.data["signed_in"] = {"household": person.index, "at": int(time.time())}
        return _finish(request, key, asked)
    return _choice(request, key, asked, wrong=False)


@require_http_methods(["POST"])
@pages.page
def cancel(request: SandboxRequest) -> HttpResponse:
    """The citizen goes back without signing in."""
    key = request.POST.get("tx", "")
    asked = _ongoing(request, key)
    request.browser.finish("sign_ins", key)
    error = OAuthError("access_denied", "The citizen did not sign in.")
    return error_to_client(asked.redirect_uri, error, issuer=runtime.current().base_url, state=asked.state)


@csrf_exempt
@require_http_methods(["GET", "POST"])
@pages.page
def logout(request: SandboxRequest) -> HttpResponse:
    """RP-Initiated Logout 1.0: at once when the client proves whom it means (id_token_hint), else after a question."""
    params = requests.plain(request.POST if request.method == "POST" else request.GET)
    client_id, household = _hinted(params.get("id_token_hint", ""))
    back = params.get("post_logout_redirect_uri", "")
    client = runtime.current().config.clients.get(client_id or params.get("client_id", ""))
    trusted = bool(back) and client is not None and back in client.post_logout_redirect_uris
    signed_in = request.browser.data.get("signed_in")
    if signed_in and household != signed_in["household"] and not _confirmed(request):
        language = pages.language_of(request, params.get("ui_locales", ""))
        return pages.render(request, "eid_logout.html", language, person=_signed_in(request), params=params)
    request.browser.data.pop("signed_in", None)
    return redirect(with_query(back, {"state": params.get("state", "")}) if trusted else "/")


def _confirmed(request: SandboxRequest) -> bool:
    """Our own page's form was sent. The cookie is SameSite=Lax: another site's form comes without a session to end."""
    return request.method == "POST" and request.POST.get("confirm") == "yes"


def _hinted(token: str) -> tuple[str, int | None]:
    """Client and household of one of our own ID Tokens, expired or not; ("", None) if it is none."""
    here = runtime.current()
    try:
        found = jose.verify(token, jose.public_jwks(here.signing_key)) if token else {}
    except SandboxError:
        return "", None
    person = people.find(str(found.get("national_id", "")))
    return (str(found["aud"]), person.index) if person is not None and found.get("iss") == here.base_url else ("", None)


def _ongoing(request: SandboxRequest, key: str) -> AuthorizationRequest:
    kept = request.browser.ongoing("sign_ins", key)
    if kept is None:
        raise PageError("sign_in_expired", "This sign-in is finished or has expired. Go back and start again.")
    return AuthorizationRequest.from_json(kept)


def _signed_in(request: SandboxRequest) -> people.Person | None:
    known: dict[str, Any] | None = request.browser.data.get("signed_in")
    return people.person(known["household"], runtime.current().config.personas) if known else None


def _may_continue(request: SandboxRequest, asked: AuthorizationRequest) -> bool:
    """Whether the session is good enough: there, not older than max_age, and the client did not ask to sign in anew."""
    known = request.browser.data.get("signed_in")
    if not known or asked.prompt in ("login", "select_account"):
        return False
    return asked.max_age < 0 or time.time() - known["at"] <= asked.max_age


def _without_asking(request: SandboxRequest, asked: AuthorizationRequest) -> HttpResponse:
    """prompt=none: an answer without a page, or login_required (OpenID Connect Core section 3.1.2.6)."""
    if not _may_continue(request, asked):
        raise OAuthError("login_required", "The citizen is not signed in.")
    return _answer(request, asked)


def _choice(request: SandboxRequest, key: str, asked: AuthorizationRequest, *, wrong: bool) -> HttpResponse:
    here = runtime.current()
    language = pages.language_of(request, asked.ui_locales)
    somebody_else = "as" in request.GET or wrong or not _may_continue(request, asked)
    personas = [
        {"name": p.name, "about": p.about[language], "identifier": people.person(p.index).national_id} for p in here.config.personas
    ]
    return pages.render(
        request, "eid_login.html", language, status=400 if wrong else 200, tx=key, wrong=wrong, personas=personas,
        person=None if somebody_else else _signed_in(request),
        asker=here.config.clients[asked.client_id].name[language],
    )  # fmt: skip


def _finish(request: SandboxRequest, key: str, asked: AuthorizationRequest) -> HttpResponse:
    request.browser.finish("sign_ins", key)
    return _answer(request, asked)


def _answer(request: SandboxRequest, asked: AuthorizationRequest) -> HttpResponse:
    here, known = runtime.current(), request.browser.data["signed_in"]
    extra = {"nonce": asked.nonce, "auth_time": known["at"]}
    code = tokens.issue_code(asked, household=known["household"], extra=extra, runtime=here)
    return back_to_client(asked.redirect_uri, issuer=here.base_url, state=asked.state, code=code)
