"""The worker's tasks about keys; see `tasks`."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from aurora.journeys import rotate_keys

logger = logging.getLogger(__name__)


@shared_task(name="aurora.rotate_key")
def rotate_key(citizen_id: str) -> None:
    """Go on with the rotation of one citizen's data key, unless another worker does."""
    rotate_keys.run(citizen_id=UUID(citizen_id))


@shared_task(name="aurora.rotate_keys")
def rotate_keys_() -> None:
    """Begin rotations of keys that are old, and wake those that wait."""
    begun, woken = rotate_keys.sweep(now=timezone.now())
    if begun or woken:
        logger.info("%d rotations of data keys begun, %d woken.", begun, woken)
