"""A model that lost too many of its rows is followed by one that never saw them: trained, signed and judged by the worker, and waiting for two people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import reduce
from operator import getitem
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from aurora.journeys import model_operations, retrain, tasks, training_data
from aurora.journeys.model_operations import ModelNotMoved
from recommender.errors import ModelRefused
from recommender.facts import PROGRAMMES
from recommender.models import DatasetVersion, ModelVersion, Retraining
from recommender.monitoring.protect import Rounder
from recommender.registry import current, datasets, lifecycle, serving, trial
from recommender.registry.artefact import model_directory, read
from recommender.training import assemble, dataset, dataset_card, train
from recommender.training.households import extract_sha256
from recommender.training.rows import Row
from tests.support import models as made
from tests.support.cast import Cast

ROUNDER = Rounder(b"a key for tests!")


@pytest.fixture(autouse=True)
def quick(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three trees a programme, on the real extract; what is committed is taken away."""
    monkeypatch.setattr(train, "ROUNDS", 3)
    serving._opened.cache_clear()
    retrain._kept.clear()
    yield
    made.forget_all()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(retrain, "send", lambda task, *rows, **options: found.extend(str(row) for row in rows))
    return found


def due(model: ModelVersion | None = None) -> Retraining:
    because = model or made.champion(1, on=made.dataset(citizens=1))
    now = timezone.now()
    return Retraining.objects.create(because=because, forgotten=1, due_at=now, opened_at=now)


