"""A client that has a great deal to be told, or has been told a great deal, costs no more to ask about than another: rows that are read, counted."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consent.scope import citizen_scope
from consent.webhooks.models import Delivery
from tests.support.cast import Cast
from tests.withdrawals.told import delivery, granted, withdrawn

MANY = 1_500
READ = """
SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables WHERE relname = 'consent_webhooks_delivery'
"""


def read_by(sql: str, *parameters: object) -> int:
    """How many deliveries PostgreSQL looked at."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        before = cursor.fetchone()[0]
        cursor.execute(sql, parameters)
        cursor.fetchall()
        cursor.execute(READ)
        return int(cursor.fetchone()[0] - before)


def _many_like(row: Delivery, state: str, due: bool) -> None:
    now = timezone.now()
    values: dict[str, Any] = {f.attname: getattr(row, f.attname) for f in Delivery._meta.fields} | {
        "state": state, "due_at": now if due else None, "delivered_at": now if state == "delivered" else None,
    }  # fmt: skip
    Delivery.objects.bulk_create(Delivery(**values | {"id": uuid4(), "position": 500_000 + n}) for n in range(MANY))


@pytest.mark.parametrize(
    ("state", "due", "sql", "most"),
    [
        ("pending", True, "SELECT * FROM consent_webhooks_due(now(), 1, 200)", 50),
        ("pending", True, "SELECT consent_webhooks_under_way({pk}, now())", 50),
        ("pending", False, "SELECT consent_webhooks_under_way({pk}, now())", 50),
        ("delivered", False, "SELECT * FROM consent_webhooks_fetched('{client}', 1000000)", 50),
        ("pending", False, "SELECT * FROM consent_webhooks_fetched('{client}', 1000000)", 250),
        ("delivered", False, "SELECT consent_webhooks_newest('{client}')", 50),
    ],
)
def test_only_what_is_asked_for_is_read(cast: Cast, state: str, due: bool, sql: str, most: int) -> None:
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent)
    row = delivery(cast.cecilia, consent)
    with transaction.atomic():
        with citizen_scope(cast.cecilia.id):
            _many_like(row, state, due)
        with connection.cursor() as cursor:
            # As on a table that is not small: there it would not be read from one end to the other.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        assert read_by(sql.format(pk=row.client_id, client=cast.office.client_id)) <= most
        transaction.set_rollback(True)
