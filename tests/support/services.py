"""A pytest plugin (`-p tests.support.services`): real services for the test run, known before Django's settings are read.

Each xdist worker has embedded services of its own in a temporary folder; tables are made by the owner (tests/support/migrated.py), tests run as `aurora_app`, whom
row-level security binds. Nothing is left running or lying about.
"""

from __future__ import annotations

import atexit
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.support import migrated
from tests.support.logs import gather

ROOT = Path(__file__).resolve().parents[2]
_stack = ExitStack()


def _is_controller() -> bool:
    """xdist's controller runs no test itself."""
    return "PYTEST_XDIST_WORKER" not in os.environ and any(a == "-n" or a.startswith(("-n", "--numprocesses")) for a in sys.argv[1:])


def _start() -> None:
    from aurora.embedded import forget, provide, state_folder

    for name in [
        n
        for n in os.environ
        if n.startswith(("AURORA_", "OTEL_")) or n in ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "CACHE_URL")
    ]:
        del os.environ[name]
    state = state_folder(Path(tempfile.mkdtemp(prefix="aurora-test-")))
    os.environ.update({"AURORA_STATE_DIR": str(state), "AURORA_SANDBOX": "1", "DJANGO_SETTINGS_MODULE": "aurora.settings"})
    _stack.callback(shutil.rmtree, state, ignore_errors=True)
    _stack.callback(forget, state)
    _stack.callback(gather, state / "log", "services")
    if _is_controller():
        return
    migrated.place(state)
    os.environ.update(_stack.enter_context(provide(state, durable=False)).environ())


def _close_network() -> None:
    """From here on Python's sockets reach loopback and unix sockets only: a test that needs more would pass or fail by the weather."""

    def reaches_out(connection: socket.socket, address: Any) -> bool:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        try:
            return not ipaddress.ip_address(address[0]).is_loopback
        except ValueError:
            return address[0] != "localhost"

    def guarded(real: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
        def connect(connection: socket.socket, address: Any) -> Any:
            if reaches_out(connection, address):
                raise AssertionError(f"a test tried to reach {address[0]}")
            return real(connection, address)

        return connect

    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, guarded(getattr(socket.socket, name)))


sys.path.insert(0, str(ROOT))
atexit.register(_stack.close)  # before the start: a migration that fails must leave nothing either
_start()
_close_network()


def pytest_unconfigure() -> None:
    """Close Django's connections, then stop the services."""
    from django.db import connections

    connections.close_all()
    _stack.close()
