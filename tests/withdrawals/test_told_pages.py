"""What a citizen reads of a notice that has not arrived: why, and what has ended all the same, and nothing that is not so."""

from __future__ import annotations

import re
from typing import Any

import pytest

from consent.oauth.models import Client
from tests.support.cast import Cast
from tests.withdrawals.told import INCOME, PATH, change, deliveries, granted, withdrawn

FAILED = {"state": "failed", "due_at": None, "attempts": 1}
WHY = {
    "untried": "as soon as it can",
    "trying": "goes on trying",
    "feed": "has no address to send it to",
    "gone": "takes no more notices",
    "failed": "for three days without success",
}
ENDED = {
    "whole": "The consent has ended all the same",
    "part": "That part of the consent has ended all the same",
    "older": "The older consent has ended",
}


@pytest.mark.parametrize(
    ("what", "address", "changes", "why"),
    [
        ("whole", True, {}, "untried"),
        ("part", True, {"attempts": 3, "error": "timeout"}, "trying"),
        ("whole", False, {}, "feed"),
        ("part", True, FAILED | {"error": "gone"}, "gone"),
        ("older", True, FAILED | {"error": "receiver_failed"}, "failed"),
    ],
)
def test_each_state_of_a_notice_has_sentences_of_its_own(cast: Cast, what: str, address: bool, changes: dict[str, Any], why: str) -> None:
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri="http://127.0.0.1:9" + PATH if address else "")
    _, consent = granted(cast)
    if what == "older":
        granted(cast)
    else:
        withdrawn(cast.cecilia, consent, categories=[INCOME] if what == "part" else None)
    [row] = deliveries(cast.cecilia, consent)
    if changes:
        change(cast.cecilia, row, **changes)
    said = re.sub(r"\s+", " ", cast.cecilia.browser().get(f"/en/consents/{consent.pk}/").content.decode())
    assert {code for code, sentence in WHY.items() if sentence in said} == {why}
    assert {code for code, sentence in ENDED.items() if sentence in said} == {what}
