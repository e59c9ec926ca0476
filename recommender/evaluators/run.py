"""A released evaluator asked about one person. Whether it may be asked is the caller's to know; what is answered depends on nothing but facts and files."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from recommender.errors import EvaluatorFailed, EvaluatorRefused
from recommender.evaluators import artefacts, outcome, runner
from recommender.evaluators.fit import NotApplicable, Row, Unfit, fit
from recommender.models import EvaluatorVersion

__all__ = ["NotApplicable", "Result", "Unfit", "evaluate"]

SECONDS = 20  # wall; a first run in a process loads the library and the models


@dataclass(frozen=True, slots=True)
class Result:
    """`values`: a probability for each of the contract's outputs, by its code. `package_sha256`: what answered."""

    values: Mapping[str, float] = field(repr=False)
    package_sha256: str


def evaluate(version: EvaluatorVersion, facts: Mapping[str, Any]) -> Result | NotApplicable:
    """`facts`: values by "category.key"; those that the contract does not name are not looked at.

    The same facts give the same bits. Raises `EvaluatorFailed` (EVALUATION_CODES): never a part of the outputs, never a number out of [0, 1].
    """
    contract = version.contract
    row = fit(contract, facts)
    if isinstance(row, NotApplicable):
        return row
    asks = [{"sha256": version.files[o.model], "tensor": o.tensor, "column": o.column} for o in contract.outputs]
    try:
        values = _answer(row, asks)
    except runner.RunnerError as error:
        raise EvaluatorFailed(error.code) from None
    except EvaluatorRefused as error:
        raise EvaluatorFailed(error.code if error.code in (artefacts.DAMAGED, artefacts.AWAY) else "model_fails") from None
    if fault := next(filter(None, map(outcome.fault_of, values)), None):
        raise EvaluatorFailed(fault)
    return Result(MappingProxyType({o.code: v for o, v in zip(contract.outputs, values, strict=True)}), version.package_sha256)


def _answer(row: Row, asks: Sequence[Mapping[str, Any]]) -> list[float]:
    """What fails in a process that other models have used is tried in one of its own: it is not to blame for what they left of the memory."""
    until, kept = time.monotonic() + SECONDS, runner.kept()
    try:
        return kept.load_and_run(rows=[row], asks=asks, models=_Stored(), seconds=SECONDS)[0]
    except EvaluatorRefused as error:
        if error.code != "model_fails":
            raise
    kept.renew(seconds=until - time.monotonic())
    return kept.load_and_run(rows=[row], asks=asks, models=_Stored(), seconds=until - time.monotonic())[0]


class _Stored(Mapping[str, bytes]):
    """Models by hash, read from the storage when the runner lacks one."""

    def __getitem__(self, sha256: str) -> bytes:
        return artefacts.load(sha256)

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError("nobody lists them")

    def __len__(self) -> int:
        raise NotImplementedError("nobody counts them")
