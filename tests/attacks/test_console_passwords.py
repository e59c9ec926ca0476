"""Passwords that are sent to the console's sign-in cost little, whatever names come with them, and keep nobody else from being answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from aurora.console import sign_in
from aurora.identity import backends
from tests.portal.at_once import in_thread
from tests.support.cast import PASSWORD, Cast, browser

SIGN_IN = "/en/console/sign-in/"


@pytest.fixture(autouse=True)
def _forgotten(cast: Cast) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def _sent(username: str, address: str = "198.51.100.7", password: str = "wrong words here") -> int:
    return browser().post(SIGN_IN, {"username": username, "password": password}, REMOTE_ADDR=address).status_code


def test_one_address_is_refused_before_a_password_is_looked_at_whatever_the_names(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "SIGN_INS_A_MINUTE", 5)  # which nobody needs a minute for
    looked_at: list[str] = []
    monkeypatch.setattr(backends, "make_password", looked_at.append)
    answers = [_sent(f"nobody-{n}") for n in range(sign_in.SIGN_INS_A_MINUTE + 5)]
    assert answers == [400] * sign_in.SIGN_INS_A_MINUTE + [429] * 5
    assert len(looked_at) == sign_in.SIGN_INS_A_MINUTE
    assert _sent("olavi", password=PASSWORD) == 429, "the right one neither, from there"
    assert _sent("olavi", address="203.0.113.4", password=PASSWORD) == 302, "but from elsewhere"


def test_a_form_without_a_password_does_not_count(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "SIGN_INS_A_MINUTE", 5)
    assert {_sent("olavi", password="") for _ in range(sign_in.SIGN_INS_A_MINUTE + 5)} == {400}


def test_one_password_at_a_time_and_the_next_does_not_wait_for_long(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, first = threading.Event(), threading.Event(), list[bool]()

    def slow(password: str) -> str:
        begun.set()
        first.append(go_on.wait(120))
        return ""

    monkeypatch.setattr(backends, "make_password", slow)
    monkeypatch.setattr(backends, "PATIENCE", 0.01)
    other, _ = in_thread(lambda: backends.OperatorBackend().authenticate(None, "nobody", "words"))
    try:
        assert begun.wait(120)
        with pytest.raises(backends.TooManyAtOnce):
            backends.OperatorBackend().authenticate(None, "olavi", PASSWORD)
        answer = browser().post(SIGN_IN, {"username": "olavi", "password": PASSWORD}, REMOTE_ADDR="203.0.113.9")
        assert answer.status_code == 429 and answer["Retry-After"] == "60"
    finally:
        go_on.set()
        other.join()
    assert first == [True]
    assert _sent("olavi", address="203.0.113.9", password=PASSWORD) == 302, "it is let go again"
