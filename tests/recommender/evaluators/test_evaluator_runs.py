"""Models run in a process of their own: bounded, replaced when they misbehave, gone when their parent is."""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from recommender.errors import EvaluatorFailed, EvaluatorRefused
from recommender.evaluators import artefacts, child, examine, run, runner
from recommender.evaluators.contract import parse as parse_contract
from recommender.evaluators.fit import NotApplicable, Unfit
from recommender.evaluators.runner import Runner, RunnerError
from recommender.evaluators.vectors import parse as parse_vectors
from tests.support import evaluators as owner

Refused = Callable[[str], pytest.RaisesExc[EvaluatorRefused]]
ROOT = Path(__file__).resolve().parents[3]
ROW = [67.0, 0.0, 1.0]


@pytest.fixture(scope="module")
def one() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.close()


def ask(runner: Runner, content: bytes, row: list[float] = ROW, *, seconds: float = 60) -> float:
    sha256 = hashlib.sha256(content).hexdigest()
    return runner.load_and_run(
        rows=[row], asks=[{"sha256": sha256, "tensor": "risk", "column": 0}], models={sha256: content}, seconds=seconds
    )[0][0]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def unread(runner: Runner) -> int:
    """Bytes that lie in the pipe to the child."""
    assert runner._process is not None and runner._process.stdin is not None
    return int.from_bytes(fcntl.ioctl(runner._process.stdin, termios.FIONREAD, b"\0" * 4), sys.byteorder)


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_a_model_answers_as_it_must_each_time_in_the_same_process(one: Runner) -> None:
    first = ask(one, owner.model())
    pid = one.pid
    assert first == pytest.approx(owner.answer(owner.FIT), abs=1e-6)
    assert ask(one, owner.model()) == first
    assert ask(one, owner.model(bias=-3)) == pytest.approx(owner.answer(owner.FIT, bias=-3), abs=1e-6)
    assert one.pid == pid
    other = Runner()
    assert ask(other, owner.model()) == first  # bit for bit in another process
    assert other.pid != pid
    other.close()


def test_the_process_is_bounded_and_has_no_secret(one: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "sekrit")
    fresh = Runner()
    ask(fresh, owner.model())
    at = Path(f"/proc/{fresh.pid}")
    limits = {line[:26].strip(): line[26:].split()[:2] for line in (at / "limits").read_text().splitlines()}
    assert limits["Max address space"] == [str(child.MEMORY)] * 2
    assert limits["Max open files"] == [str(child.OPEN_FILES)] * 2
    assert limits["Max file size"] == limits["Max core file size"] == limits["Max processes"] == ["0", "0"]
    assert int(limits["Max cpu time"][0]) <= 70
    environ = dict(line.split("=", 1) for line in (at / "environ").read_text().split("\0") if line)
    assert environ == runner.ENVIRON
    assert os.getsid(fresh.pid or 0) == fresh.pid
    assert os.readlink(at / "cwd") == "/"
    # Else onnxruntime's reporter, with a socket and a file of its own.
    assert len(list((at / "task").iterdir())) == 1
    opened = {os.readlink(f) for f in (at / "fd").iterdir()}
    assert all(name.startswith(("pipe:", "/dev/", "anon_inode:")) for name in opened), opened
    fresh.close()
    assert fresh.pid is None


