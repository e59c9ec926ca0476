"""RFC 8693, 4.1: `act` says who acted for the citizen when the consent was given. Of this RFC nothing else is offered: no token exchange."""

from __future__ import annotations

from typing import Any

from django.db import connection

from consent.keeper import keeper

from .models import AccessToken


def actor_of(token: AccessToken, *, agency: str) -> dict[str, Any]:
    """`{"act": {"sub": ...}}`, the attorney by the name under which this agency knows them; empty when the citizen consented themself.

    By a database function that wants the token's digest, so that it works outside the citizen's scope. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_oauth_attorney_of_token(%s)", [bytes(token.digest)])
        attorney = cursor.fetchone()[0]
    return {"act": {"sub": keeper().pairwise(citizen_id=attorney, agency=agency)}} if attorney is not None else {}
