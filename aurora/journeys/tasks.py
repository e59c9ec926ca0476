"""The worker's tasks: each wakes a journey up and carries nothing but a row's id."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from aurora.journeys import pull as pull_journey
from aurora.journeys import withdraw
from consent.oauth import purge as oauth_purge

logger = logging.getLogger(__name__)


@shared_task(name="aurora.pull")
def pull(pull_id: str) -> None:
    """Do one pull, unless another worker has it."""
    pull_journey.run(pull_id=UUID(pull_id))


@shared_task(name="aurora.sweep")
def sweep() -> None:
    """Wake what is overdue, and give back the tokens of connections that have ended."""
    now = timezone.now()
    woken = pull_journey.sweep(now=now)
    returned = withdraw.return_tokens(now=now)
    if woken or returned:
        logger.info("Sweep: %d pulls woken, %d connections given back.", woken, returned)


@shared_task(name="aurora.purge")
def purge() -> None:
    """Delete spent authorization requests and codes, assertions that can no longer be replayed, and sessions that have run out."""
    oauth_purge.purge(now=timezone.now())
    call_command("clearsessions")


@shared_task(name="aurora.return_tokens")
def return_tokens() -> None:
    """The same, at once after a withdrawal."""
    withdraw.return_tokens(now=timezone.now())