def test_libraries_are_loaded_in_the_child_only() -> None:
    """Web processes and workers stay as small as they were."""
    code = """
import sys, django
django.setup()
from recommender.evaluators import registry, run
print([m for m in ("onnx", "onnxruntime", "model_signing", "sigstore", "xgboost", "sklearn", "lightgbm") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_who_is_late_is_killed_and_replaced(one: Runner) -> None:
    ask(one, owner.model())
    late = one.pid
    os.kill(late or 0, signal.SIGSTOP)  # it hangs
    with pytest.raises(RunnerError, check=lambda e: e.code == "timeout"):
        ask(one, owner.model(), seconds=0.2)
    assert ended(late or 0)
    assert ask(one, owner.model()) == pytest.approx(owner.answer(owner.FIT), abs=1e-6)
    assert one.pid != late


def test_who_dies_is_replaced(one: Runner) -> None:
    ask(one, owner.model())
    os.kill(one.pid or 0, signal.SIGKILL)
    until(lambda: one._process is not None and one._process.poll() is not None)
    assert ask(one, owner.model()) == pytest.approx(owner.answer(owner.FIT), abs=1e-6)


def test_who_dies_at_work_is_told_of_and_replaced(one: Runner) -> None:
    ask(one, owner.model())
    pid = one.pid or 0
    os.kill(pid, signal.SIGSTOP)
    errors: list[str] = []

    def work() -> None:
        try:
            ask(one, owner.model())
        except RunnerError as error:
            errors.append(error.code)

    thread = threading.Thread(target=work)
    thread.start()
    # Not the lock alone: whoever dies before the job is sent is replaced before anybody notices.
    until(lambda: unread(one) > 0)
    os.kill(pid, signal.SIGKILL)
    thread.join()
    assert errors == ["crashed"]
    assert ask(one, owner.model()) == pytest.approx(owner.answer(owner.FIT), abs=1e-6)


def test_who_rests_is_woken_by_another(one: Runner) -> None:
    """A child that ended for want of work between two questions: nobody notices."""

    class Resting(Runner):
        def _running(self) -> Any:
            process = super()._running()
            if not hasattr(self, "rested"):
                self.rested = process.pid
                process.kill()
                process.wait()
                process.returncode = child.IDLE_EXIT
            return process

    made = Resting()
    assert ask(made, owner.model()) == pytest.approx(owner.answer(owner.FIT), abs=1e-6)
    assert made.pid != made.rested
    made.close()


def test_a_child_goes_to_rest_by_itself() -> None:
    code = "from recommender.evaluators import child; child.IDLE_SECONDS = 0.01; raise SystemExit(child.main())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdin=(pipe := os.pipe())[0], stdout=subprocess.PIPE, timeout=60)
    for end in pipe:
        os.close(end)
    assert done.returncode == child.IDLE_EXIT


def test_a_busy_runner_says_so(one: Runner) -> None:
    with one._lock, pytest.raises(RunnerError, check=lambda e: e.code == "busy"):
        one.ask("ping", seconds=0.05)


def test_the_child_ends_with_its_parent() -> None:
    code = "import os; from recommender.evaluators.runner import kept; kept().ask('ping', seconds=60); print(kept().pid, flush=True); os.kill(os.getpid(), 9)"
    parent = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert parent.returncode == -signal.SIGKILL
    until(lambda: ended(int(parent.stdout)))


def test_a_forked_process_has_a_child_of_its_own_and_leaves_the_others_alone() -> None:
    """As in Celery's pool."""
    code = """
import os, sys
from recommender.evaluators.runner import kept
first = kept().ask("ping", seconds=60)["pid"]
pid = os.fork()
if pid == 0:
    assert kept().pid is None
    second = kept().ask("ping", seconds=60)["pid"]
    kept().close()
    os._exit(0 if second != first else 1)
assert os.waitpid(pid, 0)[1] == 0
assert kept().ask("ping", seconds=60)["pid"] == first
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_processor_time_is_limited_for_each_job() -> None:
    """A child that computes for ever ends even if nobody is left to kill it."""
    code = "from recommender.evaluators import child; child.limit(); child._time_for(0)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120)
    assert done.returncode == -signal.SIGXCPU


def test_a_file_that_is_not_the_one_is_not_loaded(one: Runner, refused: Refused) -> None:
    with refused("artefact_damaged"):
        one.ask("load", seconds=30, sha256="0" * 64, blob=owner.model())


def table(tall: int, wide: int) -> bytes:
    """Two vectors of weights, multiplied to a table of so many bytes times four: 0, and the answer is one half."""
    from onnx import TensorProto, helper

    def weights(name: str, shape: list[int]) -> Any:
        return helper.make_tensor(name, TensorProto.FLOAT, shape, bytes(4 * max(shape)), raw=True)

    nodes = [
        helper.make_node("MatMul", ["tall", "wide"], ["huge"]),
        helper.make_node("ReduceMax", ["huge"], ["most"], keepdims=0),
        helper.make_node("ReduceMax", ["x"], ["own"], axes=[1]),
        helper.make_node("Mul", ["own", "most"], ["none"]),
        helper.make_node("Sigmoid", ["none"], ["risk"]),
    ]
    graph = helper.make_graph(
        nodes,
        "huge",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("risk", TensorProto.FLOAT, [None, 1])],
        [weights("tall", [tall, 1]), weights("wide", [1, wide])],
    )
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())


def test_a_model_that_wants_more_memory_than_there_is_fails(one: Runner, refused: Refused) -> None:
    content = table(200_000, 200_000)
    one.ask("inspect", seconds=60, blob=content, width=3, asks=[{"tensor": "risk", "column": 0}])
    with refused("model_fails"):
        ask(one, content)
    assert ask(one, owner.model()) == pytest.approx(owner.answer(owner.FIT), abs=1e-6)


def test_what_a_model_took_is_given_back(one: Runner) -> None:
    ask(one, owner.model())
    before = address_space(one.pid)
    assert ask(one, table(5_000, 5_000)) == 0.5  # 100 MB
    assert address_space(one.pid) < before + 50_000_000


def address_space(pid: int | None) -> int:
    """Bytes, as the limit counts them."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    "change",
    [{"nodes_truenodeids": [0, 0, 0]}, {"nodes_featureids": [10**9, 0, 0]}, {"class_nodeids": [1, 99]}],
    ids=["cycle", "column", "leaf"],
)
def test_a_tree_that_leads_nowhere_fails_and_hurts_nobody(one: Runner, change: dict[str, list[int]], refused: Refused) -> None:
    with refused("model_fails"):
        ask(one, tree(**change))
    assert ask(one, tree(), [-1.0, 0.0, 0.0]) == 0.25


