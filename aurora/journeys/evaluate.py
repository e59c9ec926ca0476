"""Another organisation's locked model on a citizen's facts, at the citizen's wish: asked for in a page, run by a worker, kept sealed.

The model comes to the data: it runs here, and its owner hears of nothing. The access is Aurora's own, for the purpose that the contract names,
on all the categories that it needs or on none.

What is sure, wherever a worker is killed: the entry of the access, its outcome and the end of the row are one transaction, so that each run that
comes to an end has exactly one entry, and an attempt that comes to none has kept and shown nothing. A refusal is logged in a transaction of its
own before the row says so: a worker killed in between leaves one entry more. Nobody waits for the model but who wants the same citizen's
consents locked, and no longer than it may run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aurora import crash
from aurora.journeys import _followed, _record
from aurora.journeys._basis import Ground
from aurora.journeys._chained import not_to_be_had, state_of
from aurora.journeys._contract_fit import Today
from aurora.journeys._door import AccessRefused, open_door
from aurora.journeys._in_use import offered, recalled, seen, stopped, why_not, why_stopped
from aurora.journeys._log import log
from aurora.journeys._record import Record
from aurora.journeys._settled import settled
from aurora.journeys._wake import send
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from aurora.twin import evaluations, write
from aurora.twin.evaluations import OUTCOMES, Lease
from aurora.twin.models import Evaluation
from aurora.twin.values import FactView
from consent import acting
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.rules import AURORA, AccessRequest
from consent.scope import citizen_scope
from recommender.errors import EvaluatorFailed
from recommender.evaluators import run as models
from recommender.models import EvaluatorVersion

TASK = "aurora.evaluate"
FORGET_TASK = "aurora.forget_evaluations"
SWEEP_MOST = 500
_EVENTS = (Event.EVALUATION_MADE, Event.EVALUATION_REFUSED)
_EVENTS_OF_QUALITY = (Event.OUTCOME_PAIRED, Event.OUTCOME_REFUSED)
State = Evaluation.State
GAVE_UP = "gave_up"  # ours, beside the codes of `recommender.errors.EVALUATION_CODES` and those of `_in_use`
# Ours, beside the reasons of `recommender.evaluators.fit`: the fact was fetched when its category said the same thing in another form.
ANOTHER_FORM = "another_form"
# Ours too: the fact is what another model worked out, and no model that does so is in use.
NO_MODEL = "no_model"


@dataclass(frozen=True)
class Evaluated:
    """How a citizen's evaluation stands. `values`: probability (0 to 1) by output; `because`: (fact `category.key`, why) of what does not fit.

    `code`: why it was refused or failed, or why it is tried again at `due_at`. `stands`: what it rests on is what there is now; an outcome that
    does not stand is not told. `made_by`: by category the version of another model, where its result went in.
    """

    id: UUID
    state: State
    requested_at: datetime
    due_at: datetime
    finished_at: datetime | None
    entry_id: UUID | None
    code: str
    stands: bool
    values: Mapping[str, float] = field(default_factory=dict, repr=False)
    because: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    made_by: Mapping[str, UUID] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return self.state in Evaluation.OPEN


def ask(*, citizen_id: UUID, evaluator_id: UUID, now: datetime) -> UUID:
    """Have an evaluation made: the one that is open, or whose outcome still stands, else a new one. Its id.

    Raises `NotFound` for an evaluator that is not released. Theirs alone: who acts for them has no such deed in any mandate.
    """
    version = seen(evaluator_id)
    if version is None or why_not([version])[version.pk] or acting.current() is not None:
        raise NotFound()
    contract = version.contract
    with citizen_scope(citizen_id):
        last = newest(citizen_id=citizen_id, versions=[version], ground=Ground(citizen_id=citizen_id, now=now)).get(version.pk)
        if last is not None and (last.open or (last.state in Evaluation.WITH_OUTCOME and last.stands)):
            return last.id
        found, new = evaluations.enqueue(
            citizen_id=citizen_id, evaluator_id=version.pk, purpose=contract.purpose, categories=contract.categories, now=now
        )
        if new:
            # A broker that is away costs nothing: the sweep sends it again.
            transaction.on_commit(partial(send, TASK, found), robust=True)
    return found


def sweep(*, now: datetime) -> int:
    """Wake every evaluation that is overdue: its message was lost, its worker died, or its time to try again has come. How many."""
    overdue = evaluations.overdue(now=now, most=SWEEP_MOST)
    for evaluation_id in overdue:
        send(TASK, evaluation_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())  # the next sweep sends it again
    return len(overdue)


def run(*, evaluation_id: UUID) -> None:
    """Make one evaluation, or nothing if it is another worker's or has ended."""
    citizen_id = evaluations.citizen_of(evaluation_id)
    if citizen_id is None:
        return
    now = timezone.now()
    with citizen_scope(citizen_id):
        lease = evaluations.claim(evaluation_id=evaluation_id, now=now)
        if lease is None:
            return
        version = EvaluatorVersion.objects.get(pk=lease.evaluator_id)
        if code := why_not([version])[version.pk]:
            evaluations.finish(lease, state=State.FAILED, code=code, now=now)
            return
        # Before the facts are read: what changes from here on shows.
        basis = _basis(version, Ground(citizen_id=citizen_id, now=now), lease.purpose)
    crash.reach("evaluate.claimed")
    try:
        _through_the_door(lease, version, basis, now)
    except AccessRefused as error:
        crash.reach("evaluate.refused")
        with citizen_scope(citizen_id):
            evaluations.finish(lease, state=State.REFUSED, code=error.code, entry_id=error.entry_id, now=now)
    except EvaluatorFailed as error:
        with citizen_scope(citizen_id):
            evaluations.postpone(lease, code=error.code, now=timezone.now())
    except _Stopped as stop:
        with citizen_scope(citizen_id):
            evaluations.finish(lease, state=State.FAILED, code=stop.code, now=timezone.now())
    except _LeaseLost:
        pass
    except Exception:
        # As if the worker had died: its lease runs out, and another tries. Of the last one nothing would ever be heard.
        if lease.used_up:
            with citizen_scope(citizen_id):
                evaluations.finish(lease, state=State.FAILED, code=GAVE_UP, now=timezone.now())
        raise


