"""The owner's own test vectors: facts, and what the models answered at the owner's.

Form: `vectors.schema.json`. A vector says either `values`, one for each output, or `not_applicable` with every reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.errors import EvaluatorRefused
from recommender.evaluators import documents, outcome
from recommender.evaluators.contract import Contract
from recommender.evaluators.fit import NotApplicable, Row, Unfit, fit

SCHEMA = "vectors.schema.json"
LARGEST = 2 * 1024 * 1024  # bytes
FEWEST = 10  # with values
TOLERANCE = 1e-5  # absolute; float32 sums differ in the seventh digit between builds, a wrong model in the second


@dataclass(frozen=True, slots=True)
class Vectors:
    """`rows`: N rows of as many numbers as the contract has inputs. `expected`: N rows of as many as it has outputs."""

    rows: tuple[Row, ...]
    expected: tuple[tuple[float, ...], ...]


def parse(content: bytes, contract: Contract) -> Vectors:
    """Raises `EvaluatorRefused`: vectors_invalid, or vectors_differ where "not applicable" is said otherwise than we find it."""
    try:
        document = documents.read(content, schema=SCHEMA, largest=LARGEST)
    except documents.Malformed as error:
        raise EvaluatorRefused("vectors_invalid", f"vectors.json: {error}") from None
    rows: list[Row] = []
    expected: list[tuple[float, ...]] = []
    known, codes = {i.fact for i in contract.inputs}, [o.code for o in contract.outputs]
    for number, vector in enumerate(document["vectors"]):
        if not known >= vector["facts"].keys():
            raise EvaluatorRefused("vectors_invalid", f"vectors.json: vector {number} has a fact that is no input.")
        found = fit(contract, vector["facts"])
        if "values" not in vector:
            _same_reasons(number, found, {Unfit(**u) for u in vector["not_applicable"]})
            continue
        if isinstance(found, NotApplicable) or vector["values"].keys() != set(codes):
            raise EvaluatorRefused("vectors_invalid", f"vectors.json: vector {number} does not fit the contract's inputs or outputs.")
        rows.append(found)
        expected.append(tuple(float(vector["values"][code]) for code in codes))
    if len(rows) < FEWEST:
        raise EvaluatorRefused("vectors_invalid", f"vectors.json: fewer than {FEWEST} vectors have values.")
    return Vectors(tuple(rows), tuple(expected))


def judge(vectors: Vectors, first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]) -> float:
    """The largest difference from what the owner says, of two runs of all rows.

    Raises `EvaluatorRefused`: model_not_finite, model_out_of_bounds, not_deterministic (a bit is enough), vectors_differ.
    """
    for code in (outcome.fault_of(value) for run in (first, second) for row in run for value in row):
        if code:
            raise EvaluatorRefused(code)
    if [list(row) for row in first] != [list(row) for row in second]:
        raise EvaluatorRefused("not_deterministic")
    differences = [
        max(abs(got - wanted) for got, wanted in zip(row, expected, strict=True))
        for row, expected in zip(first, vectors.expected, strict=True)
    ]
    worst = max(differences)
    if worst > TOLERANCE:
        number = sum(difference > TOLERANCE for difference in differences)
        raise EvaluatorRefused("vectors_differ", f"The owner's test vectors are not met: {number} of {len(differences)} differ.")
    return worst


def _same_reasons(number: int, found: Row | NotApplicable, wanted: set[Unfit]) -> None:
    if not isinstance(found, NotApplicable) or set(found.because) != wanted:
        raise EvaluatorRefused(
            "vectors_differ", f"The owner's test vectors are not met: vector {number} is not applicable otherwise than it says."
        )
