"""Citizens of whom the hospital has told Aurora, and its models, run as the worker runs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.utils import timezone

from aurora.identity import vault
from aurora.journeys import evaluate
from aurora.twin import rows as fact_rows
from aurora.twin import typed, write
from aurora.twin.models import Evaluation
from aurora.twin.sealing import marks_of
from aurora.twin.values import NewFact
from consent.ledger import queries as ledger
from consent.ledger.models import LedgerEntry
from consent.models import ConsentRecord
from consent.scope import citizen_scope
from recommender.evaluators import registry, run
from recommender.models import EvaluatorVersion
from tests.support import evaluators
from tests.support.cast import Person, services

HOSPITAL, SURGERY, PURPOSE = "hospital", "hospital.surgery", "surgery-risk"
STEWARD = UUID(int=7)


@contextmanager
def model(**changes: Any) -> Iterator[EvaluatorVersion]:
    """A released model of the hospital's under a name of its own; retired afterwards. Meanwhile it has the time that a busy machine needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "SECONDS", 300)
        yield from _released(changes)


def _released(changes: dict[str, Any]) -> Iterator[EvaluatorVersion]:
    version = evaluators.released(evaluators.document(identifier=f"hip-risk-{uuid4().hex[:12]}", **changes))
    yield version
    version.refresh_from_db()
    if version.state == EvaluatorVersion.State.RELEASED:
        retire(version)


def retire(version: EvaluatorVersion) -> None:
    registry.retire(version_id=version.pk, by=STEWARD, reason="The test is over.", now=timezone.now())


@contextmanager
def admin() -> Iterator[psycopg.Connection]:  # type: ignore[type-arg]
    """A superuser, who can undo what a trigger keeps."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as database:
        database.execute("SET session_replication_role = replica")
        yield database


def tell(person: Person, **facts: Any) -> None:
    """The hospital says this instead of what it said before. What fits no version of the category was written when another one did."""
    now, pull_id = timezone.now(), uuid4()
    new = [NewFact(SURGERY, 1, key, value, "reported", HOSPITAL, now, pull_id) for key, value in facts.items()]
    fitting = [fact for fact in new if typed.fits(SURGERY, 1, fact.key, fact.value)]
    with citizen_scope(person.id):
        write.write(citizen_id=person.id, facts=fitting, now=now, whole={(SURGERY, HOSPITAL)})
        if older := [fact for fact in new if fact not in fitting]:
            marks = marks_of(citizen_id=person.id, category=SURGERY, keys=[fact.key for fact in older])
            fact_rows.insert(citizen_id=person.id, pull_id=pull_id, facts=older, marks=marks, now=now)


def asked(person: Person, version: EvaluatorVersion) -> UUID:
    return evaluate.ask(citizen_id=person.id, evaluator_id=version.pk, now=timezone.now())


def evaluated(person: Person, version: EvaluatorVersion) -> Evaluation:
    """Asked for and run; the row."""
    evaluation_id = asked(person, version)
    evaluate.run(evaluation_id=evaluation_id)
    return row_of(person, evaluation_id)


def row_of(person: Person, evaluation_id: UUID) -> Evaluation:
    with citizen_scope(person.id):
        return Evaluation.objects.get(pk=evaluation_id)


def rows(person: Person) -> list[Evaluation]:
    with citizen_scope(person.id):
        return list(Evaluation.objects.filter(citizen_id=person.id))


def change(person: Person, evaluation_id: UUID, **values: Any) -> None:
    with citizen_scope(person.id):
        Evaluation.objects.filter(pk=evaluation_id).update(**values)


def left(person: Person, evaluation_id: UUID) -> None:
    """Its worker has died, some time ago."""
    change(person, evaluation_id, lease_until=timezone.now() - timedelta(seconds=1))


def entries(person: Person, *events: str) -> list[LedgerEntry]:
    return [e for e in person.entries() if e.event in (events or ("aurora:evaluation:made", "aurora:evaluation:refused"))]


def details(person: Person, entry: LedgerEntry) -> dict[str, Any]:
    """What the entry's sealed part says."""
    with citizen_scope(person.id):
        return dict(ledger.open_entry(entry, partial(vault.open_sealed, citizen_id=person.id)).details)


def consent_to(person: Person, purpose: str = PURPOSE) -> ConsentRecord:
    [found] = person.consents(state="given", purpose_id=purpose)
    return found
