"""The page of limits says what the program goes by, and nothing that somebody typed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as in_force

from aurora.journeys import ping_client
from aurora.portal.present import limits
from consent.oauth import config, jwks
from consent.webhooks import queue
from tests.support.cast import Cast, browser


def _rows() -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for group in limits.page().groups:
        for row in group.rows:
            found.setdefault((row.what, row.by), []).append(row.most)
    return found


def test_no_figure_stands_in_the_words(cast: Cast) -> None:
    for what, by in _rows():
        assert not re.search(r"\d", what + by), what


def test_each_row_is_on_the_page_which_the_reference_the_index_and_the_guide_lead_to(cast: Cast) -> None:
    text = browser().get("/fi/developers/limits/").content.decode().replace("&#x27;", "'")
    for (what, _), most in _rows().items():
        assert f">{what}</th>" in text and all(f">{one}</td>" in text for one in most), what
    for page in ("", "reference/", "guide/first-hour/"):
        assert 'href="/en/developers/limits/"' in browser().get(f"/en/developers/{page}").content.decode(), page


def test_what_is_set_otherwise_is_said_otherwise(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _rows()
    settings.AURORA_OAUTH_CALLS_A_MINUTE = {"address": 31, "client": 32}
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_THROTTLE_RATES": {"client": "33/min", "upload": "34/hour", "push": "35/day"},
    }
    settings.AURORA_UNKNOWN_TOKENS_A_MINUTE = 36
    settings.AURORA_SIGN_INS_A_MINUTE = 37
    settings.AURORA_USES_A_DAY = 3_800
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 39 * 1024
    settings.AURORA_LARGER_BODIES = {"/api/v1/evaluators": 40 * 1024 * 1024, "/api/v1/facts": 41}
    monkeypatch.setattr(config, "CODE_LIFETIME", timedelta(seconds=42))
    monkeypatch.setattr(config, "ACCESS_LIFETIME", timedelta(minutes=43))
    monkeypatch.setattr(queue, "TRY_FOR", timedelta(days=1))
    monkeypatch.setattr(jwks, "MAXIMUM", 44)
    monkeypatch.setattr(ping_client, "A_MINUTE", 45)
    after = _rows()
    said = {one for name in after for one in after[name] if one not in before[name]}
    assert said == {
        "31 a minute", "32 a minute", "33 a minute", "34 an hour", "35 a day", "36 a minute", "37 a minute", "3,800 a day", "39 KiB", "40 MiB",
        "41 bytes", "42 seconds", "43 minutes", "1 day", "44", "45 a minute",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (timedelta(seconds=90), "90 seconds"), (timedelta(minutes=10), "10 minutes"), (timedelta(hours=1), "1 hour"), (timedelta(hours=24), "1 day"),
        (timedelta(hours=36), "36 hours"),
    ],
)  # fmt: skip
def test_a_span_is_said_in_the_largest_unit_that_leaves_no_rest(value: timedelta, said: str) -> None:
    assert limits.span(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(512, "512 bytes"), (1024, "1 KiB"), (64 * 1024, "64 KiB"), (1536 * 1024, "1,536 KiB"), (2**20, "1 MiB")]
)
def test_so_is_a_size(value: int, said: str) -> None:
    assert limits.size(value) == said


def test_the_guide_and_the_example_say_the_same_rate_as_the_settings(cast: Cast) -> None:
    calls, rate = in_force.AURORA_OAUTH_CALLS_A_MINUTE["client"], in_force.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["client"]
    text = browser().get("/en/developers/guide/first-hour/").content.decode()
    assert f"{rate.partition('/')[0]} API calls a minute and client, {calls:,} a minute at each OAuth endpoint" in text
