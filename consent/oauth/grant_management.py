"""Grant Management for OAuth 2.0 (OpenID FAPI WG, draft-03): a client names a grant of its own, to add to it, to replace it, to look at it.

What a request may name is checked when it is pushed (5.2, 5.4) and, since only then the citizen is known, again when they have signed in
and when they decide: by `target`. Giving a grant back (6.5) ends consents and is therefore a journey.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidRequestError
from django.utils import timezone

from consent.errors import NotFound
from consent.scope import citizen_scope

from . import config, grants
from .errors import GrantGone, InvalidAuthorizationDetails, InvalidGrantId
from .grants import Standing
from .models import Client, Grant
from .rfc9396 import Detail

if TYPE_CHECKING:
    from .requests import PushedRequestView

CREATE, MERGE, REPLACE = config.GRANT_ACTIONS


def requested(form: Mapping[str, str], client: Client, detail: Detail) -> dict[str, str | None]:
    """What a pushed request wants done with which grant. Without an action a new grant is made, as by `create`. Raises `OAuth2Error`."""
    action, named = form.get("grant_management_action"), form.get("grant_id")
    if action is None and named is not None:
        raise InvalidRequestError("grant_id needs a grant_management_action.")
    if action is not None and action not in config.GRANT_ACTIONS:
        raise InvalidRequestError(f"grant_management_action must be one of {', '.join(config.GRANT_ACTIONS)}.")
    if action in (None, CREATE):
        if named is not None:
            raise InvalidRequestError("create makes a grant_id: it takes none.")
        return {"action": CREATE, "grant_id": None}
    if named is None:
        raise InvalidRequestError(f"{action} needs a grant_id.")
    _check_fits(_held(named, client.client_id), action, detail)
    return {"action": action, "grant_id": named}


def merged(request: PushedRequestView, found: Standing | None) -> frozenset[str]:
    """The categories that a `merge` takes along: those that stand for the same purpose, if the client may still ask for them."""
    same = found.of_purpose(request.purpose) if found is not None and request.action == MERGE else None
    if same is None:
        return frozenset()
    return frozenset(same.detail.categories) & set(Client.objects.get(client_id=request.client_id).allowed_categories)


def target(request: PushedRequestView, *, citizen_id: UUID, now: datetime) -> Standing | None:
    """The grant that a request is about, as it stands; None if it makes one. In the citizen's scope.

    Raises `GrantGone` for one that is unknown, another client's or another citizen's, and for one in which nothing stands: one answer for all.
    """
    if request.grant_id is None:
        return None
    mine = Grant.objects.filter(pk=request.grant_id, citizen_id=citizen_id, client__client_id=request.client_id)
    found = grants.standing(grant_id=request.grant_id, now=now) if mine.exists() else None
    if found is None:
        raise GrantGone()
    return found


def _held(named: str, client_id: str) -> Standing:
    grant_id = grants.parse_id(named)
    citizen_id = grants.citizen_of(grant_id=grant_id, client_id=client_id) if grant_id else None
    if grant_id is None or citizen_id is None:
        raise InvalidGrantId()
    with citizen_scope(citizen_id):
        found = grants.standing(grant_id=grant_id, now=timezone.now())
    if found is None:
        raise InvalidGrantId()
    return found


def _check_fits(found: Standing, action: str | None, detail: Detail) -> None:
    same = found.of_purpose(detail.purpose) if action == MERGE else None
    if same is not None and same.detail.once != detail.once:
        raise InvalidAuthorizationDetails(
            "What stands for one use and what stands for a time cannot be merged: once must be as in the grant."
        )


def described(*, client_id: str, named: str, now: datetime) -> dict[str, Any]:
    """The answer to a query (6.4): what stands, and nothing of what no longer does (4.1).

    Times are RFC 3339, in UTC. `last_updated_at` and `updated_by` are of the last decision or end in the grant: `client` when a
    request of a client's led to it, else `authorization_server`, whoever it was. Raises `NotFound`, also for another client's.
    """
    grant_id = grants.parse_id(named)
    citizen_id = grants.citizen_of(grant_id=grant_id, client_id=client_id) if grant_id else None
    if grant_id is None or citizen_id is None:
        raise NotFound()
    with citizen_scope(citizen_id):
        found = grants.standing(grant_id=grant_id, now=now)
        if found is None:
            raise NotFound()
        changed = grants.last_change(found.grant_id)
    return {
        "authorization_details": found.details,
        "created_at": found.created_at,
        "last_updated_at": changed.at,
        "expires_at": found.expires_at,
        "updated_by": "client" if changed.asked_for else "authorization_server",
    }


def metadata(base: str) -> dict[str, Any]:
    """The members of the authorization server's metadata (7.1)."""
    return {
        "grant_management_actions_supported": ["query", "revoke", *config.GRANT_ACTIONS],
        "grant_management_endpoint": f"{base}/oauth/grants",
        "grant_management_action_required": False,
    }
