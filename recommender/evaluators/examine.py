"""A package put to the test before it is registered, in processes of their own: who signed it, what its models are, what they answer.

The signature comes first: nothing inside the package is read before it is known whose it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from recommender.errors import EvaluatorRefused
from recommender.evaluators import signature as signatures
from recommender.evaluators.contract import Contract
from recommender.evaluators.runner import Runner, RunnerError
from recommender.evaluators.signature import Trust
from recommender.evaluators.vectors import Vectors, judge

# Wall seconds, generous: a process starts and loads its libraries in one, more on a busy machine.
TO_VERIFY = 60
TO_INSPECT = 60  # each model
TO_RUN = 30  # all vectors, once


def verify(contents: Mapping[str, bytes], files: Mapping[str, str], signature: bytes, trust: Trust) -> None:
    """`contents`: bytes by file name; `files`: their SHA-256. Raises `EvaluatorRefused`: signature_missing, unavailable, as `signature.check`."""
    if not signature:
        raise EvaluatorRefused("signature_missing")
    if len(signature) > signatures.LARGEST:
        raise EvaluatorRefused("signature_unreadable")
    with tempfile.TemporaryDirectory(prefix="evaluator-") as place, _runner() as runner:
        folder = Path(place)
        for name, content in contents.items():
            (folder / "package" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "package" / name).write_bytes(content)
        (folder / "signature").write_bytes(signature)
        (folder / "trusted.pem").write_text(trust.pem)
        try:
            runner.ask("verify", seconds=TO_VERIFY, folder=place, trust=trust.plain(), files=dict(files))
        except RunnerError:
            raise EvaluatorRefused("unavailable") from None


def models(contract: Contract, contents: Mapping[str, bytes]) -> None:
    """Look at every model without running it. Raises `EvaluatorRefused` as `graph.check` does, and model_fails."""
    for name in contract.models:
        asks = [{"tensor": o.tensor, "column": o.column} for o in contract.outputs if o.model == name]
        with _runner() as runner, _limits():
            runner.ask("inspect", seconds=TO_INSPECT, blob=contents[name], width=len(contract.inputs), asks=asks)


def vectors(contract: Contract, wanted: Vectors, contents: Mapping[str, bytes], files: Mapping[str, str]) -> float:
    """Run the owner's vectors twice, each time in a new process, and return the largest difference. Raises as `vectors.judge`, and model_fails."""
    asks = [{"sha256": files[o.model], "tensor": o.tensor, "column": o.column} for o in contract.outputs]
    by_hash = {files[name]: contents[name] for name in contract.models}
    runs = []
    for _ in range(2):
        with _runner() as runner, _limits():
            runs.append(runner.load_and_run(rows=wanted.rows, asks=asks, models=by_hash, seconds=TO_RUN))
    return judge(wanted, runs[0], runs[1])


@contextmanager
def _runner() -> Iterator[Runner]:
    runner = Runner()
    try:
        yield runner
    finally:
        runner.close()


@contextmanager
def _limits() -> Iterator[None]:
    """A model that makes its process late or end is a model that cannot be run."""
    try:
        yield
    except RunnerError:
        raise EvaluatorRefused("model_fails") from None
