"""A worker killed (kill -9) at each step of an evaluation: it comes to one end, with one entry; of a refusal at most one entry more.

Each attempt is a process of its own, killed at one of `aurora.crash`'s points; the next one comes when its lease has run out.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from aurora.journeys import evaluate
from aurora.twin.models import Evaluation
from recommender.models import EvaluatorVersion
from tests.support import patients
from tests.support.cast import Cast, Person
from tests.support.patients import HOSPITAL, asked, entries, left, row_of

State = Evaluation.State
WORKER = (
    "import sys, uuid, django; django.setup(); from aurora.journeys import evaluate; evaluate.run(evaluation_id=uuid.UUID(sys.argv[1]))"
)


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model() as found:
        yield found


def killed_at(point: str, evaluation_id: UUID) -> None:
    folder = Path(os.environ["AURORA_STATE_DIR"]) / "crash"
    folder.mkdir(exist_ok=True)
    (folder / point).touch()
    worker = subprocess.run(
        [sys.executable, "-c", WORKER, str(evaluation_id)],
        env={**os.environ, "AURORA_CRASH_POINTS": "1"},
        start_new_session=True,
        check=False,
    )
    assert worker.returncode == -signal.SIGKILL and not (folder / point).exists(), point


def test_killed_when_claimed_before_the_commit_and_after_it(new_person: Person, version: EvaluatorVersion) -> None:
    new_person.connect(HOSPITAL)
    waiting = asked(new_person, version)
    for attempt, point in enumerate(("evaluate.claimed", "evaluate.before_commit"), start=1):
        killed_at(point, waiting)
        row = row_of(new_person, waiting)
        assert (row.state, row.attempt, row.sealed, row.entry_id) == (State.RUNNING, attempt, None, None), point
        assert entries(new_person) == [], "nothing of it stands"
        left(new_person, waiting)
    killed_at("evaluate.after_commit", waiting)
    row = row_of(new_person, waiting)
    assert row.state == State.DONE and row.sealed is not None and [e.pk for e in entries(new_person)] == [row.entry_id]
    evaluate.run(evaluation_id=waiting)
    assert len(entries(new_person)) == 1, "the message that comes again does nothing"


def test_killed_between_a_refusal_s_entry_and_its_row(new_person: Person, version: EvaluatorVersion) -> None:
    waiting = asked(new_person, version)
    killed_at("evaluate.refused", waiting)
    assert row_of(new_person, waiting).state == State.RUNNING and len(entries(new_person)) == 1
    left(new_person, waiting)
    evaluate.run(evaluation_id=waiting)
    row, told = row_of(new_person, waiting), entries(new_person)
    assert row.state == State.REFUSED and len(told) == 2 and row.entry_id == told[-1].pk, "one true entry too many"
