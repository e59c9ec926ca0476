"""Statements are counted of a page that was looked at just before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aurora.identity import session_store, vault


@pytest.fixture
def kept_meanwhile(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a process keeps for some minutes it keeps as long as the test lasts: else the minutes may end between two looks, and a statement comes on top."""
    monkeypatch.setattr(vault, "OPEN_SECONDS", 86_400.0)
    monkeypatch.setattr(session_store, "TOUCH_EVERY", 86_400)
    vault._open_keys._keys.clear()
    yield
    vault._open_keys._keys.clear()
