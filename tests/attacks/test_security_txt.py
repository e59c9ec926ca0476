"""Whoever finds a hole finds whom to tell (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.cast import browser

PATH = "/.well-known/security.txt"


def test_it_says_whom_to_tell_and_how_long_that_holds(db: None, settings: Any) -> None:
    settings.AURORA_SECURITY_CONTACTS = ("mailto:security@aurora.example", "https://aurora.example/report")
    answer = browser().get(PATH)
    assert answer.status_code == 200 and answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = [line.partition(": ")[::2] for line in answer.content.decode().splitlines()]
    assert [value for name, value in lines if name == "Contact"] == list(settings.AURORA_SECURITY_CONTACTS)
    told = dict(lines)
    expires = datetime.fromisoformat(told["Expires"])
    assert timedelta(days=90) < expires - datetime.now(UTC) < timedelta(days=365)
    assert told["Canonical"] == f"{settings.AURORA_BASE_URL}{PATH}" and told["Preferred-Languages"] == "fi, sv, en"


def test_where_nobody_is_named_there_is_no_file(db: None, settings: Any) -> None:
    settings.AURORA_SECURITY_CONTACTS = ()
    assert browser().get(PATH).status_code == 404
