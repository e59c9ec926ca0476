"""Two at once: acts in threads with connections of their own, and waiting until they wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, connections


def in_thread(act: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Begun, on a connection of its own; what it returned or raised."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(act())
        except Exception as error:
            outcome.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def until_waiting(number: int, kind: str = "transactionid") -> None:
    """So many connections of this test run wait for another's transaction, or for a lock of another `kind` (`advisory`)."""
    pause = threading.Event()
    for _ in range(6000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = %s", [kind])
            if cursor.fetchone()[0] == number:
                return
        pause.wait(0.01)
    raise AssertionError("it did not happen")
