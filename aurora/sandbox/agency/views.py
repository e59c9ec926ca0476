"""An agency's pages: what it is, and its consent page behind the e-ID's sign-in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from aurora.sandbox import pages, runtime, vocabulary
from aurora.sandbox.agency import profile, sign_in, switches
from aurora.sandbox.browser import SandboxRequest
from aurora.sandbox.config import HEALTH, HOSPITAL
from aurora.sandbox.errors import OAuthError, PageError, PeerError
from aurora.sandbox.health import smart
from aurora.sandbox.hospital import owner
from aurora.sandbox.oauth import requests, tokens
from aurora.sandbox.oauth.requests import AuthorizationRequest
from aurora.sandbox.oauth.responses import back_to_client, error_to_client, redirect


@require_safe
@pages.page
def root(request: SandboxRequest) -> HttpResponse:
    """What this process is, what it holds and which switches are on."""
    here = runtime.current()
    language = pages.language_of(request, request.GET.get("ui_locales", ""))
    held = [category.name[language] for category in vocabulary.served_by(here.process).values()]
    on = switches.all_on(here)
    model = asdict(owner.progress()) if here.process == HOSPITAL else None
    shown: dict[str, Any] = {
        "held": held,
        "switches": on,
        "par": profile.uses_par(here.process),
        "model": model,
        "fhir": here.process == HEALTH,
    }
    return pages.render(request, "agency_root.html", language, **shown)


@require_safe
@pages.page
def authorize(request: SandboxRequest) -> HttpResponse:
    """RFC 6749 section 4.1.1: takes the request, pushed where this agency wants that; the e-ID says who is there."""
    here = runtime.current()
    params = requests.plain(request.GET)
    client = requests.find_client(params, here)
    if "request_uri" in params and profile.uses_par(here.process):
        params = requests.take_pushed(params["request_uri"], client, here)
    try:
        redirect_uri = requests.require_redirect(params, client)
    except OAuthError as error:
        raise PageError("invalid_redirect", error.sentence) from error
    try:
        if profile.uses_par(here.process) and "request_uri" not in request.GET:
            raise OAuthError("invalid_request", "This agency takes pushed authorization requests only.")
        if not smart.is_asked_rightly(here.process, params, here.base_url):
            raise OAuthError("invalid_request", "The aud must be the address of the FHIR server.")
        asked = requests.check(params, client, served=profile.scopes(here.process), openid=False)
    except OAuthError as error:
        return error_to_client(redirect_uri, error, issuer=here.base_url, state=params.get("state", ""))
    pages.remember_language(request, asked.ui_locales)
    return _to_sign_in(request, request.browser.begin("requests", {"asked": asked.to_json()}))


@require_safe
@pages.page
def sign_in_again(request: SandboxRequest) -> HttpResponse:
    """The page's "not you?": back to the e-ID, to be somebody else."""
    key = request.GET.get("tx", "")
    _ongoing(request, key)
    return _to_sign_in(request, key, prompt="select_account")


@require_safe
@pages.page
def signed_in(request: SandboxRequest) -> HttpResponse:
    """The e-ID's answer. `state` finds the request that this browser made."""
    here = runtime.current()
    answer = requests.plain(request.GET)
    ongoing: dict[str, dict[str, Any]] = request.browser.data.get("requests", {})
    key = next((key for key, kept in ongoing.items() if _awaits(kept, answer.get("state", ""))), "")
    kept = _ongoing(request, key)
    waiting = kept.pop("sign_in")
    try:
        kept["citizen"] = sign_in.complete(here, answer, waiting)
    except PeerError as error:
        if error.code != "access_denied":
            raise
        return _refuse(request, key, "The citizen did not sign in.")
    return redirect(f"/decide?tx={key}")


@require_http_methods(["GET", "POST"])
@pages.page
def decide(request: SandboxRequest) -> HttpResponse:
    """GET shows who asks for what; POST with `decision` allow or refuse answers the client."""
    here = runtime.current()
    key = (request.POST if request.method == "POST" else request.GET).get("tx", "")
    kept = _ongoing(request, key)
    if "citizen" not in kept:
        return _to_sign_in(request, key)
    asked = AuthorizationRequest.from_json(kept["asked"])
    decision = request.POST.get("decision", "")
    if decision == "refuse":
        return _refuse(request, key, "The citizen refused.")
    if decision != "allow":
        return _question(request, key, asked, kept["citizen"]["name"])
    request.browser.finish("requests", key)
    code = tokens.issue_code(asked, household=kept["citizen"]["household"], extra={}, runtime=here)
    return back_to_client(asked.redirect_uri, issuer=here.base_url, state=asked.state, code=code)


def _question(request: SandboxRequest, key: str, asked: AuthorizationRequest, citizen: str) -> HttpResponse:
    here = runtime.current()
    language = pages.language_of(request, asked.ui_locales)
    client = here.config.clients[asked.client_id].name[language]
    names = profile.said_of(here.process, asked.scopes, language)
    lead = pages.texts(language)["decide.lead"].format(client=client)
    return pages.render(request, "agency_decide.html", language, tx=key, client=client, categories=names, citizen=citizen, lead=lead)


def _refuse(request: SandboxRequest, key: str, sentence: str) -> HttpResponse:
    kept = _ongoing(request, key)
    request.browser.finish("requests", key)
    asked = AuthorizationRequest.from_json(kept["asked"])
    error = OAuthError("access_denied", sentence)
    return error_to_client(asked.redirect_uri, error, issuer=runtime.current().base_url, state=asked.state)


def _to_sign_in(request: SandboxRequest, key: str, *, prompt: str = "") -> HttpResponse:
    kept = _ongoing(request, key)
    language = pages.language_of(request, kept["asked"]["ui_locales"])
    kept.pop("citizen", None)
    url, kept["sign_in"] = sign_in.begin(runtime.current(), language=language, prompt=prompt)
    return redirect(url)


def _awaits(kept: dict[str, Any], state: str) -> bool:
    return bool(state) and kept.get("sign_in", {}).get("state") == state


def _ongoing(request: SandboxRequest, key: str) -> dict[str, Any]:
    kept = request.browser.ongoing("requests", key)
    if kept is None:
        raise PageError("request_expired", "This request is answered or has expired. Go back and start again.")
    return kept
