"""One pull: claim the row, fetch each category, then decide, log and write in one transaction. Safe to repeat, to lose, to kill.

Source errors that time can mend put the row back with a later due time; the sweep wakes it. Nothing is written before the last step.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from aurora.identity import citizens
from aurora.journeys._log import log
from aurora.outbound.oauth import PeerFailed
from aurora.sources import connections, pulls, registry
from aurora.sources.connectors import CONNECTORS, Answer
from aurora.sources.models import Connection, Pull, PullPart
from aurora.sources.pulls import Lease
from aurora.twin import write
from aurora.twin.values import NewFact
from consent import queries
from consent.ledger.events import Event
from consent.rules import AURORA, AccessRequest, Permit, decide
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
SWEEP_MOST = 500


def wake(pull_id: UUID) -> None:
    """Send the message once the transaction is committed. A broker that is away costs nothing: the sweep sends it again."""
    transaction.on_commit(lambda: _send(pull_id), robust=True)


def _send(pull_id: UUID) -> None:
    from aurora.journeys.tasks import pull

    try:
        pull.apply_async((str(pull_id),))
    except pull.OperationalError:
        logger.warning("The broker is away; pull %s waits for the sweep.", pull_id)


def sweep(*, now: datetime) -> int:
    """Wake every pull that is overdue: its message was lost, its worker died, or its time to try again has come. How many."""
    overdue = pulls.overdue(now=now, most=SWEEP_MOST)
    for pull_id in overdue:
        _send(pull_id)
    return len(overdue)


def run(*, pull_id: UUID) -> None:
    """Do one pull, or nothing if it is another worker's or finished."""
    citizen_id = pulls.citizen_of(pull_id)
    if citizen_id is None:
        return
    with citizen_scope(citizen_id):
        lease = pulls.claim(pull_id=pull_id, now=timezone.now())
    if lease is None:
        return
    try:
        answers, failed = _fetch_all(lease)
    except PeerFailed as error:
        _give_up_or_wait(lease, error)
        return
    _keep(lease, answers, failed)


def _fetch_all(lease: Lease) -> tuple[list[Answer], dict[str, str]]:
    """The answers, and the error of each category that the source answered wrongly. Raises `PeerFailed` for what ends or delays it all."""
    with citizen_scope(lease.citizen_id):
        connection = Connection.objects.select_related("source__agency").get(pk=lease.connection_id)
        versions = {c.category_id: c for c in queries.current_categories(lease.categories)}
    registration = registry.registration(connection.source)
    fetch = CONNECTORS[connection.source.connector]
    answers: list[Answer] = []
    failed: dict[str, str] = {}
    for category in lease.categories:
        try:
            answer = _with_token(lease, lambda token, c=category: fetch(registration=registration, token=token, category=versions[c]))
        except PeerFailed as error:
            if error.retryable or error.code == "revoked":
                raise
            failed[category] = error.code
            continue
        with citizen_scope(lease.citizen_id):
            if not citizens.is_same_person(citizen_id=lease.citizen_id, national_id=answer.national_id):
                raise PeerFailed("wrong_citizen", retryable=False)
            answers.append(answer)
            pulls.note_part(lease, category=category, state=PullPart.State.FETCHED, facts=len(answer.facts))
            if not pulls.extend(lease, now=timezone.now()):
                raise PeerFailed("lease_lost", retryable=False)
    return answers, failed


def _with_token(lease: Lease, ask):  # type: ignore[no-untyped-def]
    """Ask with the token we have; a token refused before its time is renewed once."""
    with citizen_scope(lease.citizen_id):
        token = connections.access_token(connection_id=lease.connection_id)
    try:
        return ask(token)
    except PeerFailed as error:
        if error.code != "revoked":
            raise
    with citizen_scope(lease.citizen_id):
        token = connections.renewed_token(connection_id=lease.connection_id)
    return ask(token)


