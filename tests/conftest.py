"""For all tests: the database is there already (tests/support/services.py); pytest-django must neither make nor drop one."""

from __future__ import annotations

import os

import pytest

# Before a test imports onnxruntime: its wheels report to their maker over the network.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    return None
