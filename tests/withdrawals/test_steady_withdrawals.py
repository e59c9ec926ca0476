"""Somebody withdraws at each step of a retraining: a model comes of it all the same, and whoever went is in no later dataset and marks what learnt from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from aurora.journeys import model_operations, retrain, training_data, withdraw
from aurora.twin import training
from recommender.models import ModelVersion, Retraining
from recommender.registry import datasets, serving
from recommender.training import train
from tests.support import models as made
from tests.support.cast import Cast
from tests.withdrawals.test_training_forgets import allowed, collected, earning


@pytest.fixture(autouse=True)
def quick(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(train, "ROUNDS", 3)
    serving._opened.cache_clear()
    retrain._kept.clear()
    yield
    for person in (cast.aino, cast.cecilia):
        for consent in person.consents(purpose_id=training.PURPOSE, state="given"):
            withdraw.end(citizen_id=person.id, consent_id=consent.pk, now=timezone.now())
    made.forget_all()


def before_and_after(monkeypatch: pytest.MonkeyPatch, step: str, do: Callable[[], None]) -> None:
    """`do` happens just after the step, or in the middle of it."""
    module: Any = training_data if hasattr(training_data, step) else model_operations
    real = getattr(module, step)

    def then(*args: Any, **named: Any) -> Any:
        told = real(*args, **named)
        do()
        return told

    monkeypatch.setattr(module, step, then)


@pytest.mark.parametrize(
    ("step", "rows", "marked"),
    [("collect", 1, 0), ("finished", 2, 1), ("_assembled", 2, 1), ("train_on", 2, 1), ("_trained", 2, 1)],
)
def test_a_withdrawal_at_any_step_lets_the_retraining_through(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, step: str, rows: int, marked: int
) -> None:
    consents = []
    for person in (cast.aino, cast.cecilia):
        earning(person)
        consents.append(allowed(person))
    gone: list[bool] = []

    def withdraws() -> None:
        if not gone:
            gone.append(True)
            withdraw.end(citizen_id=cast.cecilia.id, consent_id=consents[1].pk, now=timezone.now())

    before_and_after(monkeypatch, step, withdraws)
    now = timezone.now()
    row = Retraining.objects.create(because=made.champion(1, on=made.dataset(citizens=1)), forgotten=1, due_at=now, opened_at=now)
    retrain.run(retraining_id=row.pk)
    row.refresh_from_db()
    assert gone and (row.state, row.code, row.attempt) == ("done", "", 1) and row.made is not None
    new, dataset = row.made, row.made.dataset
    assert new.state == ModelVersion.State.EVALUATED and dataset is not None and new.evaluations.count() == 1
    model_operations.verify(new)
    # Its hash is over just the rows that were learnt from, and who left after that marks the model.
    assert dataset.citizens == rows and datasets.forgotten_by([new]) == {new.pk: marked}
    learnt = [one.commitment for one in dataset.consents.all() if marked or one.forgotten_at is None]
    assert dataset.sha256 == datasets.sha256_of(row_schema=dataset.row_schema, extract_sha256=dataset.extract_sha256, commitments=learnt)
    after = collected()
    assert after.citizens == 1 and len(list(training_data.rows(after.pk))) == 1


def test_a_command_trains_on_no_dataset_that_has_lost_a_row_but_judges_what_is_there(cast: Cast) -> None:
    earning(cast.cecilia)
    consent = allowed(cast.cecilia)
    dataset = collected()
    model = model_operations.train(operator=None, dataset_id=dataset.pk, now=timezone.now()).model
    withdraw.end(citizen_id=cast.cecilia.id, consent_id=consent.pk, now=timezone.now())
    with pytest.raises(model_operations.ModelNotMoved) as caught:
        model_operations.train(operator=None, dataset_id=dataset.pk, now=timezone.now())
    assert caught.value.code == "dataset_changed"
    judged = model_operations.evaluate(operator=None, model_id=model.pk, now=timezone.now())
    assert judged.gates and datasets.forgotten_by([model]) == {model.pk: 1}
