"""Citizens with a box, and a mail server that says what a test wants."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.mail_server import MailServer, mail_server

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "consent"))

from consent_world import World


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def post(settings: Any) -> Iterator[MailServer]:
    """Mails go to a server of the test's own, over a real connection."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "127.0.0.1", server.port, False, False
        settings.EMAIL_TIMEOUT, settings.AURORA_MAIL_FROM = 60, "aurora@aurora.test"
        yield server
