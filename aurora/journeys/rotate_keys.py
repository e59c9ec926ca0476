"""Citizens' data keys get successors, one citizen at a time, by age or because an operator says so; workers seal everything anew (`identity.rotation`).

The row is the truth: a lease says who works, the sweep finds the rest.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.conf import settings

from aurora.identity import rotation
from aurora.identity.models import KeyRotation
from aurora.journeys._sealed_columns import OF_CITIZENS
from aurora.journeys._wake import send

logger = logging.getLogger(__name__)
TASK = "aurora.rotate_key"
MOST_WOKEN = 50
MOST_UNDER_WAY = 500
"""How many rotations the sweep lets be under way: each waits some six minutes, so this is 80 a minute at most."""
MOST_BEGUN = 50


def sweep(*, now: datetime) -> tuple[int, int]:
    """Begin for the keys that are older than `AURORA_DATA_KEY_DAYS` says, so many a round, and wake what waits. How many of each."""
    rotation.forget_hidden()
    begun = 0
    if settings.AURORA_DATA_KEY_AGE:
        room = MOST_UNDER_WAY - sum(rotation.counts().values())
        begun = begin(before=now - settings.AURORA_DATA_KEY_AGE, most=min(room, MOST_BEGUN), now=now)
    woken = rotation.due(now=now, most=MOST_WOKEN)
    for citizen_id in woken:
        send(TASK, citizen_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())  # the next sweep sends it again
    return begun, len(woken)


def begin(*, before: datetime, most: int, now: datetime) -> int:
    """Begin for keys that were made before this, the oldest first; how many were begun."""
    found = rotation.older_than(at=before, most=most) if most > 0 else []
    return sum(rotation.begin(citizen_id=citizen_id, now=now) for citizen_id in found)


def begin_one(*, citizen_id: UUID, now: datetime) -> bool:
    """Begin for one citizen. False where there is no key, or a rotation is under way."""
    begun = rotation.begin(citizen_id=citizen_id, now=now)
    if begun:
        send(TASK, citizen_id)
    return begun


def run(*, citizen_id: UUID) -> bool:
    """Go on with one citizen's rotation, unless another worker does. True when it is over."""
    try:
        return rotation.run(citizen_id=citizen_id, columns=OF_CITIZENS)
    except KeyRotation.DoesNotExist:
        return False  # the citizen was erased meanwhile, and all their keys with them
    except rotation.LeaseLost as lost:
        logger.info("Gave up: %s", lost)
        return False
