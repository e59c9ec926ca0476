"""A pytest plugin (`-p tests.support.logs`): keeps every log line of a test run, so that `tests/logs` can look for people in them.

What Python's loggers say in the tests' own process, and the logs of every service and process that the tests start, are gathered in
`.test-logs/`. `make test` empties it first and looks through it last.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

import pytest

GATHERED = Path(__file__).resolve().parents[2] / ".test-logs"


def gather(folder: Path, name: str) -> None:
    """Keep the logs of a folder that is about to be removed: `<name>-<something new>/<log>`."""
    logs = sorted(folder.glob("*.log"))
    if logs:
        GATHERED.mkdir(exist_ok=True)
        kept = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=GATHERED))
        for log in logs:
            shutil.copyfile(log, kept / log.name)


_KEPT = pytest.StashKey[logging.Handler]()


def pytest_sessionstart(session: pytest.Session) -> None:
    GATHERED.mkdir(exist_ok=True)
    file, name = tempfile.mkstemp(prefix="python-", suffix=".log", dir=GATHERED)
    os.close(file)
    handler = logging.FileHandler(name, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    session.config.stash[_KEPT] = handler


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before each test, since whatever sets Django up (a test that imports `aurora.wsgi` too) puts all handlers of the root away."""
    handler, root = item.config.stash[_KEPT], logging.getLogger()
    if handler not in root.handlers:
        root.addHandler(handler)
