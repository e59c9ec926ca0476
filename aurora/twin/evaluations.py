"""The Evaluation row: queued, claimed under a lease, ended once. All moves are compare-and-set; in a `citizen_scope`."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db.models import F, QuerySet

from aurora.twin.models import Evaluation

MAXIMUM_ATTEMPTS = 5
FIRST_DELAY_SECONDS = 2.0
LONGEST_DELAY_SECONDS = 60.0
# The purpose of those that are made for the model's quality, with what followed; all others are made for the citizen, at their wish.
OUTCOMES = "model-outcomes"


@dataclass(frozen=True)
class Lease:
    """The right to work on one evaluation; another worker's claim makes the token stale."""

    evaluation_id: UUID
    citizen_id: UUID
    evaluator_id: UUID
    purpose: str
    token: UUID
    attempt: int

    @property
    def last(self) -> bool:
        """No other attempt follows: what fails now has failed."""
        return self.attempt >= MAXIMUM_ATTEMPTS

    @property
    def used_up(self) -> bool:
        """Every attempt was made, and not one worker lived to say how it ended: this claim is for giving up."""
        return self.attempt > MAXIMUM_ATTEMPTS


def enqueue(*, citizen_id: UUID, evaluator_id: UUID, purpose: str, categories: Iterable[str], now: datetime) -> tuple[UUID, bool]:
    """The evaluation that is open after this call, due now if it is new (True); what had ended of this evaluator goes.

    One open evaluation a citizen, evaluator and purpose: of two who ask at once the second gets the first one's (the database says so).
    """
    same = Evaluation.objects.filter(citizen_id=citizen_id, evaluator_id=evaluator_id, purpose=purpose)
    same.exclude(state__in=Evaluation.OPEN).delete()
    row = Evaluation(
        id=uuid.uuid4(), citizen_id=citizen_id, evaluator_id=evaluator_id, purpose=purpose, categories=sorted(set(categories)),
        due_at=now, requested_at=now,
    )  # fmt: skip
    Evaluation.objects.bulk_create([row], ignore_conflicts=True)
    # Not only the open ones: the other's may have ended while we waited for it.
    newest = same.latest("requested_at")
    return newest.pk, newest.pk == row.pk


def citizen_of(evaluation_id: UUID) -> UUID | None:
    """Whose it is; None for a row that does not exist (a message may outlive it)."""
    with database.cursor() as cursor:
        cursor.execute("SELECT citizen_of_evaluation(%s)", [evaluation_id])
        found: UUID | None = cursor.fetchone()[0]
    return found


def overdue(*, now: datetime, most: int) -> list[UUID]:
    """Evaluations that wait past their time, or whose worker let its lease run out."""
    with database.cursor() as cursor:
        cursor.execute("SELECT evaluation_id FROM overdue_evaluations(%s, %s)", [now, most])
        return [row[0] for row in cursor.fetchall()]


def with_outcome(*, evaluator_ids: Iterable[UUID], most: int) -> list[tuple[UUID, UUID]]:
    """(evaluation, citizen) of what some evaluators have made, over all citizens, by a function that gives ids only."""
    with database.cursor() as cursor:
        cursor.execute("SELECT evaluation_id, citizen_id FROM evaluations_made_by(%s, %s)", [list(evaluator_ids), most])
        return [(evaluation_id, citizen_id) for evaluation_id, citizen_id in cursor.fetchall()]


def claim(*, evaluation_id: UUID, now: datetime) -> Lease | None:
    """Take one that is due, or whose lease ran out. None: it is another's, or has ended. Look at `Lease.used_up`."""
    token = uuid.uuid4()
    values = {
        "state": Evaluation.State.RUNNING, "lease_token": token, "lease_until": now + settings.AURORA_PULL_LEASE, "attempt": F("attempt") + 1,
    }  # fmt: skip
    due = Evaluation.objects.filter(pk=evaluation_id, state=Evaluation.State.QUEUED, due_at__lte=now)
    abandoned = Evaluation.objects.filter(pk=evaluation_id, state=Evaluation.State.RUNNING, lease_until__lte=now)
    if due.update(**values) + abandoned.update(**values) != 1:
        return None
    row = Evaluation.objects.get(pk=evaluation_id)
    return Lease(row.pk, row.citizen_id, row.evaluator_id, row.purpose, token, row.attempt)


def lock(lease: Lease) -> bool:
    """Lock the row for the transaction that ends it. False when the lease is another's now: then nothing may be read or written."""
    return _held(lease).select_for_update(of=("self",)).first() is not None


