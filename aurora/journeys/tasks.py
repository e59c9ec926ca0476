"""The worker's tasks: each wakes a journey up and carries nothing but a row's id."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from aurora.journeys import pull as pull_journey
from aurora.journeys import refresh_keys as refresh_keys_journey
from aurora.journeys import remind as remind_journey
from aurora.journeys import send_mail as send_mail_journey
from aurora.journeys import withdraw
from aurora.sources import connections
from consent.oauth import purge as oauth_purge

logger = logging.getLogger(__name__)


@shared_task(name="aurora.pull")
def pull(pull_id: str) -> None:
    """Do one pull, unless another worker has it."""
    pull_journey.run(pull_id=UUID(pull_id))


@shared_task(name="aurora.send_mail")
def send_mail(mail_id: str) -> None:
    """Send one mail, unless another worker has it."""
    send_mail_journey.run(mail_id=UUID(mail_id))


@shared_task(name="aurora.remind")
def remind() -> None:
    """Remind citizens of consents: ongoing use, and ends that come near."""
    told = remind_journey.sweep(now=timezone.now())
    if told:
        logger.info("%d reminders given.", told)


@shared_task(name="aurora.sweep")
def sweep() -> None:
    """Wake what is overdue. It asks nobody anything, so that nobody can hold it up."""
    woken = pull_journey.sweep(now=timezone.now())
    if woken:
        logger.info("Sweep: %d pulls woken.", woken)
    mails = send_mail_journey.sweep(now=timezone.now())
    if mails:
        logger.info("Sweep: %d mails woken.", mails)


@shared_task(name="aurora.purge")
def purge() -> None:
    """Delete spent authorization requests and codes, attempts to connect, assertions that can no longer be replayed, sessions run out."""
    now = timezone.now()
    oauth_purge.purge(now=now)
    connections.purge(now=now)
    call_command("clearsessions")


@shared_task(name="aurora.return_tokens")
def return_tokens() -> None:
    """Give back the tokens of connections that have ended: at once after a withdrawal, and now and then what could not be."""
    returned = withdraw.return_tokens(now=timezone.now())
    if returned:
        logger.info("%d connections given back.", returned)


@shared_task(name="aurora.refresh_keys")
def refresh_keys() -> None:
    """Fetch clients' key sets before they are stale."""
    refresh_keys_journey.refresh_keys()
