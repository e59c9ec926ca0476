"""Contradictory or dangerous settings refuse to start (Django system checks)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from aurora.identity import keys
from aurora.keyfiles import KeyFileError


@register(Tags.security)
def celery_is_real(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Eager tasks would run a pull inside the citizen's request, in its transaction."""
    if getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False):
        return [Error("CELERY_TASK_ALWAYS_EAGER is set: pulls would run inside requests.", id="aurora.E001")]
    return []


@register(Tags.security)
def sandbox_is_local(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The sandbox lets plain http out to loopback; no public service may run with it."""
    if settings.AURORA_SANDBOX and settings.AURORA_BASE_URL.startswith("https://"):
        return [Error("AURORA_SANDBOX is set for a public address.", id="aurora.E002")]
    return []


@register(Tags.security)
def somebody_can_be_told(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whoever finds a hole in a public service must find somebody to tell."""
    if not settings.AURORA_SECURITY_CONTACTS:
        return [Warning("AURORA_SECURITY_CONTACT is not set: whoever finds a hole has nobody to tell.", id="aurora.W001")]
    return []


@register(Tags.security, deploy=False)
def keks_are_there(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A service that cannot open its key-encryption keys would answer every citizen with an error, and none at start."""
    try:
        keys.try_keks()
    except (keys.KeyUnavailable, KeyFileError) as error:
        return [Error(str(error), id="aurora.E003")]
    return []
