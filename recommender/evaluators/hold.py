"""A released version, held for the transaction that runs it."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from recommender.models import EvaluatorVersion


def released(version_id: UUID) -> bool:
    """Whether it is released now, and then until this transaction ends: who retires it waits. Others may hold it too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM recommender_evaluatorversion WHERE id = %s AND state = %s FOR SHARE",
            [version_id, EvaluatorVersion.State.RELEASED.value],
        )
        return cursor.fetchone() is not None
