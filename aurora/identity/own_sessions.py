"""Where somebody is signed in, and ending it there. For citizens and operators alike; nobody is named by it to whoever has not signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aurora.identity.models import Session
from aurora.identity.session_store import DAY, IDLE, PAUSES, SessionStore, account_of, name_of

BEGAN = "signed-in-at"
"""When a session was signed in to, in seconds since 1970."""
BROWSER = "signed-in-with"
"""The browser and the system that it said to be, as codes."""

# The order counts: each of the later ones is in what the earlier say of themselves.
_BROWSERS = (("Edg", "edge"), ("OPR/", "opera"), ("SamsungBrowser", "samsung"), ("Firefox", "firefox"), ("FxiOS", "firefox"), ("CriOS", "chrome"),
             ("Chrome", "chrome"), ("Safari", "safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iphone"), ("iPad", "ipad"), ("Android", "android"), ("Windows", "windows"), ("Mac OS X", "mac"), ("CrOS", "chromeos"), ("Linux", "linux"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Open:
    """A session that goes on. `name` says which (`session_store.name_of`), and opens nothing: it is a digest of what does. `used`: when last, to a minute."""

    name: str
    began: datetime | None
    browser: str
    system: str
    used: datetime | None = None


def described(agent: str) -> str:
    """What is kept of how a browser describes itself: two words, "" where nothing is known. Not its version, nor anything else that tells people apart."""
    found = [next((code for mark, code in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return " ".join(found) if all(found) else next(filter(None, found), "")


def live(user_id: object, *, now: datetime) -> tuple[Open, ...]:
    """All sessions of somebody that go on, the newest first. One statement."""
    rows = list(Session.objects.filter(account=account_of(user_id), expire_date__gt=now))
    found = [_opened(row) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.began is not None, one.began, one.name), reverse=True))


def end(user_id: object, *, names: frozenset[str]) -> int:
    """End those of somebody's sessions that bear these names; how many there were."""
    return _end([name for name in _names(user_id) if name in names])


def end_others(user_id: object, *, but: str | None = None) -> int:
    """End all sessions of somebody, `but` the one with this key; how many there were."""
    here = name_of(but) if but else ""
    return _end([name for name in _names(user_id) if name != here])


def names_but(user_id: object, *, key: str) -> frozenset[str]:
    """What the sessions of somebody are called, without the one that has this key."""
    return frozenset(_names(user_id)) - {name_of(key)}


def forget(names: frozenset[str]) -> None:
    """End them once more, whosesoever they are: one whose row went in a transaction may have come back to the cache before that was committed."""
    _end(sorted(names))


def end_everyones() -> int:
    """End every session that somebody has signed in to: when a key or a store was known to others."""
    return _end(list(Session.objects.exclude(account="").values_list("session_key", flat=True)))


def _names(user_id: object) -> list[str]:
    return list(Session.objects.filter(account=account_of(user_id)).values_list("session_key", flat=True))


def _end(names: list[str]) -> int:
    for name in names:
        SessionStore.forget(name)
    return len(names)


def _opened(row: Any) -> Open:
    data = SessionStore().decode(row.session_data)
    began, words = data.get(BEGAN), str(data.get(BROWSER, "")).split()
    known = [code for _, code in _BROWSERS]
    return Open(
        name=row.session_key,
        began=datetime.fromtimestamp(began, UTC) if isinstance(began, int) else None,
        browser=next((word for word in words if word in known), ""),
        system=next((word for word in words if word not in known), ""),
        used=row.expire_date - (DAY if data.get(PAUSES) else IDLE),  # each use puts the end off by just that
    )
