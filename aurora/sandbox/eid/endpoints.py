"""The e-ID's endpoints for clients: metadata, keys, token, userinfo."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from aurora.sandbox import jose, pages, runtime
from aurora.sandbox.eid import claims
from aurora.sandbox.errors import BearerError, OAuthError
from aurora.sandbox.oauth import clients, tokens
from aurora.sandbox.oauth.responses import back_channel, oauth_json


@require_safe
def metadata(request: HttpRequest) -> HttpResponseBase:
    """OpenID Connect Discovery 1.0 section 3."""
    issuer = runtime.current().base_url
    return JsonResponse(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "end_session_endpoint": f"{issuer}/logout",
            "jwks_uri": f"{issuer}/jwks",
            "scopes_supported": ["openid", "profile"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": [jose.ALGORITHM],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": [jose.ALGORITHM],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [*claims.NAMES, "iss", "aud", "exp", "iat", "nonce", "auth_time"],
            "prompt_values_supported": ["none", "login", "select_account"],
            "ui_locales_supported": list(pages.LANGUAGES),
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "claims_parameter_supported": False,
        }
    )


@require_safe
def jwks(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse(jose.public_jwks(runtime.current().signing_key))


@back_channel
def token(request: HttpRequest) -> HttpResponseBase:
    """OpenID Connect Core section 3.1.3."""
    here = runtime.current()
    client = clients.authenticate(request, here, endpoint="/token")
    if request.POST.get("grant_type") != "authorization_code":
        raise OAuthError("unsupported_grant_type", "The grant_type must be authorization_code.")
    granted = tokens.redeem_code(request.POST.dict(), client, here)
    seconds = here.config.lifetimes.access_token
    return oauth_json(
        {
            "access_token": tokens.issue_access(granted, seconds=seconds, runtime=here),
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": " ".join(granted.scopes),
            "id_token": claims.id_token(granted.household, client.client_id, granted.extra, here),
        }
    )


@csrf_exempt
def userinfo(request: HttpRequest) -> HttpResponseBase:
    """OpenID Connect Core section 5.3: the same claims as in the ID Token."""
    here = runtime.current()
    try:
        granted = tokens.authenticate(request.headers.get("Authorization", ""), here)
    except BearerError as error:
        return pages.bearer_problem(error)
    return oauth_json(dict(claims.claims_of(granted.household, granted.client_id, here)))