def finish(
    lease: Lease, *, state: Evaluation.State, now: datetime, code: str = "", entry_id: UUID | None = None, basis: str = "",
    sealed: bytes | None = None,
) -> bool:  # fmt: skip
    """End it. True for the one caller that did."""
    ended = {"state": state, "code": code, "entry_id": entry_id, "basis": basis, "sealed": sealed, "finished_at": now}
    return _held(lease).update(**ended, lease_token=None, lease_until=None) == 1


def postpone(lease: Lease, *, code: str, now: datetime) -> bool:
    """Try again after an exponential delay with jitter. True for the one caller that put it back."""
    delay = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (lease.attempt - 1)) * random.uniform(0.5, 1.0)
    values = {"state": Evaluation.State.QUEUED, "due_at": now + timedelta(seconds=delay), "code": code}
    return _held(lease).update(**values, lease_token=None, lease_until=None) == 1


def newest(*, citizen_id: UUID, evaluator_ids: Iterable[UUID]) -> dict[UUID, Evaluation]:
    """By evaluator its newest evaluation for the citizen. One SELECT."""
    rows = Evaluation.objects.filter(citizen_id=citizen_id, evaluator_id__in=list(evaluator_ids)).exclude(purpose=OUTCOMES)
    return {row.evaluator_id: row for row in rows.order_by("evaluator_id", "-requested_at").distinct("evaluator_id")}


def made(*, citizen_id: UUID) -> list[UUID]:
    """The evaluators of which the citizen has an outcome of their own."""
    rows = Evaluation.objects.filter(citizen_id=citizen_id, state__in=Evaluation.WITH_OUTCOME).exclude(purpose=OUTCOMES)
    return list(rows.order_by("evaluator_id").values_list("evaluator_id", flat=True))


def forget(*, evaluation_id: UUID) -> bool:
    """Delete one that has an outcome. True for the one caller that did."""
    gone, _ = Evaluation.objects.filter(pk=evaluation_id, state__in=Evaluation.WITH_OUTCOME).delete()
    return gone == 1


def kept_of(*, versions: Iterable[UUID], most: int) -> list[tuple[UUID, UUID]]:
    """(citizen, version) of what citizens kept that rests on some versions, over all citizens, by a function that gives no value."""
    with database.cursor() as cursor:
        cursor.execute("SELECT DISTINCT citizen_id, version FROM estimates_kept_of(%s, %s)", [list(versions), most])
        return [(citizen_id, version) for citizen_id, version in cursor.fetchall()]


def to_pair(*, evaluator_id: UUID, outcome: str, now: datetime, most: int) -> list[UUID]:
    """Citizens of whom it was told what followed (`outcome`: the category) since it was last put beside what this version says, and who
    consented to that, over all citizens, by a function that gives ids only."""
    with database.cursor() as cursor:
        cursor.execute("SELECT citizen_id FROM outcomes_to_pair(%s, %s, %s, %s, %s)", [evaluator_id, outcome, OUTCOMES, now, most])
        return [row[0] for row in cursor.fetchall()]


def pairs(*, evaluator_id: UUID) -> list[tuple[UUID, UUID]]:
    """(evaluation, citizen) of all that lies there of a version with what followed, by a function that gives ids only."""
    with database.cursor() as cursor:
        cursor.execute("SELECT evaluation_id, citizen_id FROM outcome_pairs(%s, %s)", [evaluator_id, OUTCOMES])
        return [(evaluation_id, citizen_id) for evaluation_id, citizen_id in cursor.fetchall()]


def pairs_of_citizen(*, citizen_id: UUID) -> list[Evaluation]:
    """What lies there of one citizen for models' quality. In their scope."""
    rows = Evaluation.objects.filter(citizen_id=citizen_id, purpose=OUTCOMES, state__in=Evaluation.WITH_OUTCOME)
    return list(rows.order_by("finished_at", "id"))


def discard(*, citizen_id: UUID, evaluator_id: UUID) -> int:
    """Delete what a version has worked out for the citizen, by their wish. What is still open goes on. How many."""
    made = Evaluation.objects.filter(citizen_id=citizen_id, evaluator_id=evaluator_id, state__in=Evaluation.WITH_OUTCOME)
    return made.exclude(purpose=OUTCOMES).delete()[0]


def _held(lease: Lease) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(pk=lease.evaluation_id, state=Evaluation.State.RUNNING, lease_token=lease.token)
