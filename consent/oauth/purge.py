"""Takes away what has no more use: run now and then by beat. What a replay or a refusal is recognised by stays as long as it can matter."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from .models import PushedRequest, UsedAssertion


def purge(*, now: datetime) -> int:
    """Delete expired assertions and requests, and credentials a day after they end, of all citizens; returns how many rows went.

    Credentials lie under row-level security: a database function deletes them, and returns nothing but their number.
    """
    gone = UsedAssertion.objects.filter(expires_at__lte=now).delete()[0]
    gone += PushedRequest.objects.filter(expires_at__lte=now).delete()[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_oauth_purge(%s)", [now])
        return int(gone + cursor.fetchone()[0])
