"""The worker writes Aurora's lines in either form, not Celery's own, which let a message begin a new line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.services import ROOT

PROGRAM = """
import logging, django
django.setup()
from aurora.celery import app
app.log.setup(loglevel="INFO")
logging.getLogger("x").warning("a\\nERROR y b")
"""


@pytest.mark.parametrize(("form", "said"), [("line", "WARNING x a\\nERROR y b"), ("json", '"message": "a\\nERROR y b"')])
def test_a_message_is_one_line_in_the_worker_too(tmp_path: Path, form: str, said: str) -> None:
    ours = {
        "AURORA_LOG_FORMAT": form,
        "DJANGO_SETTINGS_MODULE": "aurora.settings",
        "AURORA_SANDBOX": "1",
        "AURORA_STATE_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env={**os.environ, **ours}, capture_output=True, text=True, check=True, timeout=120
    )
    lines = [line for line in done.stderr.splitlines() if "ERROR y" in line]
    assert len(lines) == 1 and said in lines[0], done.stderr
