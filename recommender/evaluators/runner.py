"""The parent's side of a model's process: started when first needed, kept, asked one thing at a time, killed when it is late.

Thread-safe; not for use across a fork (`kept` makes one a process). Names of errors are those of `recommender.errors.EVALUATION_CODES`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recommender.errors import EvaluatorRefused
from recommender.evaluators import frames
from recommender.evaluators.child import IDLE_EXIT

ROOT = Path(__file__).resolve().parents[2]
# All that the child is told of the world. One thread for whatever library would like more.
ENVIRON = {
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "LC_ALL": "C.UTF-8",
    # onnxruntime's own wheels tell Microsoft which models are loaded and run, unless this is set before they start.
    "ORT_DISABLE_TELEMETRY": "1",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
_CHUNK = 1 << 16


class RunnerError(Exception):
    """No answer: `code` is timeout, crashed or busy."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Runner:
    """One child process at a time. `close` when done; a closed one starts anew when it is asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the child that runs now."""
        return self._process.pid if self._process else None

    def ask(self, do: str, *, seconds: float, blob: bytes | None = None, **job: Any) -> dict[str, Any]:
        """The child's answer to one job, within `seconds` of wall time and as many, rounded up, of processor time.

        Raises `RunnerError`; `EvaluatorRefused` with what the child found wrong.
        """
        deadline = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            raise RunnerError("busy")
        try:
            content = frames.message({"do": do, "cpu": int(seconds) + 1, "blob": blob is not None, **job})
            answer = self._exchange(content + (frames.frame(blob) if blob is not None else b""), deadline)
        finally:
            self._lock.release()
        if "error" in answer:
            raise EvaluatorRefused(answer["error"], answer.get("sentence"))
        return answer

    def load_and_run(
        self, *, rows: Sequence[Sequence[float]], asks: Sequence[Mapping[str, Any]], models: Mapping[str, bytes], seconds: float
    ) -> list[list[float]]:
        """`asks`: M of sha256, tensor, column; `models`: bytes by SHA-256, read only for those that the child does not hold. N rows of M numbers."""
        deadline = time.monotonic() + seconds
        for _ in range(2):
            answer = self.ask("run", seconds=_left(deadline), rows=rows, asks=asks)
            if "values" in answer:
                return list(answer["values"])
            for sha256 in answer["need"]:
                self.ask("load", seconds=_left(deadline), sha256=sha256, blob=models[sha256])
        raise RunnerError("crashed")  # it was replaced in between, twice

    def close(self) -> None:
        """End the child now, whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()

    def renew(self, *, seconds: float) -> None:
        """Have the next job done by a new child, once nobody waits for this one. Raises `RunnerError` busy."""
        if not self._lock.acquire(timeout=max(0.0, seconds)):
            raise RunnerError("busy")
        try:
            self.close()
        finally:
            self._lock.release()

    def forget(self) -> None:
        """After a fork: the child is the parent's. Only our copies of its pipes are closed, or it would outlive the parent."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
            process.returncode = 0  # not ours to wait for

    def _exchange(self, content: bytes, deadline: float) -> dict[str, Any]:
        try:
            return self._once(content, deadline)
        except _Idle:
            return self._once(content, deadline)  # it had gone to rest, and has read nothing of this
        except RunnerError:
            self.close()
            raise

    def _once(self, content: bytes, deadline: float) -> dict[str, Any]:
        process = self._running()
        try:
            _send(process, content, deadline)
            return dict(json.loads(_receive(process, frames.length(_receive(process, frames.LENGTH, deadline)), deadline)))
        except (BrokenPipeError, EOFError, ValueError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
            rested = process.returncode == IDLE_EXIT
            self.close()
            raise (_Idle() if rested else RunnerError("crashed")) from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-m", "recommender.evaluators.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=ENVIRON,
                start_new_session=True,
                bufsize=0,
            )
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
        return self._process


class _Idle(Exception):
    """The child had ended because nobody asked for long."""


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise RunnerError("timeout")
    return left


def _wait(fd: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(_left(deadline) * 1000):
        raise RunnerError("timeout")


def _send(process: subprocess.Popen[bytes], content: bytes, deadline: float) -> None:
    assert process.stdin is not None
    fd, rest = process.stdin.fileno(), memoryview(content)
    while rest:
        _wait(fd, select.POLLOUT, deadline)
        with contextlib.suppress(BlockingIOError):
            rest = rest[os.write(fd, rest[:_CHUNK]) :]


def _receive(process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    assert process.stdout is not None
    fd, parts = process.stdout.fileno(), bytearray()
    while len(parts) < size:
        _wait(fd, select.POLLIN, deadline)
        with contextlib.suppress(BlockingIOError):
            part = os.read(fd, min(size - len(parts), _CHUNK))
            if not part:
                raise EOFError
            parts += part
    return bytes(parts)


_kept = Runner()


def kept() -> Runner:
    """This process's own runner, for evaluations; a registration has one of its own."""
    return _kept


atexit.register(_kept.close)
os.register_at_fork(after_in_child=_kept.forget)
