"""The database's clock, put forward. Nothing that is asked of Aurora can do that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.support.cast import services


@contextmanager
def days_later(number: int) -> Iterator[None]:
    """Within the block it is so many days later, by a superuser's deed."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        (former,) = admin.execute("SELECT pg_get_functiondef('ledger_time()'::regprocedure)").fetchone()  # type: ignore[misc]
        admin.execute(former.replace("clock_timestamp()", f"clock_timestamp() + interval '{number} days'"))
        try:
            yield
        finally:
            admin.execute(former)
