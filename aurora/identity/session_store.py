"""Where sessions lie: in the database, with the cache before it. A session ends when it lies unused, and none outlives the browser's window.

For how long a session is good in all is `aurora.portal.sessions`' business.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore as CachedDatabase
from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

IDLE = timedelta(hours=1)
# What a citizen may choose instead: as long as signing in is good for at most.
DAY = timedelta(hours=24)
PAUSES = "pauses-for-a-day"
TOUCH_EVERY = 60


def account_of(user_id: object) -> str:
    """Whose a session is, as its row says it: a keyed digest, by which all of somebody's are found."""
    return salted_hmac("aurora.identity.session", str(user_id), algorithm="sha256").hexdigest()


class SessionStore(CachedDatabase):
    """Django's, with an end that moves while the session is used, and a row that says whose it is."""

    @classmethod
    def get_model_class(cls) -> Any:
        from aurora.identity.models import Session

        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.account = account_of(data[SESSION_KEY]) if SESSION_KEY in data else ""
        return row

    def get_session_cookie_age(self) -> int:
        """Seconds until a session that lies unused ends."""
        return int((DAY if self.get(PAUSES) else IDLE).total_seconds())

    def touch(self) -> None:
        """Put the end off, at most once a minute. What is in the session is not written: another request may be changing just that."""
        if self.session_key is None:
            return
        name = hashlib.sha256(self.session_key.encode()).hexdigest()
        try:
            if not cache.add(f"session-used:{name}", 1, TOUCH_EVERY):
                return
            cache.touch(self.cache_key, self.get_expiry_age())
        except RedisError:  # then nothing tells whether it was done just now; the next minute's request does it
            return
        self.model.objects.filter(session_key=self.session_key).update(expire_date=self.get_expiry_date())
