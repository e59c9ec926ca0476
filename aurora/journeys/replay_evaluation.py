"""An evaluation made again from what is kept of it: the locked model, run anew on what went in, must answer with the same bits.

Who asks is told whether it does, and where not, in which part. No value leaves this module. That what is kept was opened stands in the
citizen's log, in the transaction that opens it. The model need not be in use any more.
"""

from __future__ import annotations

import hmac
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.identity.vault import VaultClosed
from aurora.journeys import _record
from aurora.journeys._log import log
from aurora.journeys._record import Record
from aurora.journeys.evaluate import ANOTHER_FORM, NO_MODEL
from aurora.twin import evaluations
from aurora.twin.models import Evaluation
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.rules import AURORA
from consent.scope import citizen_scope
from recommender.errors import EvaluatorFailed, EvaluatorRefused
from recommender.evaluators import artefacts
from recommender.evaluators import run as models
from recommender.evaluators.package import CONTRACT
from recommender.models import EvaluatorVersion

# Ours, said before a model is asked: there is no run to be repeated.
_NOT_THE_MODEL_S = frozenset({ANOTHER_FORM, NO_MODEL})


@dataclass(frozen=True)
class Replayed:
    """`evaluator`: owner/identifier/version. `differs`: of "record", "contract", "artefact", "package", "row", "outcome"; empty
    where all is the same. `entry_id`: what the citizen's log says of this.
    """

    evaluation_id: UUID
    evaluator: str
    package_sha256: str
    same: bool
    differs: tuple[str, ...]
    entry_id: UUID


def replay(*, evaluation_id: UUID, by: str, now: datetime) -> Replayed:
    """Run it again and compare. `by`: who has it done, for the citizen to read. Raises `NotFound` for one that is not there or has no outcome, `EvaluatorFailed` where it could not be run now.

    `record`: what is kept cannot be opened, or is not of this row. `contract`: the contract is not the signed one. `artefact`: a file is not.
    `package`: another version answered then. `row`: the facts give other numbers. `outcome`: the model answers otherwise.
    """
    citizen_id = evaluations.citizen_of(evaluation_id)
    if citizen_id is None:
        raise NotFound()
    with citizen_scope(citizen_id):
        row = Evaluation.objects.filter(pk=evaluation_id, state__in=Evaluation.WITH_OUTCOME).first()
        if row is None:
            raise NotFound()
        version = EvaluatorVersion.objects.get(pk=row.evaluator_id)
        entry_id = log(
            citizen_id=citizen_id, event=Event.EVALUATION_REPLAYED, actor=AURORA, purpose=row.purpose, categories=row.categories,
            details={
                "evaluation": str(row.pk), "evaluator": version.identifier, "version": version.version, "owner": version.agency,
                "package": version.package_sha256, "by": by,
            }, at=now,
        ).entry_id  # fmt: skip
        try:
            record: Record | None = _record.opened(row)
        except (VaultClosed, ValueError, KeyError, TypeError):
            record = None
    differs = ("record",) if record is None else _differs(version, record, Evaluation.State(row.state))
    return Replayed(row.pk, version.name, version.package_sha256, not differs, differs, entry_id)


def _differs(version: EvaluatorVersion, record: Record, state: Evaluation.State) -> tuple[str, ...]:
    found = _of_files(version)
    if record.version != version.pk or not hmac.compare_digest(record.package, version.package_sha256):
        found.append("package")
    if found:
        return tuple(found)  # something else than what answered then: there is nothing to be run
    if any(why in _NOT_THE_MODEL_S for _, why in record.because):
        return ()
    if not _same_numbers(record.row, _record.row_of(version.contract, record.given)):
        return ("row",)
    return () if _same_outcome(version, record, state) else ("outcome",)


def _of_files(version: EvaluatorVersion) -> list[str]:
    """What of the version is not as it was signed."""
    try:
        for sha256 in version.files.values():
            artefacts.load(sha256)
        signed: Any = json.loads(artefacts.load(version.files[CONTRACT]))
    except EvaluatorRefused as error:
        if error.code != artefacts.DAMAGED:
            raise EvaluatorFailed(error.code) from None
        return ["artefact"]
    return [] if signed == version.contract_json else ["contract"]


def _same_outcome(version: EvaluatorVersion, record: Record, state: Evaluation.State) -> bool:
    found = models.evaluate(version, record.given)
    if isinstance(found, models.NotApplicable):
        because = tuple((unfit.fact, unfit.why) for unfit in found.because)
        return state == Evaluation.State.NOT_APPLICABLE and because == record.because
    return state == Evaluation.State.DONE and _bits(found.values) == _bits(record.values)


def _same_numbers(one: tuple[float, ...] | None, other: tuple[float, ...] | None) -> bool:
    if one is None or other is None:
        return one is other
    return _bits(dict(enumerate(one))) == _bits(dict(enumerate(other)))


def _bits(values: Mapping[Any, float]) -> dict[Any, bytes]:
    """As IEEE 754 has them: 0.0 and -0.0 are two."""
    return {name: struct.pack(">d", value) for name, value in values.items()}
