"""The worker's application. A message carries a row's id and nothing else: it may be lost, late or repeated without harm."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery import Celery, signals
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aurora.settings")

app = Celery("aurora")
app.config_from_object("django.conf:settings", namespace="CELERY")


def _our_lines(**_: Any) -> None:
    """Lines as the other processes write them; Celery leaves its own out where somebody listens."""
    logging.config.dictConfig(settings.LOGGING)


if os.environ.get("AURORA_LOG_FORMAT") == "json":
    signals.setup_logging.connect(_our_lines, weak=False)
app.autodiscover_tasks(["aurora.journeys"])
# By its name: its table is there once Django is.
app.steps["worker"].add("aurora.telemetry.hearts:WorkerHeart")
