"""The worker's tasks: each wakes a journey up and carries nothing but a row's id."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from aurora.erasures import rows as erasures
from aurora.identity.session_store import SessionStore
from aurora.journeys import (
    answer_concern,
    answer_correction,
    cosign,
    delay,
    delegate,
    erase,
    evaluate,
    hear_feedback,
    model_outcomes,
    ping_client,
    suggest,
    tell_agencies,
    tell_overdue,
)
from aurora.journeys import ask_uses as ask_uses_journey
from aurora.journeys import end_consents as ending
from aurora.journeys import export as export_journey
from aurora.journeys import key_tasks as key_tasks
from aurora.journeys import monitor as monitor_journey
from aurora.journeys import plan as plan_journey
from aurora.journeys import pull as pull_journey
from aurora.journeys import reconcile as reconcile_journey
from aurora.journeys import reconsent as reconsent_journey
from aurora.journeys import refresh_keys as refresh_keys_journey
from aurora.journeys import remind as remind_journey
from aurora.journeys import retrain as retrain_journey
from aurora.journeys import return_tokens as returning
from aurora.journeys import send_mail as send_mail_journey
from aurora.sources import connections
from aurora.sources.pushes import batches
from consent.ledger import months
from consent.oauth import purge as oauth_purge
from consent.oauth import rfc9449, sandbox
from consent.transparency import queries as transparency
from consent.transparency import standing
from consent.webhooks import pings
from consent.webhooks import queue as notices
from recommender.errors import ModelRefused

logger = logging.getLogger(__name__)


@shared_task(name="aurora.pull")
def pull(pull_id: str) -> None:
    """Do one pull, unless another worker has it."""
    pull_journey.run(pull_id=UUID(pull_id))


@shared_task(name="aurora.plan")
def plan() -> None:
    """Make pulls of what has come due."""
    made = plan_journey.plan(now=timezone.now())
    if made:
        logger.info("%d refreshes planned.", made)


@shared_task(name="aurora.erase")
def erase_(erasure_id: str) -> None:
    """Go on with one erasure, unless another worker does."""
    erase.run(erasure_id=UUID(erasure_id))


@shared_task(name="aurora.export")
def export(export_id: str) -> None:
    """Make one copy of a citizen's data, unless another worker does."""
    export_journey.run(export_id=UUID(export_id))


@shared_task(name="aurora.expire_exports")
def expire_exports() -> None:
    """Delete copies whose week is over, with their keys."""
    gone = export_journey.expire(now=timezone.now())
    if gone:
        logger.info("%d copies deleted.", gone)


@shared_task(name="aurora.evaluate")
def evaluate_(evaluation_id: str) -> None:
    """Make one evaluation, unless another worker has it."""
    evaluate.run(evaluation_id=UUID(evaluation_id))


@shared_task(name="aurora.forget_evaluations")
def forget_evaluations() -> None:
    """Delete what evaluators made that are in use no longer."""
    gone = evaluate.forget_retired()
    if gone:
        logger.info("%d outcomes of retired evaluators deleted.", gone)


@shared_task(name="aurora.model_outcomes")
def model_outcomes_() -> None:
    """Put what models say beside what followed, and make the reports of which enough has changed."""
    now = timezone.now()
    due, made = model_outcomes.pair_due(now=now), model_outcomes.report_due(now=now)
    if due or made:
        logger.info("%d outcomes to be paired, %d reports on models made.", due, made)


@shared_task(name="aurora.publish_totals")
def publish_totals() -> None:
    """Publish the numbers of the months that are over, and count for operators, once a day, whose consents stand."""
    standing.count()
    made = transparency.publish()
    if made:
        logger.info("The numbers of %d months are public.", made)


@shared_task(name="aurora.retrain")
def retrain(retraining_id: str) -> None:
    """Make the model that is to replace one whose rows were withdrawn, unless another worker does."""
    retrain_journey.run(retraining_id=UUID(retraining_id))


@shared_task(name="aurora.collect_dataset")
def collect_dataset() -> None:
    """Collect the rows that models are watched and trained on, where the last ones are too old."""
    retrain_journey.collect_where_due(now=timezone.now())


@shared_task(name="aurora.send_mail")
def send_mail(mail_id: str) -> None:
    """Send one mail, unless another worker has it."""
    send_mail_journey.run(mail_id=UUID(mail_id))


@shared_task(name="aurora.remind")
def remind() -> None:
    """Remind citizens of consents: ongoing use, and ends that come near; and tell them of deletions that no agency confirmed in time."""
    told = remind_journey.sweep(now=timezone.now())
    if told:
        logger.info("%d reminders given.", told)
    late = tell_overdue.sweep(now=timezone.now())
    if late:
        logger.info("%d citizens told of a confirmation overdue.", late)
    unanswered = answer_concern.sweep(now=timezone.now()) + answer_correction.sweep(now=timezone.now())
    if unanswered:
        logger.info("%d citizens told of a concern or a request for correction that was not answered in time.", unanswered)


@shared_task(name="aurora.reconsent")
def reconsent() -> None:
    """Tell citizens whose consents a change of meaning has left behind."""
    told = reconsent_journey.sweep(now=timezone.now())
    if told:
        logger.info("%d citizens told that a consent of theirs is left behind.", told)


