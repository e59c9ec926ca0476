"""Waking a worker. The row is the truth: a message that is lost, or a broker that is away, costs nothing but the time until the next round."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def send(task: str, *rows: UUID, **options: Any) -> None:
    """Send a task's message, which carries at most a row's id, now. Call it after the commit. `options` are Celery's, such as `expires`."""
    try:
        current_app.send_task(task, tuple(str(row) for row in rows), **options)
    except OperationalError:
        logger.warning("The broker is away; %s waits for the next round.", " ".join([task, *map(str, rows)]))
