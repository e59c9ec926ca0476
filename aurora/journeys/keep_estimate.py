"""A citizen keeps what a model worked out for them among their facts, or deletes it.

Kept, it is a fact like others, `derived`: it says from which facts and by which version of which model. An agency reads it only by a consent that
names its kind. It stays when the consent ends by which it was made, as what the citizen kept of a source does; it goes when they delete it,
and when its model is taken out of use for cause. A newer result that they keep takes its place.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from aurora.journeys import _record, evaluate
from aurora.journeys._basis import Ground
from aurora.journeys._in_use import seen, why_not
from aurora.journeys._log import log
from aurora.twin import evaluations, write
from aurora.twin.models import Evaluation
from aurora.twin.values import NewFact
from consent import acting, queries, services
from consent.errors import Conflict, NotFound
from consent.ledger.events import Event
from consent.rules import AURORA, CITIZEN
from consent.scope import citizen_scope
from recommender.models import EvaluatorVersion

GONE = "This estimate has changed or is gone since you opened the page."


def keep(*, citizen_id: UUID, evaluator_id: UUID, now: datetime) -> UUID:
    """Keep the estimate that stands. The entry of the log.

    Raises `NotFound` for a model that is not in use or whose results cannot be kept, `Conflict` where no estimate stands.
    """
    version = _of(evaluator_id)
    result = version.contract.result
    if why_not([version])[version.pk] or not result:
        raise NotFound()
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        queries.for_decision(citizen_id=citizen_id, recipient=AURORA)  # locks in the order in which every access does
        row = evaluations.newest(citizen_id=citizen_id, evaluator_ids=[version.pk]).get(version.pk)
        if row is None or row.state != Evaluation.State.DONE or not _stands(version, citizen_id, now):
            raise Conflict(GONE)
        kept = write.keep_derived(citizen_id=citizen_id, facts=_facts(version, row), now=now)
        return log(
            citizen_id=citizen_id, event=Event.ESTIMATE_KEPT, actor=CITIZEN, purpose=row.purpose, categories=[result], source=version.agency,
            details={"evaluation": str(row.pk), "evaluator": version.identifier, "version": version.version, "facts": kept}, at=now,
        ).entry_id  # fmt: skip


def delete(*, citizen_id: UUID, evaluator_id: UUID, now: datetime) -> UUID:
    """Delete what this model has worked out for the citizen, and what they kept of it. The entry. Raises `NotFound` where there is nothing."""
    version = _of(evaluator_id)
    result = version.contract.result
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        gone = evaluations.discard(citizen_id=citizen_id, evaluator_id=version.pk)
        facts = write.erase_derived(citizen_id=citizen_id, category=result, source=version.agency) if result else 0
        if not gone and not facts:
            raise NotFound()
        return log(
            citizen_id=citizen_id, event=Event.ESTIMATE_DELETED, actor=CITIZEN, purpose=version.purpose,
            categories=[result] if result else version.contract.categories, source=version.agency,
            details={"evaluator": version.identifier, "version": version.version, "estimates_erased": gone, "facts_erased": facts}, at=now,
        ).entry_id  # fmt: skip


def _of(evaluator_id: UUID) -> EvaluatorVersion:
    """Theirs alone: who acts for them has no such deed in any mandate."""
    version = seen(evaluator_id)
    if version is None or acting.current() is not None:
        raise NotFound()
    return version


def _stands(version: EvaluatorVersion, citizen_id: UUID, now: datetime) -> bool:
    return evaluate.newest(citizen_id=citizen_id, versions=[version], ground=Ground(citizen_id=citizen_id, now=now))[version.pk].stands


def _facts(version: EvaluatorVersion, row: Evaluation) -> list[NewFact]:
    record, contract = _record.opened(row), version.contract
    [category] = queries.current_categories([contract.result])
    assert row.finished_at is not None  # of one that is done, by the table's own constraint
    return [
        NewFact(
            contract.result, category.version, output.code, record.values[output.code], "derived", version.agency, row.finished_at,
            derived_by=version.pk, derived_from=record.sources, derived_through=record.through,
        )
        for output in contract.outputs
    ]  # fmt: skip
