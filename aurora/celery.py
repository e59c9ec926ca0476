"""The worker's application. A message carries a row's id and nothing else (and, where traces are on, two random numbers): it may be lost, late or repeated without harm."""

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
    """Lines as the other processes write them, in either form; Celery leaves its own out where somebody listens, and would let a message begin a new line."""
    logging.config.dictConfig(settings.LOGGING)


signals.setup_logging.connect(_our_lines, weak=False)


def _whole_database(**_: Any) -> None:
    """No worker and no beat on one that is half restored."""
    from aurora.backups import mark

    try:
        mark.refuse(settings.ENV.database)
    except mark.RestoreUnfinished as error:
        raise SystemExit(str(error)) from None


signals.worker_init.connect(_whole_database, weak=False)
signals.beat_init.connect(_whole_database, weak=False)
app.autodiscover_tasks(["aurora.journeys"])
# By its name: its table is there once Django is.
app.steps["worker"].add("aurora.telemetry.hearts:WorkerHeart")
