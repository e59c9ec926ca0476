"""The worker's application. A message carries a row's id and nothing else: it may be lost, late or repeated without harm."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aurora.settings")

app = Celery("aurora")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["aurora.journeys"])
# By its name: its table is there once Django is.
app.steps["worker"].add("aurora.telemetry.hearts:WorkerHeart")
