"""Worker, beat and sequencer say that they are well, where the console and a health check find it; who falls silent is found too."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from aurora.telemetry import hearts
from aurora.telemetry.hearts import Heart, Seen, last_seen, silent
from aurora.telemetry.models import Heartbeat
from tests.support.services import ROOT
from tests.support.stack import wait_for


@pytest.fixture(autouse=True)
def nobody_yet() -> Iterator[None]:
    Heartbeat.objects.all().delete()
    yield
    Heartbeat.objects.all().delete()


def _row(kind: str) -> Seen | None:
    return next((one for one in last_seen(now=timezone.now()) if one.kind == kind and one.at), None)


def test_who_never_was_there_is_told_of_too() -> None:
    assert [(one.kind, one.at, one.well) for one in last_seen(now=timezone.now())] == [(kind, None, False) for kind in hearts.KINDS]


def test_a_pulse_is_found_in_the_file_and_in_the_database(tmp_path: Path) -> None:
    Heart("worker", state_dir=tmp_path, place="host-1").pulse()
    seen = wait_for(lambda: _row("worker"), "the heart to be noted")
    assert (seen.place, seen.well) == ("host-1", True) and (tmp_path / "alive/worker").exists()
    assert silent(now=timezone.now()) == ["beat", "sequencer"]
    later = timezone.now() + hearts.SILENT_AFTER
    assert not any(one.well for one in last_seen(now=later)) and silent(now=later) == list(hearts.KINDS)
    assert Heart("worker", state_dir=tmp_path).place == socket.gethostname()[:64]


def test_two_hosts_are_two_and_a_week_later_neither_is_told_of(tmp_path: Path) -> None:
    for place in ("a", "b"):
        Heart("beat", state_dir=tmp_path, place=place).pulse()
    wait_for(lambda: Heartbeat.objects.filter(kind="beat").count() == 2)
    assert [one.place for one in last_seen(now=timezone.now()) if one.kind == "beat"] == ["a", "b"]
    assert {one.at for one in last_seen(now=timezone.now() + timedelta(days=8))} == {None}


def test_between_two_signs_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearts, "EVERY", 3600.0)
    noted = []
    heart = Heart("worker", state_dir=tmp_path, note=noted.append)
    heart.pulse()
    (tmp_path / "alive/worker").unlink()
    for _ in range(1000):
        heart.pulse()
    assert not (tmp_path / "alive/worker").exists()
    wait_for(lambda: noted)
    assert noted == [heart]


def test_a_database_that_hangs_or_refuses_holds_up_neither_loop_nor_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearts, "EVERY", 0.0)
    held, calls = threading.Event(), []

    def hangs(heart: Heart) -> None:
        calls.append(heart)
        if len(calls) == 1:
            raise OperationalError
        held.wait(300)

    heart = Heart("sequencer", state_dir=tmp_path, note=hangs)
    try:
        heart.pulse()
        wait_for(lambda: len(calls) == 1)
        heart.pulse()
        wait_for(lambda: len(calls) == 2)
        os.utime(tmp_path / "alive/sequencer", (0, 0))
        begun = time.monotonic()
        heart.pulse()
        assert time.monotonic() - begun < 60 and (tmp_path / "alive/sequencer").stat().st_mtime > 1
    finally:
        held.set()


def test_a_forked_child_is_not_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heart = Heart("worker", state_dir=tmp_path, note=lambda _: None)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    heart.pulse()
    assert not (tmp_path / "alive").exists()


def test_systemd_hears_that_it_is_ready_and_then_that_it_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearts, "EVERY", 0.0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(str(tmp_path / "notify"))
        inbox.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        heart = Heart("beat", state_dir=tmp_path, note=lambda _: None)
        heart.pulse()
        heart.pulse()
        assert [inbox.recv(99), inbox.recv(99)] == [b"READY=1\nWATCHDOG=1", b"WATCHDOG=1"]


def _healthy(kind: str, state: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "AURORA_STATE_DIR": str(state)}
    command = [sys.executable, str(ROOT / "manage.py"), "healthy", kind, "--port", "9"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, cwd="/")


def test_the_health_check_judges_by_the_file_s_age(tmp_path: Path) -> None:
    never = _healthy("worker", tmp_path)
    assert (never.returncode, "no sign of life" in never.stderr) == (1, True)
    Heart("worker", state_dir=tmp_path, note=lambda _: None).pulse()
    assert _healthy("worker", tmp_path).returncode == 0
    old = time.time() - 61
    os.utime(tmp_path / "alive/worker", (old, old))
    silent_one = _healthy("worker", tmp_path)
    told = re.search(r"worker has been silent for (\d+)", silent_one.stderr)
    assert silent_one.returncode == 1 and told and int(told[1]) >= 61, silent_one.stderr
    nobody = _healthy("web", tmp_path)
    assert (nobody.returncode, "does not answer" in nobody.stderr) == (1, True)
