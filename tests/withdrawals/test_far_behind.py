"""A client that has a great deal to be told, or has been told a great deal, costs no more to ask about than another: rows that are read, counted."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.utils import timezone

from consent.webhooks.models import Delivery
from tests.support.cast import Cast, services
from tests.withdrawals.told import delivery, granted, withdrawn

MANY = 1_500
READ = """
SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables WHERE relname = 'consent_webhooks_delivery'
"""


def read_by(admin: psycopg.Connection[Any], sql: str) -> int:
    """How many deliveries PostgreSQL looked at."""

    def looked() -> int:
        return int(admin.execute(READ).fetchone()[0])  # type: ignore[index]

    before = looked()
    admin.execute(sql).fetchall()
    return looked() - before


def _many_like(admin: psycopg.Connection[Any], row: Delivery, state: str, due: bool) -> None:
    """With what PostgreSQL knows of a table once it is so large: else it may take the wrong index by what it knew of the small one."""
    now = timezone.now()
    other = {"state": state, "due_at": now if due else None, "delivered_at": now if state == "delivered" else None}
    columns = [f.column for f in Delivery._meta.fields if f.column not in {"id", "position", *other}]
    admin.execute(
        f"INSERT INTO consent_webhooks_delivery (id, position, state, due_at, delivered_at, {', '.join(columns)}) "  # type: ignore[arg-type]
        f"SELECT gen_random_uuid(), 500000 + n, %s, %s, %s, {', '.join(columns)} "
        "FROM consent_webhooks_delivery, generate_series(1, %s) n WHERE id = %s",
        [other["state"], other["due_at"], other["delivered_at"], MANY, row.pk],
    )
    admin.execute("ANALYZE consent_webhooks_delivery")


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
    with psycopg.connect(services().admin_url or "") as admin:
        _many_like(admin, row, state, due)
        # As on a table that is not small: there it would not be read from one end to the other.
        admin.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        assert read_by(admin, sql.format(pk=row.client_id, client=cast.office.client_id)) <= most
        admin.rollback()
