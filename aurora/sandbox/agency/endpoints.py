"""An agency's endpoints for clients: metadata, keys, PAR, token, revocation."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from aurora.sandbox import jose, pages, runtime
from aurora.sandbox.agency import faults, profile
from aurora.sandbox.errors import OAuthError
from aurora.sandbox.health import smart
from aurora.sandbox.oauth import clients, requests, tokens
from aurora.sandbox.oauth.responses import back_channel, oauth_json


@require_safe
def metadata(request: HttpRequest) -> HttpResponseBase:
    """RFC 8414 section 2, with the members of RFC 9126 and RFC 9207."""
    here = runtime.current()
    issuer = here.base_url
    known: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "revocation_endpoint": f"{issuer}/revoke",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": sorted(profile.scopes(here.process)),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": [jose.ALGORITHM],
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
        "revocation_endpoint_auth_signing_alg_values_supported": [jose.ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": list(pages.LANGUAGES),
        "authorization_response_iss_parameter_supported": True,
    }
    if profile.uses_par(here.process):
        known["pushed_authorization_request_endpoint"] = f"{issuer}/par"
        known["require_pushed_authorization_requests"] = True
    return JsonResponse(known)


@require_safe
def jwks(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse(jose.public_jwks(runtime.current().signing_key))


@back_channel
def par(request: HttpRequest) -> HttpResponseBase:
    """RFC 9126 section 2."""
    here = runtime.current()
    if not profile.uses_par(here.process):
        raise Http404
    client = clients.authenticate(request, here, endpoint="/par")
    return oauth_json(requests.push(request, client, here, served=profile.scopes(here.process)), status=201)


@back_channel
def token(request: HttpRequest) -> HttpResponseBase:
    """RFC 6749 sections 4.1.3 and 6."""
    here = runtime.current()
    client = clients.authenticate(request, here, endpoint="/token")
    grant_type, params = request.POST.get("grant_type"), request.POST.dict()
    if grant_type == "authorization_code":
        granted = tokens.redeem_code(params, client, here)
        lasting = profile.refreshes(here.process, granted.scopes)
        return oauth_json({**_access(granted), **({"refresh_token": tokens.issue_refresh(granted, here)} if lasting else {})})
    if grant_type == "refresh_token":
        if faults.refreshes_refused():
            raise OAuthError("invalid_grant", "The refresh token has been revoked.")
        return oauth_json(_access(tokens.redeem_refresh(params, client, here)))
    raise OAuthError("unsupported_grant_type", "The grant_type must be authorization_code or refresh_token.")


@back_channel
def revoke(request: HttpRequest) -> HttpResponseBase:
    """RFC 7009 section 2: 200 whether or not the token was known."""
    here = runtime.current()
    client = clients.authenticate(request, here, endpoint="/revoke")
    token_value = request.POST.get("token", "")
    if not token_value:
        raise OAuthError("invalid_request", "The token is missing.")
    tokens.revoke(token_value, client, here)
    return HttpResponse(status=200, headers={"Cache-Control": "no-store"})


def _access(granted: tokens.Granted) -> dict[str, Any]:
    here = runtime.current()
    seconds = faults.access_token_seconds(here.config.lifetimes.access_token)
    return {
        "access_token": tokens.issue_access(granted, seconds=seconds, runtime=here),
        "token_type": "Bearer",
        "expires_in": seconds,
        "scope": " ".join(granted.scopes),
        **smart.launch_context(here.process, granted.scopes, granted.household),
    }
