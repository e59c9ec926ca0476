"""A transaction that sees all as it was at one moment, for who begins their transaction elsewhere (`open_door`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def steady() -> Iterator[None]:
    """Transactions that begin within are REPEATABLE READ (PostgreSQL 18 manual, 13.2.2). One that writes what another wrote since is a serialization failure."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_isolation")
