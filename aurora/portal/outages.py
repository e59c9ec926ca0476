"""Which errors mean that the database or the cache is away, and not that something was programmed wrongly."""

from __future__ import annotations

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import OperationalError
from redis.exceptions import RedisError

# PostgreSQL 18 manual, appendix A: connection exceptions (class 08); no room on the disk, no memory, no connection left (53); shut down, crashed, starting.
_AWAY = ("08", "53", "57P01", "57P02", "57P03")


def away(error: BaseException | None) -> str:
    """ "cache", "database", or nothing. A deadlock or a statement that took too long is an `OperationalError` too, and no outage."""
    if isinstance(error, SessionInterrupted) and isinstance(error.__context__, UpdateError):
        # Django takes every error of the database for a session that was deleted meanwhile.
        error = error.__context__.__context__
    if isinstance(error, RedisError):
        return "cache"
    if isinstance(error, OperationalError):
        # Without a state: the server never answered, or hung up.
        state = getattr(error.__cause__, "sqlstate", None)
        return "database" if state is None or state.startswith(_AWAY) else ""
    return ""
