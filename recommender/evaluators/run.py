"""A released evaluator asked about one person. Whether it may be asked is the caller's to know; what is answered depends on nothing but facts and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from recommender.errors import EvaluatorFailed, EvaluatorRefused
from recommender.evaluators import artefacts, outcome, runner
from recommender.evaluators.fit import NotApplicable, Unfit, fit
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
        (values,) = runner.kept().load_and_run(rows=[row], asks=asks, models=_Stored(), seconds=SECONDS)
    except runner.RunnerError as error:
        raise EvaluatorFailed(error.code) from None
    except EvaluatorRefused as error:
        raise EvaluatorFailed("artefact_damaged" if error.code == "artefact_damaged" else "model_fails") from None
    if fault := next(filter(None, map(outcome.fault_of, values)), None):
        raise EvaluatorFailed(fault)
    return Result(MappingProxyType({o.code: v for o, v in zip(contract.outputs, values, strict=True)}), version.package_sha256)


class _Stored(Mapping[str, bytes]):
    """Models by hash, read from the storage when the runner lacks one."""

    def __getitem__(self, sha256: str) -> bytes:
        return artefacts.load(sha256)

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError("nobody lists them")

    def __len__(self) -> int:
        raise NotImplementedError("nobody counts them")
