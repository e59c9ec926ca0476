"""Metrics bear no person and no word that somebody sent, are served on an address of their own, and cost next to nothing where they are off."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from aurora.sources.feeds import Failing
from aurora.sources.pulls import Queue
from aurora.telemetry import figures, hearts
from aurora.telemetry.requests import STATIC, UNMATCHED
from consent.models import Agency
from consent.webhooks.queue import Count
from tests.support.cast import browser
from tests.support.services import ROOT
from tests.support.stack import wait_for

WORDS = re.compile(r"[a-z][a-z_]{1,40}")
PROGRAM = """
import django, os, uuid
django.setup()
from django.test import Client
from aurora.telemetry import metrics
for path in PATHS:
    Client(headers={'host': 'localhost'}).get(path)
Client(headers={'host': 'localhost'}).post("/oauth/token", {"code": "hushhush"})
Client(headers={'host': 'localhost'}).generic("MADE-UP", "/healthz")
metrics.decided("permitted"); metrics.decided("no_consent"); metrics.unwrapped()
metrics.pulled(source="tax-administration", outcome="answered", seconds=0.2)
with metrics.suggesting():
    pass
"""
PATHS = (
    "/healthz",
    "/healthz",
    "/en/",
    "/fi/",
    "/sv/hushhush/",
    "/en/erasures/certificate/hushhush/",
    f"/en/consents/{UUID(int=7)}/",
    "/static/ui/aurora.css",
    "/api/v1/twin/hushhush?x=hushhush",
)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Prometheus reads, from a process of its own, after two others have counted."""
    folder = tmp_path_factory.mktemp("metrics")
    port = free_port()
    environ = {
        **os.environ,
        "AURORA_METRICS_ADDRESS": f"127.0.0.1:{port}",
        "AURORA_METRICS_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "aurora.settings",
    }
    for _ in range(2):
        subprocess.run([sys.executable, "-c", PROGRAM.replace("PATHS", repr(PATHS))], env=environ, cwd=ROOT, check=True)
    server = subprocess.Popen([sys.executable, "manage.py", "metrics"], env=environ, cwd=ROOT)
    try:

        def answer() -> httpx.Response | None:
            try:
                return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=60)
            except httpx.ConnectError:
                return None

        found = wait_for(answer, "metrics", within=60)
        assert found.status_code == 200 and found.headers["content-type"].startswith("text/plain")
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=60).status_code == 404
        return found.text
    finally:
        server.terminate()
        assert server.wait(120) == 0