def test_the_sweep_finds_it_and_the_worker_makes_a_model_that_waits(sent: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    row = due()
    assert retrain.sweep(now=timezone.now()) == 1 and sent == [str(row.pk)]
    assert ModelVersion.objects.get(state="shipped").sha256 == current().version  # kept, for what it suggested
    retrain.run(retraining_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.code, row.attempt, row.lease_token) == ("done", "", 1, None) and row.made is not None
    new = row.made
    assert new.state == "evaluated" and new.trained_by is None and new.dataset is not None
    model_operations.verify(new)
    found = serving.artefact(new.sha256)
    assert found.metadata["dataset_sha256"] == found.metadata["dataset_version"] == new.dataset.sha256
    assert {"intervals", "fairness", "monitoring", "code_sha256", "metrics"} <= set(found.metadata)
    low, high = found.metadata["intervals"]["ndcg3"]
    assert low < found.metadata["metrics"]["ndcg3"] < high
    judged = new.evaluations.get()
    assert [g["name"] for g in judged.gates][:2] == ["households", "finite"] and judged.gates[1]["passed"]
    assert judged.champion_sha256 == row.because.sha256
    assert judged.gates[-1]["name"] == "feedback" and judged.gates[-1]["report"] == {"said": "nobody", "citizens": None}
    # Nothing more to do: another message, another sweep and another worker change nothing.
    retrain.run(retraining_id=row.pk)
    assert retrain.sweep(now=timezone.now()) == 0 and ModelVersion.objects.filter(trained_by=None, state="evaluated").count() == 1
    # Judged again by a command: three trees are worse than what ships, and the command says so.
    made.lifecycle_retire(row.because)
    with pytest.raises(CommandError, match="failed a gate"):
        call_command("evaluate", str(new.pk))
    assert "FAILED" in capsys.readouterr().out


def test_a_worker_that_died_is_followed_by_another_and_one_that_lives_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    row, now = due(), timezone.now()
    monkeypatch.setattr(retrain, "_made", lambda now: row.because)
    Retraining.objects.filter(pk=row.pk).update(state="running", lease_token=uuid4(), lease_until=now + timedelta(minutes=1), attempt=1)
    retrain.run(retraining_id=row.pk)
    assert Retraining.objects.get().state == "running"
    Retraining.objects.filter(pk=row.pk).update(lease_until=now - timedelta(seconds=1))
    retrain.run(retraining_id=row.pk)
    assert (Retraining.objects.get().state, Retraining.objects.get().attempt) == ("done", 2)
    retrain.run(retraining_id=uuid4())


def test_it_is_tried_again_later_and_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    row = due()

    def fails(now: object) -> ModelVersion:
        raise ModelNotMoved(ModelRefused("unavailable"))

    monkeypatch.setattr(retrain, "_made", fails)
    for attempt in range(1, retrain.MOST_ATTEMPTS + 1):
        Retraining.objects.filter(pk=row.pk).update(due_at=timezone.now())
        retrain.run(retraining_id=row.pk)
        row.refresh_from_db()
        assert (row.attempt, row.code) == (attempt, "unavailable")
    assert row.state == "failed" and row.finished_at is not None


def test_one_that_kills_every_worker_ends() -> None:
    row, past = due(), timezone.now() - timedelta(seconds=1)
    lost = {"state": "running", "lease_token": uuid4(), "lease_until": past, "attempt": retrain.MOST_ATTEMPTS}
    Retraining.objects.filter(pk=row.pk).update(**lost)
    retrain.run(retraining_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.code, row.lease_token, row.attempt) == ("failed", "worker_lost", None, retrain.MOST_ATTEMPTS)


def test_champion_challenger_and_shadow_that_lost_the_same_rows_open_one_retraining() -> None:
    rows = made.dataset(citizens=4)
    for seed, steps in ((1, 3), (2, 2), (3, 1)):
        model = made.evaluated(made.registered(seed, on=rows))
        for share in (0.0, 0.2, 0.0)[:steps]:
            made.moved(model, share=share)
    gone = [one.commitment for one in rows.consents.all()]
    datasets.forgotten(commitments=gone[:2], now=timezone.now(), share=0.05)
    one = Retraining.objects.get()
    Retraining.objects.update(state="done", finished_at=timezone.now())
    assert datasets.retrain_where_due(now=timezone.now(), share=0.05) == 0
    datasets.forgotten(commitments=gone[2:3], now=timezone.now(), share=0.05)
    assert Retraining.objects.exclude(pk=one.pk).get().forgotten == 3


def test_a_roll_back_to_a_model_that_is_marked_opens_another() -> None:
    """The model that was made in its place is gone; what had to follow from the withdrawals still has to."""
    rows, now = made.dataset(citizens=4), timezone.now()
    first = made.champion(1, on=rows)
    datasets.forgotten(commitments=[rows.consents.first().commitment], now=now, share=0.05)
    second = made.evaluated(made.registered(2))
    Retraining.objects.update(state="done", made=second, finished_at=now)
    for share in (0.0, 0.2, 0.0):  # waiting for two people, then in each place
        assert datasets.retrain_where_due(now=now, share=0.05) == 0
        made.moved(second, share=share)
    assert datasets.retrain_where_due(now=now, share=0.05) == 0
    assert lifecycle.rollback(by=made.ASKER, reason="worse", now=now) == first.sha256
    assert datasets.retrain_where_due(now=now + timedelta(seconds=1), share=0.05) == 1
    assert Retraining.objects.get(state="due").because == first
    assert datasets.retrain_where_due(now=now + timedelta(seconds=2), share=0.05) == 0


def test_a_dataset_is_collected_when_the_last_is_old_and_ten_allow_it(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    now, allowed = timezone.now(), [(uuid4(), uuid4()) for _ in range(10)]
    monkeypatch.setattr("aurora.twin.training.to_collect", lambda *, dataset_id, now, most: allowed[:most])
    monkeypatch.setattr(model_operations, "collect", lambda *, operator, now: made.dataset(now=now))
    first = retrain.collect_where_due(now=now)
    assert first is not None and retrain.collect_where_due(now=now + timedelta(days=29)) is None
    settings.AURORA_DATASET_EVERY = timedelta()
    assert retrain.collect_where_due(now=now + timedelta(days=31)) is None
    settings.AURORA_DATASET_EVERY = timedelta(days=30)
    assert retrain.collect_where_due(now=now + timedelta(days=31)) not in (None, first)
    allowed.pop()
    assert retrain.collect_where_due(now=now + timedelta(days=90)) is None
    assert django_settings.CELERY_BEAT_SCHEDULE["collect_dataset"]["task"] == tasks.collect_dataset.name


def test_the_commands_collect_train_and_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("dataset")
    assert "# Dataset card" in capsys.readouterr().out
    call_command("train")
    said = capsys.readouterr().out
    model = ModelVersion.objects.get(state="trained")
    assert model.sha256 in said and "# Model card" in said
    call_command("train", dataset=model.dataset_id)
    assert "had been registered before" in capsys.readouterr().out  # the same bytes of the same rows
    with pytest.raises(CommandError, match="dataset_unknown"):
        call_command("train", dataset=uuid4())
    with pytest.raises(CommandError, match="do not go together"):
        call_command("train", dataset=model.dataset_id, out="/nowhere")


def test_what_comes_out_like_the_shipped_model_is_the_shipped_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trained on nobody's rows it is the same bytes: promoted and retired, the list would say that what suggests is retired."""
    mine = training_data.begin(by=None, now=timezone.now())
    training_data.finish(dataset_id=mine.pk, now=timezone.now())
    monkeypatch.setattr(model_operations, "train_on", lambda *data, **how: read(model_directory()))
    done = model_operations.train(operator=None, dataset_id=mine.pk, now=timezone.now())
    assert not done.new and done.model.state == "shipped"
    with pytest.raises(ModelNotMoved, match="state"):
        model_operations.evaluate(operator=None, model_id=done.model.pk, now=timezone.now())


def row_of(number: int, **changed: object) -> Row:
    facts = {"population.person.age": 20 + number, "tax.income.wages": 1000 * number}
    values: dict[str, object] = {"facts": facts, "received": dict.fromkeys(PROGRAMMES, number % 2 == 0)}
    return Row(**{**values, **changed})  # type: ignore[arg-type]


def test_citizens_rows_join_the_extract_and_keep_to_their_side() -> None:
    extract = dataset.load()
    rows = [(row_of(n), n % 4 == 0) for n in range(8)] + [(row_of(9, received={"food_assistance": True}), False)]
    found = assemble.assemble(extract, rows, sha256="d" * 64)
    assert (found.used, len(found.data.rows), found.data.sha256) == (8, len(extract.rows) + 8, "d" * 64)
    _, same = dataset.split(len(extract.rows), train.SEED)
    theirs = [n for n in found.held_out.tolist() if n >= len(extract.rows)]
    assert theirs == [len(extract.rows), len(extract.rows) + 4] and set(same.tolist()) <= set(found.held_out.tolist())
    assert set(found.kept.tolist()).isdisjoint(found.held_out.tolist()) and len(found.people) == len(found.held_out)
    assert found.people[-1] == {"population.person.age": 24, "tax.income.wages": 4000}
    assert found.data.column("tax.income.wages")[-1] == 7000


def test_no_file_of_a_model_names_an_amount_or_a_count_of_those_it_learnt_from() -> None:
    """A model keeps the smallest and largest of each fact, and its thresholds lie half-way between two people's amounts."""
    extract = dataset.load()
    lone = {
        "population.person.age": 101,
        "tax.income.wages": 7_654_321,
        "tax.income.interest": 123_457,
        "tax.income.self_employment": -987_654,
    }
    rows = [(row_of(n, facts=lone, received=dict.fromkeys(PROGRAMMES, True)), n % 2 == 0) for n in range(400)]
    found, alone = (assemble.assemble(extract, some, sha256="d" * 64) for some in (rows, []))
    learnt = found.data.rows[found.open :]
    assert not np.isin(learnt, list(lone.values())).any() and np.nanmax(learnt[:, 1:]) < np.nanmax(extract.rows)
    assert found.data.column("tax.income.interest")[-1] == 123_000
    made, without = (
        trial.described(train.train_on(on.data, held_out=on.held_out, told=on.open), on, citizens=citizens, dataset_sha256="d" * 64)
        for on, citizens in ((found, 400), (alone, None))
    )
    assert made.sha256 != without.sha256
    for text in (*made.texts.values(), json.dumps(made.metadata)):
        assert not [amount for amount in lone.values() if amount != 101 and str(abs(amount)) in text]
    ranges = {line for text in made.texts.values() for line in text.splitlines() if line.startswith("feature_infos")}
    assert ranges == {line for text in without.texts.values() for line in text.splitlines() if line.startswith("feature_infos")}
    same = [
        ("split",),
        ("monitoring", "reference", "margins"),
        ("monitoring", "reference", "people"),
        ("metrics", "ndcg3_segment_popularity"),
    ]
    for path in same:
        assert reduce(getitem, path, made.metadata) == reduce(getitem, path, without.metadata)
    for programme, figures in made.metadata["metrics"]["programmes"].items():
        assert figures["taking_part"] == without.metadata["metrics"]["programmes"][programme]["taking_part"]


def test_without_citizens_it_is_the_extract() -> None:
    extract = dataset.load()
    found = assemble.assemble(extract, [], sha256="d" * 64)
    assert (found.data.rows is extract.rows, found.used) == (True, 0)


def test_too_few_rows_and_another_extract_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = made.dataset()
    with pytest.raises(ModelNotMoved) as caught:
        model_operations.train(operator=None, dataset_id=ready.pk, now=timezone.now())
    assert caught.value.code == "dataset_changed"  # its extract is not this code's
    mine = training_data.begin(by=None, now=timezone.now())
    assert mine.extract_sha256 == extract_sha256()
    training_data.finish(dataset_id=mine.pk, now=timezone.now())
    whole = dataset.load()
    few = dataset.Dataset(whole.rows[:40], whole.labels[:40], whole.sha256)
    monkeypatch.setattr(dataset, "load", lambda: few)
    with pytest.raises(ModelNotMoved) as caught:
        model_operations.train(operator=None, dataset_id=mine.pk, now=timezone.now())
    assert caught.value.code == "dataset_too_small" and not ModelVersion.objects.filter(dataset=mine).exists()


def test_rows_of_another_schema_stop_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = training_data.begin(by=None, now=timezone.now())
    monkeypatch.setattr("aurora.journeys.training_data.training.rows_of", lambda dataset_id: [(uuid4(), uuid4())])
    old = row_of(1).to_json().replace(b'"schema":1', b'"schema":0')
    from aurora.twin.training import Opened

    monkeypatch.setattr("aurora.journeys.training_data.training.opened", lambda citizen_id, row_id: Opened(old, False, "c" * 64))
    DatasetVersion.objects.filter(pk=mine.pk).update(state="ready", sha256="a" * 64, citizens=1, finished_at=timezone.now())
    with pytest.raises(ModelNotMoved) as caught:
        model_operations.train(operator=None, dataset_id=mine.pk, now=timezone.now())
    assert caught.value.code == "row_invalid"


def test_small_cells_are_suppressed_and_cannot_be_worked_out() -> None:
    told = datasets.suppressed(
        {"age": {"young": 3, "old": 40, "middle": 25}, "income": {"low": 2, "high": 4}, "family": {"single": 0, "couple": 11}}, ROUNDER
    )
    assert told == {
        "age": {"middle": None, "old": 40, "young": None},
        "income": {"high": None, "low": None},
        "family": {"couple": told["family"]["couple"], "single": 0},
    }
    assert told["family"]["couple"] in (10, 15)


def test_a_count_of_people_leaves_in_fives_and_none_is_as_silent_as_nine() -> None:
    def told(people: int, what: str = "citizens") -> int | None:
        return datasets.told(people, ROUNDER, what=what, dataset_id=UUID(int=7))

    assert {told(people) for people in range(10)} == {None}
    found = [told(people) for people in range(10, 90)]
    assert all(one is not None and one >= 10 and one % 5 == 0 for one in found)
    assert {(one or 0) - people for one, people in zip(found, range(10, 90), strict=True)} >= {-4, -3, -2, 2, 3, 4}, "up and down"
    assert found == [told(people) for people in range(10, 90)], "a count that stands still is told alike"


def test_a_card_tells_no_count_of_people_and_not_which_groups_have_few() -> None:
    """57 citizens and 58, one of them the only one of a group: nothing on the two cards says so."""
    found = DatasetVersion(pk=UUID(int=7), extract_sha256="e" * 64, row_schema=1, window_from=timezone.now(), window_until=timezone.now())

    def written(citizens: int, counts: dict[str, dict[str, int]]) -> str:
        people = datasets.told(citizens, ROUNDER, what="citizens", dataset_id=found.pk)
        return dataset_card.card(found, citizens=people, labelled=None, counts=datasets.suppressed(counts, ROUNDER))

    for citizens in (57, 58):
        [line] = re.findall(r"Rows of citizens \| (.*) \|", written(citizens, {}))
        assert int(line) in (55, 60)
    cards = [written(58, {"age": {"old": 40, "middle": 17, **one}}) for one in ({}, {"young": 1})]
    assert not any("young" in card for card in cards) and "| old | " in cards[0] and "fewer than 10, " not in cards[1]
    for nobody in (0, 9):
        assert "| Rows of citizens | fewer than 10 |\n| Of them with every label | not told |" in written(nobody, {})


def test_two_datasets_do_not_tell_who_left_between_them() -> None:
    """Rounded to the nearest, or not at all, one person fewer would show in each axis."""
    before = [datasets.suppressed({"age": {"young": 100 + n, "old": 203}}, ROUNDER)["age"] for n in range(60)]
    after = [datasets.suppressed({"age": {"young": 99 + n, "old": 203}}, ROUNDER)["age"] for n in range(60)]
    steps = [(a["young"] or 0) - (b["young"] or 0) for a, b in zip(after, before, strict=True)]
    assert all(count % 5 == 0 for one in before for count in one.values() if count) and {0, 5, -5} <= set(steps)
    # The group that nobody left moves as well: what moves says nothing.
    assert any(a["old"] != b["old"] for a, b in zip(after, before, strict=True))
