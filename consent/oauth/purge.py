"""Takes away what has no more use: run now and then by beat. What a replay or a refusal is recognised by stays as long as it can matter."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from . import rfc9449
from .models import ClientToken, PushedRequest, UsedAssertion


def purge(*, now: datetime) -> int:
    """Delete expired assertions, proofs, requests and agencies' own tokens, and credentials a day after they end, of all citizens; returns how many rows went.

    Credentials lie under row-level security: a database function deletes them, and returns nothing but their number.
    """
    gone = UsedAssertion.objects.filter(expires_at__lte=now).delete()[0]
    gone += PushedRequest.objects.filter(expires_at__lte=now).delete()[0]
    gone += ClientToken.objects.filter(expires_at__lte=now).delete()[0]
    gone += rfc9449.forget(now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_oauth_purge(%s)", [now])
        return int(gone + cursor.fetchone()[0])
