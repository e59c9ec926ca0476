"""For all tests: the database is there already (tests/support/services.py); pytest-django must neither make nor drop one."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    return None
