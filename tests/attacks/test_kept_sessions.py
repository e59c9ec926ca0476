"""Whoever reads where sessions are kept goes on with none of them; whoever writes into the cache signs nobody in and runs nothing."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.core.cache import cache, caches
from django.db import connection

from aurora.cache import Json
from aurora.identity.models import Session
from aurora.identity.session_store import SessionStore, name_of
from tests.support.cast import Cast, browser

PAGE = "/en/my-data/"


class Run:
    """What pickle runs when it reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def _key(cast: Cast) -> str:
    face = cast.aino.browser()
    assert face.get(PAGE).status_code == 200
    return str(face.cookies["aurora"].value)


def _opens(key: str) -> bool:
    thief = browser()
    thief.cookies["aurora"] = key
    return thief.get(PAGE).status_code == 200


def _raw() -> Any:
    return caches["default"]._cache.get_client()  # type: ignore[attr-defined]


def test_what_the_table_says_opens_nothing(cast: Cast) -> None:
    key = _key(cast)
    assert _opens(key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key, session_data, account FROM django_session")
        rows = cursor.fetchall()
    assert any(name == name_of(key) for name, _, _ in rows)
    assert not any(key in str(value) for row in rows for value in row)
    assert not any(_opens(name) for name, _, _ in rows)


def test_what_the_cache_says_opens_nothing(cast: Cast) -> None:
    key = _key(cast)
    place = SessionStore(key).cache_key
    assert isinstance(cache.get(place), str) and key not in place
    names = [found.decode() for found in _raw().scan_iter("*") if b"session" in found]
    assert names and not any(key in name for name in names)
    assert not any(_opens(name.rpartition("cached_db")[2]) for name in names)


def test_what_is_written_into_the_cache_signs_nobody_in(cast: Cast) -> None:
    mine, hers = "a" * 32, _key(cast)
    place, signed = SessionStore(mine).cache_key, cache.get(SessionStore(hers).cache_key)
    known = SessionStore(hers).load()
    for forged in (
        signed,  # hers, in another's place
        known,
        json.dumps(known),
        signing.dumps(known, key="another key", salt=place),
        signing.dumps(known, salt="another place"),
        "",
        7,
    ):
        cache.set(place, forged, 60)
        assert SessionStore(mine).load() == {} and not _opens(mine), forged
    assert not Session.objects.filter(pk=name_of(mine)).exists()


def test_a_spoiled_entry_is_read_from_the_row(cast: Cast) -> None:
    key = _key(cast)
    for spoiled in (b"\x80", b"{", b"[" * 100_000, b'"x"'):
        _raw().set(cache.make_key(SessionStore(key).cache_key), spoiled, ex=60)
        assert _opens(key)
    assert cache.get(SessionStore(key).cache_key) not in (None, "x"), "and is ours again"


def test_nothing_that_is_read_from_the_cache_runs(cast: Cast, tmp_path: Path) -> None:
    target = tmp_path / "made"
    key = _key(cast)
    for name in (SessionStore(key).cache_key, "anything"):
        _raw().set(cache.make_key(name), pickle.dumps(Run(target)), ex=60)
        assert cache.get(name) is None
    assert _opens(key) and not target.exists()


@pytest.mark.parametrize("value", [0, 41, -1, "word", True, None, 1.5, ["a", 1], {"a": None}], ids=repr)
def test_what_is_kept_comes_back(value: Any) -> None:
    form = Json()
    stored = form.dumps(value)
    assert form.loads(stored if isinstance(stored, bytes) else str(stored).encode()) == value


def test_what_json_cannot_say_is_not_kept() -> None:
    with pytest.raises(TypeError):
        Json().dumps(Path("/"))


def test_ended_by_name_it_is_over_in_both_places(cast: Cast) -> None:
    key = _key(cast)
    SessionStore.forget(name_of(key))
    assert cache.get(SessionStore(key).cache_key) is None and not Session.objects.filter(pk=name_of(key)).exists()
    assert not _opens(key)


def test_put_back_into_the_cache_after_its_end_it_goes_on_for_a_minute_at_most(cast: Cast) -> None:
    key = _key(cast)
    place, name = SessionStore(key).cache_key, name_of(key)
    kept = cache.get(place)
    SessionStore.forget(name)
    cache.set(place, kept, 3600)  # a slow request had read the row before it went, or somebody had copied this
    cache.delete(f"session-used:{name}")  # the minute is over
    assert not _opens(key)
    assert cache.get(place) is None, "and is ended there too"
