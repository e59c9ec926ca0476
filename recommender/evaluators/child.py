"""The process in which a foreign model is looked at and run: `python -m recommender.evaluators.child`, started by `runner` only.

It limits itself before it reads a byte: memory, open files, processes, nothing written, no network (`confine`), and processor time for each job.
It has no secret to lose: its environment is the runner's choice. It ends when its parent does (end of input), or when nobody has asked for a while.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import resource
import select
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from recommender.errors import EvaluatorRefused
from recommender.evaluators import confine, frames

MEMORY = 2 * 1024**3  # bytes of address space; the libraries take 300 MB of it
OPEN_FILES = 64
IDLE_SECONDS = 600
IDLE_EXIT = 75  # tells the runner that no job was lost
MOST_SESSIONS = 16

Job = dict[str, Any]


def main() -> int:
    read, write = _pipes()
    held = confine.confine()
    limit()
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # whoever started this
    handlers: dict[str, Callable[[Job, bytes], Job]] = {
        "ping": lambda job, blob: {"pid": os.getpid(), "confined": held.plain()},
        "verify": _verify,
        "inspect": _inspect,
        "load": Sessions.load,
        "run": Sessions.run,
    }
    while True:
        if not select.select([read], [], [], IDLE_SECONDS)[0]:
            return IDLE_EXIT
        head = read.read(frames.LENGTH)
        if len(head) < frames.LENGTH:
            return 0
        job = json.loads(_exactly(read, frames.length(head)))
        blob = _exactly(read, frames.length(_exactly(read, frames.LENGTH))) if job.get("blob") else b""
        _time_for(job["cpu"])
        if job["do"] != "verify":
            # Before a model is touched: no further process or thread. (model_signing hashes in threads; Linux does not hold root to it.)
            _limit(resource.RLIMIT_NPROC, 0)
        try:
            answer = handlers[job["do"]](job, blob)
        except EvaluatorRefused as refusal:
            answer = {"error": refusal.code, "sentence": refusal.sentence}
        except MemoryError:
            answer = {"error": "model_fails"}
        write.write(frames.message(answer))


def limit() -> None:
    """Of what a process may take. No core file: it would hold a citizen's row."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _limit(what, most)


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _time_for(seconds: int) -> None:
    """The soft limit counts from the start of the process: each job moves it on. The kernel ends who passes it (SIGXCPU)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The runner's two, and nothing at 0 and 1 that a library could read or print to."""
    read, write = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return os.fdopen(read, "rb", buffering=0), os.fdopen(write, "wb", buffering=0)


def _exactly(read: BinaryIO, size: int) -> bytes:
    parts = []
    while size:
        part = read.read(min(size, 1 << 20))
        if not part:
            raise SystemExit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _verify(job: Job, blob: bytes) -> Job:
    from recommender.evaluators import signature

    folder = Path(job["folder"])
    signature.check(folder / "package", folder / "signature", folder / "trusted.pem", signature.Trust.told(job["trust"]), job["files"])
    return {}


def _inspect(job: Job, blob: bytes) -> Job:
    from recommender.evaluators import graph

    graph.check(blob, width=job["width"], asks=job["asks"])
    return {}


class Sessions:
    """Models that are loaded, by the SHA-256 of their file; the one unused for longest goes first."""

    kept: OrderedDict[str, Any] = OrderedDict()

    @classmethod
    def load(cls, job: Job, blob: bytes) -> Job:
        """Raises `EvaluatorRefused`: artefact_damaged, model_fails."""
        import onnxruntime

        if not hmac.compare_digest(hashlib.sha256(blob).hexdigest(), job["sha256"]):
            raise EvaluatorRefused("artefact_damaged")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        # As it was signed: nothing is folded or fused, so that the same file gives the same bits.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.use_deterministic_compute = True
        # An arena keeps what the greediest row took, and the next model would have the less of the one limit.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        try:
            session = onnxruntime.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
        except Exception:  # onnxruntime's errors have no common class but this
            raise EvaluatorRefused("model_fails") from None
        cls.kept[job["sha256"]] = (session, session.get_inputs()[0].name)
        while len(cls.kept) > MOST_SESSIONS:
            cls.kept.popitem(last=False)
        return {}

    @classmethod
    def run(cls, job: Job, blob: bytes) -> Job:
        """`rows`: N rows of numbers; `asks`: M of sha256, tensor and column. `values`: N rows of M numbers; or `need`: models that are not loaded."""
        import numpy as np

        if need := sorted({a["sha256"] for a in job["asks"]} - cls.kept.keys()):
            return {"need": need}
        tensors: dict[str, list[str]] = {}
        for ask in job["asks"]:
            wanted = tensors.setdefault(ask["sha256"], [])
            wanted += [ask["tensor"]] if ask["tensor"] not in wanted else []
            cls.kept.move_to_end(ask["sha256"])
        values = []
        for row in job["rows"]:
            given = np.array([row], dtype=np.float32)
            answers = {
                (sha, t): a for sha, names in tensors.items() for t, a in zip(names, _answers(cls.kept[sha], names, given), strict=True)
            }
            values.append([_one(np, answers[a["sha256"], a["tensor"]], a["column"]) for a in job["asks"]])
        return {"values": values}


def _answers(kept: tuple[Any, str], names: list[str], given: Any) -> list[Any]:
    session, name = kept
    try:
        answers: list[Any] = session.run(names, {name: given})
    except Exception:  # as above
        raise EvaluatorRefused("model_fails") from None
    return answers


def _one(np: Any, answer: Any, column: int) -> float:
    """The number of one person. What a model states of its shapes is not what it must answer."""
    if not isinstance(answer, np.ndarray) or answer.dtype not in (np.float32, np.float64) or answer.shape[:1] != (1,):
        raise EvaluatorRefused("model_shape")
    flat = answer.reshape(1, -1) if answer.ndim == 1 else answer
    if flat.ndim != 2 or column >= flat.shape[1]:
        raise EvaluatorRefused("model_shape")
    return float(flat[0, column])


if __name__ == "__main__":
    sys.exit(main())
