"""An evaluation by another organisation's models, against the same models in the same process and one read of the twin.

The models are the sandbox hospital's, registered and released as in the demo. Both go through the door, which decides, logs and reads; the peer then
calls onnxruntime as a program of its own would: no limits, no other process, no check of what goes in or comes out.
"""

from __future__ import annotations

import os
import random
import secrets
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.contrib.auth import get_user_model
from django.utils import timezone

from aurora.identity import vault
from aurora.journeys import evaluate
from aurora.journeys._door import open_door
from aurora.sandbox.hospital import package, patients, training
from aurora.twin import evaluations, write
from aurora.twin.values import NewFact
from bench.harness import Lap, Scale, column, interleave
from bench.place import Place
from bench.results import Results
from bench.world import notice_of, vocabulary
from consent import services
from consent.ledger.events import Event
from consent.models import Agency
from consent.queries import current_categories
from consent.rules import AURORA, AccessRequest
from consent.scope import citizen_scope
from recommender.evaluators import artefacts, registry, run
from recommender.models import EvaluatorVersion

HOSPITAL, CATEGORY, PURPOSE = "hospital", "hospital.surgery", "surgery-risk"


@dataclass(frozen=True, slots=True)
class Case:
    """A citizen with all facts that the models need."""

    citizen_id: UUID


def measure(results: Results, place: Place, scale: Scale) -> None:
    vocabulary()
    people = patients.make(scale.pick(patients.NUMBER, 2000))
    version = _released(people)
    # Rows that the models take: the hospital's ranges are wider than what it invents.
    cases = [_case(package.facts_of(row)) for row in people.inputs[: scale.pick(100, 5)]]
    bare = _bare(version)
    laps = interleave(
        {
            "ours": lambda: _each(lambda case: _through_door(case, lambda facts: _answered(run.evaluate(version, facts))), cases),
            "bare": lambda: _each(lambda case: _through_door(case, bare), cases),
            "whole": lambda: _whole(version, cases),
        },
        rounds=scale.rounds,
    )
    results.ratio("evaluator_ratio", column(laps["ours"], "ms"), column(laps["bare"], "ms"), "ms")
    results.ratio("evaluator_whole_ratio", column(laps["whole"], "ms"), column(laps["bare"], "ms"), "ms")


def _released(people: patients.Patients) -> EvaluatorVersion:
    """Registered with all its checks, and released by two."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    one, two, now = uuid4(), uuid4(), timezone.now()
    asked = registry.ask_owner(agency=HOSPITAL, public_key=public, by=one, now=now)
    registry.approve_owner(owner_id=asked.pk, by=two, now=now)
    contents = package.files(people, training.train(people), version=1)
    version = registry.register(owner=HOSPITAL, package=package.zipped(contents), signature=package.signed(contents, private), now=now)
    registry.ask_release(version_id=version.pk, by=one, now=now)
    return registry.release(version_id=version.pk, by=two, now=now).version


def _case(facts: dict[str, Any]) -> Case:
    citizen_id, now = uuid4(), timezone.now()
    hospital = Agency.objects.get(code=HOSPITAL)
    category = current_categories([CATEGORY])[0]
    with citizen_scope(citizen_id):
        get_user_model().objects.create(
            id=citizen_id, subject_hmac=secrets.token_bytes(32), national_id_sealed=b"-", name_sealed=b"-", created_at=now
        )
        vault.create_key(citizen_id=citizen_id)
        kept = [
            NewFact(CATEGORY, category.version, name.rpartition(".")[2], value, "reported", HOSPITAL, now) for name, value in facts.items()
        ]
        write.write(citizen_id=citizen_id, facts=kept, now=now)
        services.give(
            citizen_id=citizen_id,
            recipient=Agency.objects.get(code=AURORA),
            source=hospital,
            purpose=PURPOSE,
            categories=[CATEGORY],
            notice=notice_of(PURPOSE, CATEGORY),
            until=now.date() + timedelta(days=30),
            now=now,
        )
    return Case(citizen_id)


def _through_door(case: Case, work: Callable[[dict[str, Any]], Sequence[float]]) -> None:
    request = AccessRequest(case.citizen_id, AURORA, PURPOSE, frozenset({CATEGORY}))
    with open_door(request, granted=Event.EVALUATION_MADE, refused=Event.EVALUATION_REFUSED, now=timezone.now()) as opened:
        if len(work({f.name: f.value for f in opened.facts})) != 3:
            raise RuntimeError("not three answers")


def _answered(result: run.Result | run.NotApplicable) -> Sequence[float]:
    if isinstance(result, run.NotApplicable):
        raise RuntimeError("a case that does not fit was measured")
    return list(result.values.values())


def _bare(version: EvaluatorVersion) -> Callable[[dict[str, Any]], Sequence[float]]:
    """onnxruntime with its defaults, but for threads, since one row gives them nothing to do, and for its reports to its maker."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    contract = version.contract
    sessions = [
        (onnxruntime.InferenceSession(artefacts.load(version.files[o.model]), options, providers=["CPUExecutionProvider"]), o)
        for o in contract.outputs
    ]

    def answer(facts: dict[str, Any]) -> Sequence[float]:
        row = np.array([[float(i.values.get(facts[i.fact], facts[i.fact])) for i in contract.inputs]], dtype=np.float32)
        return [float(session.run([o.tensor], {"input": row})[0][0, o.column]) for session, o in sessions]

    return answer


def _each(action: Callable[[Case], None], cases: Sequence[Case]) -> Lap:
    """The median case's milliseconds."""
    return {"ms": statistics.median([_timed(lambda case=case: action(case)) for case in random.sample(cases, len(cases))]) * 1000}


def _whole(version: EvaluatorVersion, cases: Sequence[Case]) -> Lap:
    """What the worker does for one message: claim, door, models, outcome sealed, row ended. The row is made before the clock starts."""
    times = []
    for case in random.sample(cases, len(cases)):
        with citizen_scope(case.citizen_id):
            found, _ = evaluations.enqueue(
                citizen_id=case.citizen_id, evaluator_id=version.pk, purpose=PURPOSE, categories=[CATEGORY], now=timezone.now()
            )
        times.append(_timed(lambda found=found: evaluate.run(evaluation_id=found)))
        with citizen_scope(case.citizen_id):
            if evaluations.newest(citizen_id=case.citizen_id, evaluator_ids=[version.pk])[version.pk].state != "done":
                raise RuntimeError("an evaluation did not come to an end")
    return {"ms": statistics.median(times) * 1000}


def _timed(action: Callable[[], None]) -> float:
    begun = perf_counter()
    action()
    return perf_counter() - begun
