"""Where sessions lie: in the database, with the cache before it. A session ends when it lies unused, and none outlives the browser's window.

Neither holds what a browser sends: both know a session by a digest of it. So nobody who reads them, or a backup, can go on with somebody's session.
What comes from the cache is taken only if we had signed it for that session: whoever writes into the cache signs nobody in.

For how long a session is good in all is `aurora.portal.sessions`' business.
"""

from __future__ import annotations

import hashlib
import logging
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore as CachedDatabase
from django.core import signing
from django.core.cache import cache
from django.utils import timezone
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

IDLE = timedelta(hours=1)
# What a citizen may choose instead: as long as signing in is good for at most.
DAY = timedelta(hours=24)
PAUSES = "pauses-for-a-day"
TOUCH_EVERY = 60


def account_of(user_id: object) -> str:
    """Whose a session is, as its row says it: a keyed digest, by which all of somebody's are found."""
    return salted_hmac("aurora.identity.session", str(user_id), algorithm="sha256").hexdigest()


def name_of(key: str) -> str:
    """What a session is called wherever it is kept: 40 characters of a SHA-256 of the key, which is 165 random bits and so needs no salt."""
    return urlsafe_b64encode(hashlib.sha256(b"session:" + key.encode()).digest()[:30]).decode()


class SessionStore(CachedDatabase):
    """Django's, with an end that moves while the session is used, and a row that says whose it is and not by which key."""

    if TYPE_CHECKING:  # Django's own, which its stubs leave out
        _cache: Any

        def _get_or_create_session_key(self) -> str: ...
        def _get_session(self, no_load: bool = False) -> dict[str, Any]: ...

    @classmethod
    def get_model_class(cls) -> Any:
        from aurora.identity.models import Session

        return Session

    @property
    def cache_key(self) -> str:
        return self._place(name_of(self._get_or_create_session_key()))

    @classmethod
    def _place(cls, name: str) -> str:
        return f"{cls.cache_key_prefix}{name}"

    def load(self) -> dict[str, Any]:
        """From the cache if what is there is ours, else from the row. One statement at most. Raises `RedisError` without the cache: limits fail then too."""
        kept = self._cached()
        if kept is not None:
            return kept
        row = self._get_session_from_db()
        if row is None:
            return {}
        data: dict[str, Any] = self.decode(row.session_data)
        self._keep(data, self.get_expiry_age(expiry=row.expire_date))
        return data

    def _get_session_from_db(self) -> Any:
        row = self.model.objects.filter(session_key=name_of(self.session_key or ""), expire_date__gt=timezone.now()).first()
        if row is None:
            self._session_key = None
        return row

    def _cached(self) -> dict[str, Any] | None:
        try:
            signed = self._cache.get(self.cache_key)
            return signing.loads(signed, salt=self.cache_key, serializer=self.serializer) if isinstance(signed, str) else None
        except (signing.BadSignature, ValueError):
            return None

    def _keep(self, data: dict[str, Any], seconds: int) -> None:
        # Under another salt it would be another session's: one that is copied to another's place is not ours there.
        signed = signing.dumps(data, salt=self.cache_key, serializer=self.serializer)
        self._cache.set(self.cache_key, signed, seconds)

    def exists(self, session_key: str) -> bool:
        """Whether a session has this key."""
        return bool(self.model.objects.filter(session_key=name_of(session_key)).exists())

    def save(self, must_create: bool = False) -> None:
        """To the row, and to the cache."""
        super(CachedDatabase, self).save(must_create)
        try:
            self._keep(self._get_session(no_load=must_create), self.get_expiry_age())
        except RedisError:  # the row has it
            logger.exception("A session could not be written to the cache.")

    def delete(self, session_key: str | None = None) -> None:
        """The session of a key, or this one."""
        key = session_key or self.session_key
        if key is not None:
            self.forget(name_of(key))

    @classmethod
    def forget(cls, name: str) -> None:
        """End a session by what it is called: from the cache first, so that none goes on there of which the row is gone."""
        store = cls()
        store._cache.delete(cls._place(name))
        store.model.objects.filter(session_key=name).delete()
        store._cache.delete(cls._place(name))  # a request that was under way may have put it back

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.session_key = name_of(row.session_key)
        row.account = account_of(data[SESSION_KEY]) if SESSION_KEY in data else ""
        return row

    def get_session_cookie_age(self) -> int:
        """Seconds until a session that lies unused ends."""
        return int((DAY if self.get(PAUSES) else IDLE).total_seconds())

    def touch(self) -> bool:
        """Put the end off, at most once a minute. What is in the session is not written: another request may be changing just that.

        Whether it goes on: one of which the row is gone was ended, and is in the cache because a request under way then has put it back.
        """
        if self.session_key is None:
            return True
        name = name_of(self.session_key)
        try:
            if not cache.add(f"session-used:{name}", 1, TOUCH_EVERY):
                return True
            cache.touch(self.cache_key, self.get_expiry_age())
        except RedisError:  # then nothing tells whether it was done just now; the next minute's request does it
            return True
        return bool(self.model.objects.filter(session_key=name).update(expire_date=self.get_expiry_date()) == 1)