def _keep(lease: Lease, answers: list[Answer], failed: dict[str, str]) -> None:
    """The last step, all or nothing: still our lease, still allowed, one entry, the facts, done."""
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        source = _source_of(lease)
        permits = _decide(lease, now)
        if not pulls.lock(lease):
            return
        allowed = frozenset[str]().union(*(p.categories for p in permits)) if permits else frozenset()
        kept = [a for a in answers if a.category in allowed]
        for category in lease.categories:
            if category not in allowed:
                failed[category] = "no_consent"
        if not kept:
            _finish_empty(lease, source, failed, now)
            return
        write.write(citizen_id=lease.citizen_id, facts=[f for a in kept for f in _facts(a, source, lease)], now=now)
        write.forget_derived(citizen_id=lease.citizen_id)
        _note(lease, kept, failed)
        pulls.finish(lease, state=Pull.State.DONE, error="", now=now)
        log(
            citizen_id=lease.citizen_id,
            event=Event.PULL_COMPLETED,
            actor=AURORA,
            purpose=permits[0].purpose,
            categories=[a.category for a in kept],
            consent_ids=[c for p in permits for c in p.consent_ids],
            permit_id=permits[0].id,
            source=source,
            details={
                "pull": str(lease.pull_id),
                "purposes": sorted(p.purpose for p in permits),
                "facts": sum(len(a.facts) for a in kept),
                "failed": [f"{c}:{e}" for c, e in sorted(failed.items())],
            },
            at=now,
        )


def _decide(lease: Lease, now: datetime) -> list[Permit]:
    """A pull serves every purpose that the citizen consented to at this source; each is decided on its own."""
    consents = queries.for_decision(citizen_id=lease.citizen_id, recipient=AURORA)
    requests = [
        AccessRequest(lease.citizen_id, AURORA, purpose, frozenset(lease.categories), all_or_nothing=False)
        for purpose in sorted({c.purpose for c in consents})
    ]
    decisions = [decide(request, consents, now=now) for request in requests]
    return [d for d in decisions if isinstance(d, Permit)]


def _facts(answer: Answer, source: str, lease: Lease) -> list[NewFact]:
    return [
        NewFact(
            category=answer.category,
            category_version=answer.version,
            key=key,
            value=value,
            provenance="reported",
            source=source,
            observed_at=answer.observed_at,
            pull_id=lease.pull_id,
            valid_from=answer.valid_from,
            valid_to=answer.valid_to,
        )
        for key, value in answer.facts.items()
    ]


def _give_up_or_wait(lease: Lease, error: PeerFailed) -> None:
    """Wait, if time can mend it; else fail, tell the citizen, and log that we asked."""
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        if error.retryable and pulls.postpone(lease, error=error.code, after_seconds=error.retry_after, now=now):
            return
        if not pulls.lock(lease):
            return
        if error.code == "revoked":
            connections.mark_broken(connection_id=lease.connection_id)
        _finish_empty(lease, _source_of(lease), dict.fromkeys(lease.categories, error.code), now)


def _finish_empty(lease: Lease, source: str, failed: dict[str, str], now: datetime) -> None:
    """Nothing was kept. If no consent allowed it the entry is a refusal, else a failure."""
    _note(lease, [], failed)
    codes = set(failed.values())
    refused = codes == {"no_consent"}
    state = Pull.State.CANCELLED if refused else Pull.State.FAILED
    if not pulls.finish(lease, state=state, error=sorted(codes)[0] if codes else "invalid_answer", now=now):
        return
    log(
        citizen_id=lease.citizen_id,
        event=Event.PULL_REFUSED if refused else Event.PULL_FAILED,
        actor=AURORA,
        categories=lease.categories,
        decision="no_consent" if refused else "permit",
        source=source,
        details={"pull": str(lease.pull_id), "failed": [f"{c}:{e}" for c, e in sorted(failed.items())]},
        at=now,
    )


def _note(lease: Lease, kept: list[Answer], failed: dict[str, str]) -> None:
    for answer in kept:
        pulls.note_part(lease, category=answer.category, state=PullPart.State.DONE, facts=len(answer.facts))
    for category, code in failed.items():
        pulls.note_part(lease, category=category, state=PullPart.State.FAILED, error=code)


def _source_of(lease: Lease) -> str:
    return Connection.objects.values_list("source__agency__code", flat=True).get(pk=lease.connection_id)