class _LeaseLost(Exception):
    """Another worker has it: our transaction, entry and all, must not stand."""


class _Stopped(Exception):
    """The model was taken out of use since the row was claimed. As where it was so before: no entry, since nothing is made of the facts."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _through_the_door(lease: Lease, version: EvaluatorVersion, basis: str, now: datetime) -> None:
    """Decide, log, read, evaluate and end the row, all or nothing. Raises `AccessRefused`, and `EvaluatorFailed` for what is tried again."""
    contract, for_quality = version.contract, lease.purpose == OUTCOMES
    wanted = _followed.categories(contract) if for_quality else contract.categories
    request = AccessRequest(lease.citizen_id, AURORA, lease.purpose, frozenset(wanted))
    granted, refused = _EVENTS_OF_QUALITY if for_quality else _EVENTS
    details = {
        "evaluator": contract.identifier, "version": contract.version, "owner": contract.owner, "package": version.package_sha256,
        "evaluation": str(lease.evaluation_id),
    }  # fmt: skip
    with open_door(request, granted=granted, refused=refused, now=now, details=details) as opened:
        if not evaluations.lock(lease):
            raise _LeaseLost
        if code := why_stopped(version):
            raise _Stopped(code)
        entry = opened.entry_id
        try:
            facts = settled(citizen_id=lease.citizen_id, facts=opened.facts)
            state, outcome = _outcome(lease, version, facts)
            if for_quality:
                state, outcome = _followed.beside(state, outcome, contract, facts)
        except EvaluatorFailed as error:
            if error.retryable and not lease.last:
                raise
            code = GAVE_UP if lease.used_up else error.code
            evaluations.finish(lease, state=State.FAILED, code=code, entry_id=entry, now=timezone.now())
            return
        sealed = _record.sealed(outcome, citizen_id=lease.citizen_id, evaluation_id=lease.evaluation_id)
        evaluations.finish(lease, state=state, entry_id=entry, basis=basis, sealed=sealed, now=timezone.now())
        crash.reach("evaluate.before_commit")
    crash.reach("evaluate.after_commit")


def _outcome(lease: Lease, version: EvaluatorVersion, facts: Sequence[FactView]) -> tuple[State, Record]:
    if lease.used_up:
        raise EvaluatorFailed("crashed")  # not one worker lived to say so: the facts were read, and the entry tells of it
    record = _record.begun(version, facts)
    if misread := Today().in_another_form(version.contract, facts):
        return State.NOT_APPLICABLE, record.ended(because=tuple((fact, ANOTHER_FORM) for fact in misread), row=None)
    if away := not_to_be_had(version.contract, facts):
        return State.NOT_APPLICABLE, record.ended(because=tuple((fact, NO_MODEL) for fact in away), row=None)
    found = models.evaluate(version, record.given)
    if isinstance(found, models.NotApplicable):
        return State.NOT_APPLICABLE, record.ended(because=tuple((unfit.fact, unfit.why) for unfit in found.because))
    return State.DONE, record.ended(values=dict(found.values))


def newest(*, citizen_id: UUID, versions: Iterable[EvaluatorVersion], ground: Ground) -> dict[UUID, Evaluated]:
    """By evaluator how the citizen's newest evaluation stands. In their scope; reads no fact and makes nothing."""
    by_id = {version.pk: version for version in versions}
    rows = evaluations.newest(citizen_id=citizen_id, evaluator_ids=by_id)
    return {pk: _evaluated(row, row.basis == _basis(by_id[pk], ground, row.purpose)) for pk, row in rows.items()}


