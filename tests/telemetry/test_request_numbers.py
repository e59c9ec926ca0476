"""Each answer has a number of ours, whatever was sent; lines in JSON say what happened and nothing of whom."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils.log import configure_logging

from aurora.telemetry.logs import JsonLines, WithoutPaths, process_name
from aurora.telemetry.requests import HEADER, current_id
from tests.support.cast import browser

NUMBER = re.compile(r"[0-9a-f]{16}")
SECRET = "tQb1xZ0yFf3kUnguessable"


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What a JSON handler like the service's writes of all loggers."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines())
    handler.addFilter(WithoutPaths())
    root, found = logging.getLogger(), list[dict[str, Any]]()
    root.addHandler(handler)
    before = root.level
    root.setLevel("INFO")
    try:
        yield found
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def _written(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    handler = next(h for h in logging.getLogger().handlers if isinstance(h.formatter, JsonLines))
    assert isinstance(handler, logging.StreamHandler)
    text = handler.stream.getvalue()
    lines[:] = [json.loads(line) for line in text.splitlines()]
    return lines


@pytest.mark.parametrize("path", ["/healthz", "/en/", "/nothing", "/static/ui/aurora.css", "/api/v1/schema/", "/ledger/key"])
def test_every_answer_has_a_number_of_its_own(path: str) -> None:
    first, second = (browser().get(path, headers={"X-Request-Id": "mine"})[HEADER] for _ in range(2))
    assert NUMBER.fullmatch(first) and NUMBER.fullmatch(second) and first != second
    assert current_id() == ""


@pytest.mark.parametrize("path", ["/api/v1/twin/tax.income", "/api/v1/nothing", "/ledger/tile/nonsense"])
def test_a_problem_names_the_number_of_its_request(path: str) -> None:
    answer = browser().get(path)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["instance"] == f"urn:aurora:request:{answer[HEADER]}"


@override_settings(AURORA_LOG_FORMAT="json")
def test_a_request_is_one_line_with_its_route_and_without_its_path(lines: list[dict[str, Any]]) -> None:
    citizen = str(uuid4())
    answers = [
        browser().get("/healthz"),
        browser().get(f"/en/erasures/certificate/{SECRET}/?code={SECRET}"),
        browser().get(f"/fi/consents/{citizen}/"),
        browser().get(f"/en/{SECRET}/"),
        browser().post("/oauth/token", {"code": SECRET}, headers={"X-Request-Id": SECRET}),
        browser().generic("MADEUP", "/healthz"),
    ]
    told = [line for line in _written(lines) if line["logger"] == "aurora.request"]
    assert [line["request"] for line in told] == [answer[HEADER] for answer in answers]
    assert [line["status"] for line in told] == [answer.status_code for answer in answers]
    assert told[0]["route"] == "healthz" and told[3]["route"] == "(no route)" and told[5]["method"] == "other"
    assert all(
        set(line) == {"time", "level", "logger", "message", "process", "pid", "request", "route", "method", "status", "duration_ms"}
        for line in told
    )
    text = json.dumps(lines)
    assert SECRET not in text and citizen not in text, "in Django's own lines neither"
    assert "Not Found: (no route)" in text


def test_what_django_itself_says_of_a_request_has_no_path_in_it(lines: list[dict[str, Any]]) -> None:
    browser().get(f"/en/{SECRET}/")
    browser(enforce_csrf_checks=True).post(f"/en/sign-in/?x={SECRET}")
    text = json.dumps(_written(lines))
    assert "Not Found" in text and SECRET not in text


def test_an_error_is_told_by_its_class_and_place_and_not_by_its_words(lines: list[dict[str, Any]]) -> None:
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("aurora.x").exception("Could not read it.")
    (line,) = [one for one in _written(lines) if one["logger"] == "aurora.x"]
    assert (line["level"], line["error"], line["message"]) == ("ERROR", "builtins.ValueError", "Could not read it.")
    assert re.fullmatch(r"tests/telemetry/test_request_numbers.py:\d+ test_an_error_is_told\w+", line["at"][-1])
    assert SECRET not in json.dumps(line)


def test_a_message_with_line_breaks_stays_one_line(lines: list[dict[str, Any]]) -> None:
    logging.getLogger("aurora.x").info("one\ntwo \u2028 \x00")
    assert _written(lines)[-1]["message"] == "one\ntwo \u2028 \x00"


def test_the_service_s_own_settings_put_the_filter_on_both_forms() -> None:
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["without_paths"]
    assert settings.LOGGING["loggers"]["django"] == {"handlers": [], "propagate": True}
    assert configure_logging  # what reads it


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["/x/bin/gunicorn", "aurora.wsgi"], "web"),
        (["/x/gunicorn/__main__.py"], "web"),
        (["/x/celery/__main__.py", "-A", "aurora", "worker"], "worker"),
        (["/x/bin/celery", "-A", "aurora", "beat"], "beat"),
        (["manage.py", "sequencer"], "sequencer"),
        (["/x/pytest"], "python"),
        ([], "python"),
    ],
    ids=["gunicorn", "gunicorn-module", "worker", "beat", "command", "other", "nothing"],
)
def test_a_process_knows_its_name(arguments: list[str], name: str) -> None:
    assert process_name(arguments) == name
