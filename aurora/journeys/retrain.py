"""A model that serves has lost so many of its rows that a new one is due: dataset, training and gates by the worker; two people still decide.

The row is the truth: a lease says who works, the sweep finds the rest. What comes of it waits, evaluated, for the stewards.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from aurora.journeys import model_operations
from aurora.journeys._wake import send
from aurora.twin import training
from consent.errors import AuroraError
from recommender.models import DatasetVersion, ModelVersion, Retraining
from recommender.monitoring.protect import SMALLEST
from recommender.registry import current, datasets

logger = logging.getLogger(__name__)
TASK = "aurora.retrain"
LEASE = timedelta(minutes=30)
MOST_ATTEMPTS = 5
FIRST_DELAY = timedelta(minutes=5)
State = Retraining.State
_kept: set[str] = set()


def sweep(*, now: datetime) -> int:
    """Open what has come due by a promotion, and wake what waits or whose worker died. How many were woken."""
    keep_shipped(now=now)
    datasets.retrain_where_due(now=now, share=settings.AURORA_RETRAINING_SHARE)
    overdue = Retraining.objects.filter(Q(state=State.DUE, due_at__lte=now) | Q(state=State.RUNNING, lease_until__lte=now))
    found = list(overdue.order_by("due_at").values_list("pk", flat=True)[:10])
    for retraining_id in found:
        send(TASK, retraining_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())  # the next sweep sends it again
    return len(found)


def collect_where_due(*, now: datetime) -> DatasetVersion | None:
    """A new dataset where the newest is older than the setting says, so that monitoring sees the present; none while fewer than ten allow it, of whom
    nothing would be told.

    One that was broken off is gone on with. Two workers at once make the rows of one dataset between them.
    """
    every = settings.AURORA_DATASET_EVERY
    newest = DatasetVersion.objects.filter(state=DatasetVersion.State.READY).order_by("-finished_at").first()
    if not every or (newest is not None and newest.finished_at is not None and newest.finished_at > now - every):
        return None
    if len(training.to_collect(dataset_id=uuid.uuid4(), now=now, most=SMALLEST)) < SMALLEST:
        return None
    return model_operations.collect(operator=None, now=now)


def keep_shipped(*, now: datetime) -> None:
    """Once a process: the model that came with this code is kept, before what it suggests must be made again under later code."""
    version = current().version
    if version not in _kept:
        model_operations.register_shipped(now=now)
        _kept.add(version)


def run(*, retraining_id: UUID) -> None:
    """Make the new model, or nothing where another worker does or it has ended."""
    now, token = timezone.now(), uuid.uuid4()
    free = Retraining.objects.filter(
        Q(state=State.DUE, due_at__lte=now) | Q(state=State.RUNNING, lease_until__lte=now), pk=retraining_id
    )  # fmt: skip
    row = Retraining.objects.filter(pk=retraining_id).first()
    if row is not None and row.attempt >= MOST_ATTEMPTS:  # each worker died of it
        free.update(state=State.FAILED, code="worker_lost", finished_at=now, lease_token=None, lease_until=None)
        return
    if row is None or free.update(state=State.RUNNING, attempt=row.attempt + 1, lease_token=token, lease_until=now + LEASE) != 1:
        return
    attempt = row.attempt + 1
    mine = Retraining.objects.filter(pk=retraining_id, state=State.RUNNING, lease_token=token)
    open_ended = {"lease_token": None, "lease_until": None}
    try:
        made = _made(now)
    except AuroraError as error:
        later = timezone.now() + FIRST_DELAY * 2 ** (attempt - 1)
        given_up = attempt >= MOST_ATTEMPTS
        ended = {"state": State.FAILED, "finished_at": timezone.now()} if given_up else {"state": State.DUE, "due_at": later}
        mine.update(code=error.code[:40], **ended, **open_ended)
        logger.warning("Retraining %s %s: %s", retraining_id, "failed" if given_up else "is tried again", error.code)
        return
    mine.update(state=State.DONE, made=made, code="", finished_at=timezone.now(), **open_ended)


def _made(now: datetime) -> ModelVersion:
    done = model_operations.remake(now=now)
    if done.model.state == ModelVersion.State.TRAINED:  # not judged yet, by a worker that died before it either
        model_operations.evaluate(operator=None, model_id=done.model.pk, now=timezone.now())
    return done.model