def _values(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _routes(resolver: URLResolver, names: tuple[str, ...] = ()) -> set[str]:
    found: set[str] = set()
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            found |= _routes(one, (*names, one.namespace) if one.namespace else names)
        elif isinstance(one, URLPattern):
            found.add(":".join((*names, one.name)) if one.name else str(one.pattern))
    return found


def test_what_processes_counted_is_added_up(text: str) -> None:
    values = _values(text)
    assert values["aurora_requests_total", "method=GET", "route=healthz", "status=200"] == 4
    assert values["aurora_request_seconds_count", "method=other", "route=healthz"] == 2
    assert values["aurora_decisions_total", "outcome=permitted"] == values["aurora_decisions_total", "outcome=no_consent"] == 2
    assert values["aurora_pull_seconds_count", "outcome=answered", "source=tax-administration"] == 2
    assert values["aurora_suggestion_seconds_count",] == 2 and values["aurora_vault_unwraps_total",] == 2


def test_how_things_stand_is_asked_of_database_and_broker(text: str) -> None:
    values = _values(text)
    assert values["aurora_up", "part=database"] == values["aurora_up", "part=broker"] == 1 and values["aurora_broker_messages",] >= 0
    assert {name[1] for name in values if name[0] == "aurora_processes_well"} == {f"kind={kind}" for kind in hearts.KINDS}
    for name in (
        "aurora_ledger_entries",
        "aurora_ledger_pending",
        "aurora_ledger_lag_seconds",
        "aurora_ledger_alarm",
        "aurora_database_connections_limit",
    ):
        assert (name,) in values, name


def test_no_label_has_a_person_an_id_or_what_somebody_sent(text: str) -> None:
    routes = _routes(get_resolver()) | {STATIC, UNMATCHED, "(root)"}
    sources = {"tax-administration", "population-register", "social-insurance", "hospital", "health-centre", "benefits-office"}
    agencies = set(Agency.objects.values_list("code", flat=True))
    allowed = {
        "route": lambda v: v in routes,
        "method": lambda v: v in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"},
        "status": lambda v: re.fullmatch(r"[1-5]\d\d", v),
        "source": lambda v: v in sources or v in agencies or re.fullmatch(r"[a-z][a-z-]{2,40}", v),
        "agency": lambda v: v in agencies,
        "le": lambda v: re.fullmatch(r"\+Inf|[\d.]+", v),
        **dict.fromkeys(("outcome", "error", "state", "what", "kind", "part"), WORDS.fullmatch),
    }
    seen = [(name, value) for family in text_string_to_metric_families(text) for s in family.samples for name, value in s.labels.items()]
    assert len(seen) > 100 and {"route", "status", "outcome", "kind"} <= {name for name, _ in seen}
    assert [(name, value) for name, value in seen if name not in allowed or not allowed[name](value)] == []
    assert "hushhush" not in text and str(UUID(int=7)) not in text


def test_the_public_port_has_no_metrics() -> None:
    assert browser().get("/metrics").status_code == 404
    assert not [name for name in _routes(get_resolver()) if "metrics" in name]


def test_without_an_address_nothing_is_counted_nor_loaded(tmp_path: Path) -> None:
    assert settings.AURORA_METRICS_ADDRESS is None
    program = PROGRAM.replace("PATHS", "['/healthz']") + "\nimport sys\nassert 'prometheus_client' not in sys.modules"
    environ = {**os.environ, "AURORA_METRICS_DIR": str(tmp_path / "m"), "DJANGO_SETTINGS_MODULE": "aurora.settings"}
    subprocess.run([sys.executable, "-c", program], env=environ, cwd=ROOT, check=True)
    assert not (tmp_path / "m").exists()
    refused = subprocess.run([sys.executable, "manage.py", "metrics"], env=environ, cwd=ROOT, check=False, capture_output=True, text=True)
    assert refused.returncode == 1 and "AURORA_METRICS_ADDRESS" in refused.stderr


def _figures(monkeypatch: pytest.MonkeyPatch, many: int, waited: timedelta) -> dict[tuple[str, ...], float]:
    """What the database's gauges say where so many wait, fail and are on their way."""
    now = timezone.now()
    monkeypatch.setattr(figures.pulls, "queues", lambda **_: [Queue("tax-administration", many, many, many, many, now - waited)])
    monkeypatch.setattr(figures.feeds, "failing", lambda: [Failing("tax-administration", "tax.income", "timeout", many, 0, now, now)])
    monkeypatch.setattr(figures.deliveries, "counts", lambda **_: [Count("client", "benefits-office", many, many, many, many, many, many)])
    parts = (figures._queues, figures._dead_letters, figures._deliveries)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for part in parts
        for metric in part(now)
        for sample in metric.samples
        if metric.name.startswith("aurora_")
    }


def test_gauges_do_not_tell_that_just_now_one_person_is_read_or_has_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [_figures(monkeypatch, many, timedelta(seconds=9 * many)) for many in (0, 1, 9)]
    work = [("aurora_deliveries", "benefits-office", state) for state in ("failed", "overdue")]
    assert [[one.pop(key) for key in work] for one in seen] == [[0, 0], [1, 1], [9, 9]], "what somebody must see to is exact"
    assert seen[0] == seen[1] == seen[2] and set(seen[0].values()) == {0}
    many = _figures(monkeypatch, 123, timedelta(hours=2))
    assert many["aurora_queue", "tax-administration", "waiting"] == many["aurora_dead_letters", "tax-administration", "timeout"] == 120
    assert many["aurora_queue_oldest_seconds", "tax-administration"] == 7200