def made(*, citizen_id: UUID, now: datetime) -> list[tuple[EvaluatorVersion, Evaluated]]:
    """Every outcome of the citizen's that stands, with the version that made it. In their scope."""
    rows = evaluations.made(citizen_id=citizen_id)
    versions = [version for version in offered() if version.pk in rows]
    found = newest(citizen_id=citizen_id, versions=versions, ground=Ground(citizen_id=citizen_id, now=now))
    return [(v, found[v.pk]) for v in versions if v.pk in found and found[v.pk].state in Evaluation.WITH_OUTCOME and found[v.pk].stands]


def forget_soon() -> None:
    """Some version is in use no longer: what it made is deleted soon. In the transaction that retired it; pages show nothing of it from then on."""
    transaction.on_commit(partial(send, FORGET_TASK), robust=True)


def forget_retired() -> int:
    """Delete what versions made that are not in use. How many outcomes; at most `SWEEP_MOST`, the next round takes the rest.

    What citizens kept goes too where the version was taken out of use for cause, and with an entry in their log: it was among their facts.
    """
    gone = _recall()
    for evaluation_id, citizen_id in evaluations.with_outcome(evaluator_ids=stopped(), most=SWEEP_MOST):
        with citizen_scope(citizen_id):
            gone += evaluations.forget(evaluation_id=evaluation_id)
    return gone


def _recall() -> int:
    gone = 0
    for citizen_id, version_id in evaluations.kept_of(versions=[version.pk for version in recalled()], most=SWEEP_MOST):
        with citizen_scope(citizen_id):
            for category, owner, facts in write.recall_derived(citizen_id=citizen_id, versions=[version_id]):
                now = timezone.now()
                entry = log(
                    citizen_id=citizen_id, event=Event.ESTIMATE_RECALLED, actor=AURORA, categories=[category], source=owner,
                    details={"version": str(version_id), "facts_erased": facts}, at=now,
                )  # fmt: skip
                # They kept it to rely on it: they should not have to find out in their log.
                outbox.queue(citizen_id=citizen_id, kind=MessageKind.ESTIMATE_RECALLED, about={"entry": entry.entry_id}, now=now)
                gone += 1
    return gone


def _evaluated(row: Evaluation, stands: bool) -> Evaluated:
    told = _record.opened(row) if stands and row.sealed is not None else Record(row.evaluator_id, "")
    return Evaluated(
        row.pk, State(row.state), row.requested_at, row.due_at, row.finished_at, row.entry_id, row.code, stands,
        values=told.values, because=told.because, made_by=told.made_by,
    )  # fmt: skip


def _basis(version: EvaluatorVersion, ground: Ground, purpose: str) -> str:
    contract = version.contract
    parts = [str(version.pk), version.package_sha256, *state_of(contract)]
    return ground.digest(purpose, parts, categories=contract.categories)