def tree(**changes: list[int]) -> bytes:
    """One question: the first column at most 0, then 0.25, else 0.75."""
    from onnx import TensorProto, helper

    nodes = {
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "nodes_featureids": [0, 0, 0],
        "class_nodeids": [1, 2],
        **changes,
    }
    made = helper.make_node(
        "TreeEnsembleClassifier",
        ["x"],
        ["label", "both"],
        domain="ai.onnx.ml",
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_values=[0.0, 0.0, 0.0],
        nodes_hitrates=[1.0, 1.0, 1.0],
        nodes_missing_value_tracks_true=[0, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        class_treeids=[0, 0],
        class_ids=[0, 0],
        class_weights=[0.25, 0.75],
        classlabels_int64s=[0, 1],
        post_transform="NONE",
        **nodes,
    )
    ends = [helper.make_node("ArrayFeatureExtractor", ["both", "second"], ["risk"], domain="ai.onnx.ml")]
    graph = helper.make_graph(
        [made, *ends],
        "tree",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("risk", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("second", TensorProto.INT64, [1], [1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


CONTRACT = parse_contract(json.dumps(owner.document()).encode())[0]


@pytest.mark.parametrize(
    ("code", "model"),
    [
        ("model_not_finite", owner.model(bias=1000, ends=["Exp"])),
        ("model_not_finite", owner.model(ends=["Neg", "Sqrt", "Sigmoid"], bias=4)),
        ("model_out_of_bounds", owner.model(ends=["Identity"])),
        ("vectors_differ", owner.model(bias=owner.BIAS + 0.001)),
        ("model_fails", b"no model"),
    ],
    ids=["infinite", "nan", "bounds", "another", "none"],
)
def test_a_model_that_answers_wrongly_is_refused(code: str, model: bytes, refused: Refused) -> None:
    wanted = parse_vectors(json.dumps(owner.vectors()).encode(), CONTRACT)
    with refused(code):
        examine.vectors(CONTRACT, wanted, {"models/infection.onnx": model}, {"models/infection.onnx": hashlib.sha256(model).hexdigest()})


def test_each_output_is_taken_from_its_model_tensor_and_column() -> None:
    other = (0.01, 0.1, 0.2), -2.0
    outputs = [owner.output(), owner.output(code="death", model="models/death.onnx")]
    contract = parse_contract(json.dumps(owner.document(outputs=outputs)).encode())[0]
    wanted = parse_vectors(json.dumps(owner.vectors(infection=(owner.WEIGHTS, owner.BIAS), death=other)).encode(), contract)
    models = {"models/infection.onnx": owner.model(), "models/death.onnx": owner.model(weights=other[0], bias=other[1])}
    assert examine.vectors(contract, wanted, models, {n: hashlib.sha256(m).hexdigest() for n, m in models.items()}) < 1e-6


@pytest.mark.django_db
class TestEvaluate:
    def test_facts_give_a_probability_and_the_same_bits_again(self) -> None:
        version = owner.released()
        first = run.evaluate(version, owner.FIT)
        again = run.evaluate(type(version).objects.get(pk=version.pk), {**owner.FIT, "tax.income.wages": 5})
        assert isinstance(first, run.Result)
        assert first == again
        assert first.values["infection"] == pytest.approx(owner.answer(owner.FIT), abs=1e-6)
        assert str(first.values["infection"]) not in repr(first)

    def test_what_does_not_fit_is_answered_without_a_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        version = owner.released()
        monkeypatch.setattr(runner, "_kept", None)
        found = run.evaluate(version, {**owner.FIT, "hospital.surgery.age": 101, "hospital.surgery.sex": None})
        assert found == NotApplicable((Unfit("hospital.surgery.age", "out_of_range"), Unfit("hospital.surgery.sex", "missing")))

    @pytest.mark.parametrize(
        ("code", "model"),
        [
            ("model_not_finite", owner.model(bias=1000, ends=["Exp"])),
            ("model_out_of_bounds", owner.model(ends=["Identity"], bias=4)),
            ("model_fails", b"no model"),
            ("model_fails", owner.model(weights=(1, 2, 3, 4))),
        ],
        ids=["infinite", "bounds", "none", "width"],
    )
    def test_a_wrong_answer_is_no_answer(self, code: str, model: bytes) -> None:
        version = owner.released(models={"models/infection.onnx": model})
        with pytest.raises(EvaluatorFailed) as caught:
            run.evaluate(version, owner.FIT)
        assert (caught.value.code, caught.value.retryable) == (code, False)

    def test_a_file_that_was_changed_or_lost_is_not_run(self) -> None:
        version = owner.released(models={"models/infection.onnx": owner.model(bias=-3.5)})
        default_storage.delete(artefacts.path(version.files["models/infection.onnx"]))
        with pytest.raises(EvaluatorFailed, check=lambda e: e.code == "artefact_damaged"):
            run.evaluate(version, owner.FIT)

    def test_a_storage_that_does_not_answer_may_be_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        version = owner.released(models={"models/infection.onnx": owner.model(bias=-3.25)})

        def away(*args: object) -> None:
            raise TimeoutError

        with monkeypatch.context() as patch:
            patch.setattr(default_storage, "open", away)
            with pytest.raises(EvaluatorFailed) as caught:
                run.evaluate(version, owner.FIT)
        assert (caught.value.code, caught.value.retryable) == ("unavailable", True)
        assert isinstance(run.evaluate(version, owner.FIT), run.Result)

    def test_what_others_left_of_the_memory_is_not_a_models_fault(self) -> None:
        version = owner.released(models={"models/infection.onnx": table(5_000, 5_000)})
        run.evaluate(version, owner.FIT)
        pid = runner.kept().pid or 0
        resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid) + 50_000_000, child.MEMORY))  # half of what it needs
        result = run.evaluate(version, owner.FIT)
        assert isinstance(result, run.Result)
        assert (dict(result.values), ended(pid)) == ({"infection": 0.5}, True)

    def test_a_process_that_hangs_may_be_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        version = owner.released()
        run.evaluate(version, owner.FIT)
        os.kill(runner.kept().pid or 0, signal.SIGSTOP)
        monkeypatch.setattr(run, "SECONDS", 0.2)
        with pytest.raises(EvaluatorFailed) as caught:
            run.evaluate(version, owner.FIT)
        assert (caught.value.code, caught.value.retryable) == ("timeout", True)
        monkeypatch.undo()
        result = run.evaluate(version, owner.FIT)
        assert isinstance(result, run.Result)
        assert math.isfinite(result.values["infection"])
