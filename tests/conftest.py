"""For all tests: the database is there already (tests/support/services.py); pytest-django must neither make nor drop one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from django.test.signals import setting_changed
from hypothesis import HealthCheck, settings

# Before a test imports onnxruntime: its wheels report to their maker over the network.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# How fast examples are drawn says how busy the machine is, and nothing of the code.
settings.register_profile("no clocks", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clocks")


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    return None


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """A digest that is meant to be slow costs each cast a second and a half. That of the service is looked at in tests/embedded/test_demo.py."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_found_once() -> Iterator[None]:
    """Each browser of a test has middleware of its own, for which WhiteNoise would look through the folders of every application again. A
    service does it when it starts. What one of them found holds until a setting changes."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    look, found = WhiteNoiseMiddleware.add_files_from_finders, dict[str, Any]()

    def look_once(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    def forget(**_: Any) -> None:
        found.clear()

    setting_changed.connect(forget)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield
    setting_changed.disconnect(forget)
