"""The worker killed (kill -9) at each step of a rotation: begun again, it ends, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from aurora.identity import rotation
from aurora.identity.models import KeyRotation
from consent.scope import citizen_scope
from tests.support.services import ROOT
from tests.vault.filled import Filled

POINTS = (
    "rotation.claimed",
    "rotation.sealing",
    "rotation.batch",
    "rotation.read",
    "rotation.clean",
    "rotation.retire",
    "rotation.retired",
)
PROGRAM = """
import sys, django; django.setup()
from uuid import UUID
from django.utils import timezone
from aurora.identity import rotation
from aurora.journeys import rotate_keys
which = UUID(sys.argv[1])
if sys.argv[2] == "begin":
    rotation.begin(citizen_id=which, now=timezone.now())
else:
    rotate_keys.run(citizen_id=which)
"""


def process(filled: Filled, what: str, *, dies_at: str = "") -> int:
    """A worker process of its own, for one step. What it left with."""
    if dies_at:
        folder = Path(os.environ["AURORA_STATE_DIR"]) / "crash"
        folder.mkdir(exist_ok=True)
        (folder / dies_at).touch()
    environ = {**os.environ, "AURORA_CRASH_POINTS": "1"}
    command = [sys.executable, "-c", PROGRAM, str(filled.citizen_id), what]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, start_new_session=True)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def lease_runs_out(filled: Filled, **changes: Any) -> None:
    with citizen_scope(filled.citizen_id):
        KeyRotation.objects.filter(pk=filled.citizen_id).update(due_at=timezone.now(), **changes)
        KeyRotation.objects.filter(pk=filled.citizen_id, lease_token__isnull=False).update(lease_until=timezone.now())


def test_a_rotation_ends_wherever_its_worker_dies(filled: Filled) -> None:
    assert process(filled, "begin", dies_at="rotation.begun") == -9
    assert filled.formers() == [1] and filled.version() == 2
    for point in POINTS:
        if point == "rotation.read":
            assert filled.rotation() is not None
            filled.minutes_pass()
        lease_runs_out(filled)
        assert process(filled, "run", dies_at=point) == -9, point
        assert filled.opened() == filled.plain, point
        assert not (Path(os.environ["AURORA_STATE_DIR"]) / "crash" / point).exists(), "nobody came there"
    assert filled.rotation() is None and filled.formers() == [] and filled.bearing(1) == 0
    assert filled.opened() == filled.plain


@pytest.mark.parametrize("at", ["rotation.batch", "rotation.clean"])
def test_a_killed_worker_s_rotation_is_found_when_its_lease_is_over(filled: Filled, at: str) -> None:
    assert process(filled, "begin") == 0
    if at == "rotation.clean":
        assert process(filled, "run") == 0
        filled.minutes_pass()
        lease_runs_out(filled)
    assert process(filled, "run", dies_at=at) == -9
    now = timezone.now()
    assert filled.citizen_id not in rotation.due(now=now, most=1000)
    assert filled.citizen_id in rotation.due(now=now + rotation.LEASE, most=1000)
    lease_runs_out(filled)
    filled.minutes_pass()
    process(filled, "run")
    lease_runs_out(filled)
    if filled.rotation() is not None:
        process(filled, "run")
    assert filled.rotation() is None and filled.opened() == filled.plain
