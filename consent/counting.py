"""Counting up to a limit, in the cache that all processes share.

A count begins with its first call and not with the clock's minute, so no moment is better than another for calling twice as often.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from django.core.cache import caches


class Counted(NamedTuple):
    """How many there were, this one among them, and the whole seconds until they are forgotten: at least 1, at most what was asked for."""

    number: int
    left: int


def count_of(what: str, who: str, seconds: int) -> Counted:
    """`count` of somebody who is named by an address or by words of their own. The cache keeps a digest: who looks into it reads neither."""
    return count(f"{what}:{hashlib.sha256(who.encode()).hexdigest()}", seconds)


def count(key: str, seconds: int) -> Counted:
    """Add one, and say what that makes; no call is lost beside another one. The key is forgotten so many seconds after its first.

    A cache with a `count` of its own (`aurora.cache.Cache`) does it in one exchange; others in two, and cannot tell how long it still lasts.
    Raises the cache's error while it is away.
    """
    store = caches["default"]
    own = getattr(store, "count", None)
    if own is not None:
        number, left = own(key, seconds)
        return Counted(number, min(max(left, 1), seconds))
    while True:
        if store.add(key, 1, seconds):
            return Counted(1, seconds)
        try:
            return Counted(store.incr(key), seconds)
        except ValueError:  # forgotten between the two
            continue
