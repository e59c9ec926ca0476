"""An agency's request that this browser has open, kept in the session so that its citizen can choose for whom to answer and come back to it.

Nothing is decided by it: the request itself stays bound to this browser, and waits no longer than it would (`consent.oauth.requests.load`).
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from aurora.portal.auth import remember
from aurora.ui.contexts import WaitingRequest
from consent.oauth import requests
from consent.oauth.errors import RequestRefused

INTERACTION = "oauth-interaction"
SESSION = "request-waiting"


def note(request: HttpRequest, *, client_id: str, request_uri: str) -> None:
    """The page of this request has been shown to somebody who may answer for others."""
    remember(request, **{SESSION: [client_id, request_uri]})


def find(request: HttpRequest) -> WaitingRequest | None:
    """The request, while it waits; one that was answered, or is too old, is forgotten."""
    kept = request.session.get(SESSION)
    if kept is None:
        return None
    client_id, request_uri = kept
    try:
        asked = requests.load(client_id=client_id, request_uri=request_uri, interaction=str(request.session.get(INTERACTION, "")))
    except RequestRefused:
        del request.session[SESSION]
        return None
    url = f"{reverse('authorize')}?{urlencode({'client_id': client_id, 'request_uri': request_uri})}"
    return WaitingRequest(asked.agency_name, url, asked.expires_at)