@shared_task(name="aurora.sweep")
def sweep() -> None:
    """Wake what is overdue. It asks nobody anything, so that nobody can hold it up."""
    woken, due = pull_journey.sweep(now=timezone.now()), tell_agencies.sweep(now=timezone.now())
    if woken or due:
        logger.info("Sweep: %d pulls and %d deliveries woken.", woken, due)
    disclosed = delay.sweep(now=timezone.now())
    if disclosed:
        logger.info("Sweep: %d citizens told of a use that a law had kept back.", disclosed)
    returning.sweep(now=timezone.now())
    evaluations = evaluate.sweep(now=timezone.now())
    if evaluations:
        logger.info("Sweep: %d evaluations woken.", evaluations)
    evaluate.forget_retired()
    suggest.sweep(now=timezone.now())
    mails = send_mail_journey.sweep(now=timezone.now())
    if mails:
        logger.info("Sweep: %d mails woken.", mails)
    due = retrain_journey.sweep(now=timezone.now())
    if due:
        logger.info("Sweep: %d retrainings woken.", due)
    uses, asked = reconcile_journey.sweep(now=timezone.now()), ask_uses_journey.sweep(now=timezone.now())
    if uses or asked:
        logger.info("Sweep: %d accounts of uses to be reconciled, %d to be asked about.", uses, asked)
    gone_on = erase.sweep(now=timezone.now())
    if gone_on:
        logger.info("Sweep: %d erasures woken.", gone_on)
    ping_client.sweep(now=timezone.now())
    copies = export_journey.sweep(now=timezone.now())
    if copies:
        logger.info("Sweep: %d copies woken.", copies)
    settled = delegate.sweep(now=timezone.now())
    if settled:
        logger.info("Sweep: %d mandates settled.", settled)


@shared_task(name="aurora.end_consents")
def end_consents() -> None:
    """End what has run out, go on with operators' orders, and end what people had allowed who have died."""
    now = timezone.now()
    ended = ending.end_expired(now=now) + ending.end_sources(now=now) + ending.end_of_the_dead(now=now)
    if ended:
        logger.info("%d consents ended.", ended)


@shared_task(name="aurora.tell_agency")
def tell_agency(delivery_id: str) -> None:
    """Make one attempt to tell an agency, unless another worker makes it."""
    tell_agencies.run(delivery_id=UUID(delivery_id))


@shared_task(name="aurora.ping_client")
def ping_client_(ping_id: str) -> None:
    """Send one test notice, unless another worker does."""
    ping_client.run(ping_id=UUID(ping_id))


@shared_task(name="aurora.monitor")
def monitor() -> None:
    """Watch the models that serve, if there is a dataset that has no report yet."""
    try:
        made = monitor_journey.monitor(now=timezone.now())
    except ModelRefused as refused:
        logger.error("No report on models: %s", refused.code)
        return
    if made:
        logger.info("%d reports on models made.", len(made))


@shared_task(name="aurora.purge")
def purge() -> None:
    """Delete spent authorization requests and codes, attempts to connect, assertions past replaying, old notices, pulls and feedback, sessions run out."""
    now = timezone.now()
    oauth_purge.purge(now=now)
    notices.purge(now=now)
    pings.purge(now=now)
    sandbox.purge(now=now)
    connections.purge(now=now)
    plan_journey.purge(now=now)
    erasures.purge(now=now)
    batches.purge(now=now)
    hear_feedback.sweep(now=now)
    SessionStore.clear_expired()


@shared_task(name="aurora.make_months")
def make_months() -> None:
    """Make the parts of the access log in which the months to come will lie."""
    made = months.make()
    if made:
        logger.info("%d months of the access log made.", made)


@shared_task(name="aurora.forget_proofs")
def forget_proofs() -> None:
    """Delete used DPoP proofs whose age alone refuses them by now: each read leaves one, so they are many."""
    rfc9449.forget(now=timezone.now())


@shared_task(name="aurora.return_tokens")
def return_tokens() -> None:
    """Give back the tokens of connections that have ended: at once after a withdrawal, and now and then what could not be."""
    returned = returning.return_tokens(now=timezone.now())
    if returned:
        logger.info("%d connections given back.", returned)


@shared_task(name="aurora.cosign")
def cosign_() -> None:
    """Wake a task for each witness that is due. It asks nobody anything."""
    cosign.sweep(now=timezone.now())


@shared_task(name="aurora.cosign_with")
def cosign_with(witness_id: str) -> None:
    """Show one witness the newest head of the access log, unless another worker does."""
    cosign.run(witness_id=UUID(witness_id))


@shared_task(name="aurora.refresh_keys")
def refresh_keys() -> None:
    """Fetch clients' key sets before they are stale."""
    refresh_keys_journey.refresh_keys()


@shared_task(name="aurora.reconcile")
def reconcile(account_id: str) -> None:
    """Hold what one agency reported of one citizen against what it got."""
    reconcile_journey.run(account_id=UUID(account_id))


@shared_task(name="aurora.ask_uses")
def ask_uses(account_id: str) -> None:
    """Ask one agency what it used one citizen's data for, unless another worker does."""
    ask_uses_journey.run(account_id=UUID(account_id))


@shared_task(name="aurora.look_for_unnoted")
def look_for_unnoted() -> None:
    """Look the log through for reads of which it is in doubt whether their answer left us."""
    doubtful = reconcile_journey.look_through(now=timezone.now())
    if doubtful:
        logger.info("%d accounts have reads in doubt.", doubtful)
