"""Those who do the same thing at once do it one after the other, where there is no row that they could lock."""

from __future__ import annotations

from django.db import connection


def one_at_a_time(what: str) -> None:
    """Until this transaction ends, whoever asks for the same waits: what they count or look at then, they see as it was left. In a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])
