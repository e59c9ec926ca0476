"""A model suggests only past its gates and by two people, step by step; one person takes it back at once. The database holds it too."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error, connection, transaction

from recommender import artefacts
from recommender.errors import ArtefactError, ModelRefused
from recommender.models import DatasetConsent, DatasetVersion, ModelEvaluation, ModelMove, ModelVersion
from recommender.registry import current, lifecycle, serving
from tests.portal.at_once import in_thread
from tests.support import models as made


def refused(code: str) -> pytest.RaisesExc[ModelRefused]:
    return pytest.RaisesExc(ModelRefused, check=lambda e: e.code == code)


@pytest.fixture(autouse=True)
def rows(request) -> None:
    """In a transaction that is rolled back, but for tests of two connections."""
    request.getfixturevalue("committed" if "committed" in request.fixturenames else "db")
    serving._opened.cache_clear()


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield
        connection.close()
        made.forget_all()


def test_a_model_goes_all_the_way_and_suggests_as_it_goes() -> None:
    shipped = current().version
    model = made.registered(1)
    assert (model.state, serving.serving().champion.version) == ("trained", shipped)
    made.evaluated(model)
    assert made.moved(model).state == "shadow"
    found = serving.serving()
    assert found.shadow is not None and found.shadow.version == model.sha256
    assert found.challenger is None and found.chosen(0.0).version == shipped
    assert made.moved(model, share=0.25).state == "challenger"
    found = serving.serving()
    assert (found.chosen(0.2499).version, found.chosen(0.25).version) == (model.sha256, shipped)
    assert found.unit_salt == model.sha256 and found.shadow is None
    assert made.moved(model, share=0.5, change_share=True).share == 0.5
    assert made.moved(model).state == "champion"
    found = serving.serving()
    assert found.champion.version == model.sha256 and found.challenger is None and found.share == 0
    steps = list(ModelMove.objects.filter(model=model).order_by("asked_at", "decided_at").values_list("before", "after"))
    assert sorted(steps) == sorted(
        [("evaluated", "shadow"), ("shadow", "challenger"), ("challenger", "challenger"), ("challenger", "champion")]
    )


def test_one_select_tells_what_suggests(django_assert_num_queries) -> None:
    made.champion(1)
    serving.serving()
    with django_assert_num_queries(1):
        serving.serving()


@pytest.mark.parametrize("unit", [-0.1, 1.0, float("nan")])
def test_a_unit_that_is_none_is_refused(unit) -> None:
    with pytest.raises(ValueError, match="unit"):
        serving.serving().chosen(unit)


def test_a_new_champion_retires_the_old_one_and_a_roll_back_brings_it_back() -> None:
    first, second = made.champion(1), made.champion(2)
    first.refresh_from_db()
    assert (first.state, second.state) == ("retired", "champion")
    assert lifecycle.rollback(by=made.ASKER, reason="worse", now=made.NOW) == first.sha256
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("champion", "retired")
    assert serving.serving().champion.version == first.sha256
    # The one before the first is what came with the code; before that there is none.
    assert lifecycle.rollback(by=made.ASKER, reason="worse", now=made.NOW) == current().version
    assert serving.serving().champion is current()
    with refused("no_champion"):
        lifecycle.rollback(by=made.ASKER, reason="worse", now=made.NOW)


def test_one_person_does_not_promote_in_two_browsers() -> None:
    model = made.evaluated(made.registered(1))
    asked = lifecycle.ask(model_id=model.pk, by=made.ASKER, now=made.NOW)
    with refused("same_person"):
        lifecycle.agree(move_id=asked.pk, by=made.ASKER, now=made.NOW, verify=lambda found: None)
    with pytest.raises(Error), transaction.atomic():
        ModelMove.objects.filter(pk=asked.pk).update(state="agreed", decided_by=made.ASKER, decided_at=made.NOW)
    with refused("already_asked"):
        lifecycle.ask(model_id=model.pk, by=made.APPROVER, now=made.NOW)
    assert ModelVersion.objects.get(pk=model.pk).state == "evaluated"


def test_a_failed_gate_forbids_every_step_here_and_in_the_database() -> None:
    model = made.evaluated(made.registered(1), held=False)
    with refused("gates_failed"):
        lifecycle.ask(model_id=model.pk, by=made.ASKER, now=made.NOW)
    with pytest.raises(Error), transaction.atomic():
        ModelEvaluation.objects.create(
            model=model, champion_sha256="0" * 64, gates=[g.plain() for g in made.gates(held=False)], passed=True, at=made.NOW
        )
    for none in ([], [{"name": "champion"}]):
        with pytest.raises(Error), transaction.atomic():
            ModelEvaluation.objects.create(model=model, champion_sha256="0" * 64, gates=none, passed=True, at=made.NOW)
    move = ModelMove.objects.create(model=model, before="evaluated", after="shadow", asked_by=made.ASKER, asked_at=made.NOW)
    ModelMove.objects.filter(pk=move.pk).update(state="agreed", decided_by=made.APPROVER, decided_at=made.NOW)
    with pytest.raises(Error), transaction.atomic():
        ModelVersion.objects.filter(pk=model.pk).update(state="shadow", move=move)
    with refused("gates_failed"):
        lifecycle.agree(move_id=_asked_in_sql(model), by=made.APPROVER, now=made.NOW, verify=lambda found: None)


def _asked_in_sql(model):
    return ModelMove.objects.create(model=model, before="evaluated", after="shadow", asked_by=made.ASKER, asked_at=made.NOW).pk


def test_a_model_is_judged_against_the_champion_of_today() -> None:
    late = made.evaluated(made.registered(3))
    made.champion(1)
    with refused("not_evaluated"):
        lifecycle.ask(model_id=late.pk, by=made.ASKER, now=made.NOW)
    made.evaluated(late)
    assert lifecycle.ask(model_id=late.pk, by=made.ASKER, now=made.NOW).after == "shadow"
    never = made.registered(4)
    with refused("wrong_state"):
        lifecycle.ask(model_id=never.pk, by=made.ASKER, now=made.NOW)


@pytest.mark.parametrize("share", [0, -0.1, 0.51, 1, float("nan")])
def test_a_challenger_gets_a_share_that_is_one(share) -> None:
    model = made.moved(made.evaluated(made.registered(1)))
    with refused("share_wrong"):
        lifecycle.ask(model_id=model.pk, by=made.ASKER, now=made.NOW, share=share)


def test_a_place_that_is_taken_is_not_taken_over() -> None:
    made.moved(made.evaluated(made.registered(1)))
    other = made.evaluated(made.registered(2))
    asked = lifecycle.ask(model_id=other.pk, by=made.ASKER, now=made.NOW)
    with refused("place_taken"):
        lifecycle.agree(move_id=asked.pk, by=made.APPROVER, now=made.NOW, verify=lambda found: None)
    assert ModelMove.objects.get(pk=asked.pk).state == "asked"


def test_a_step_is_declined_or_taken_back_once() -> None:
    model = made.evaluated(made.registered(1))
    asked = lifecycle.ask(model_id=model.pk, by=made.ASKER, now=made.NOW)
    assert lifecycle.decline(move_id=asked.pk, by=made.ASKER, reason="no", now=made.NOW).state == "declined"
    with refused("wrong_state"):
        lifecycle.agree(move_id=asked.pk, by=made.APPROVER, now=made.NOW, verify=lambda found: None)
    with refused("wrong_state"):
        lifecycle.decline(move_id=asked.pk, by=made.APPROVER, reason="no", now=made.NOW)
    with refused("move_unknown"):
        lifecycle.decline(move_id=uuid4(), by=made.APPROVER, reason="no", now=made.NOW)


def test_a_retired_champion_leaves_the_shipped_model_and_does_not_come_back() -> None:
    model = made.champion(1)
    assert lifecycle.retire(model_id=model.pk, by=made.ASKER, reason="harm", now=made.NOW).state == "retired"
    assert serving.serving().champion is current()
    for act in (lambda: lifecycle.retire(model_id=model.pk, by=made.ASKER, reason="harm", now=made.NOW), lambda: made.evaluated(model)):
        with refused("wrong_state"):
            act()


def test_the_same_bytes_are_one_model() -> None:
    dataset = made.dataset()
    first = made.registered(1, on=dataset)
    again = lifecycle.register(
        found=made.tiny(1), dataset=dataset, code_commit="d" * 40, card="Another.", sign=lambda c: "x", by=made.APPROVER, now=made.NOW
    )
    assert (again.model, again.new) == (first, False)


def test_nothing_is_trained_on_a_dataset_that_is_not_ready() -> None:
    open_one = DatasetVersion.objects.create(
        row_schema=1, extract_sha256="e" * 64, window_from=made.NOW, window_until=made.NOW, started_at=made.NOW
    )
    with refused("dataset_not_ready"):
        made.registered(1, on=open_one)


@pytest.mark.parametrize("damage", ["changed", "exchanged", "gone"])
def test_a_damaged_or_exchanged_file_is_refused_and_the_shipped_model_suggests(damage) -> None:
    model, other = made.champion(1), made.registered(2)
    candidate = made.evaluated(other)
    asked = lifecycle.ask(model_id=candidate.pk, by=made.ASKER, now=made.NOW)
    for which in (model, other):
        name = artefacts.path(
            serving.FOLDER, which.files["food_assistance.txt" if "food_assistance.txt" in which.files else "food_assistance"]
        )
        content = default_storage.open(name).read()
        default_storage.delete(name)
        if damage == "changed":
            default_storage.save(name, ContentFile(content.replace(b"0", b"1", 1)))
        elif damage == "exchanged":
            swapped = artefacts.path(serving.FOLDER, (other if which is model else model).files["housing_assistance"])
            default_storage.save(name, ContentFile(default_storage.open(swapped).read()))
    serving._opened.cache_clear()
    with pytest.raises(ArtefactError):
        serving.ranker(model.sha256)
    found = serving.serving()
    assert found.champion is current() and found.troubles == (model.sha256,)
    with refused("artefact_damaged"):
        lifecycle.agree(move_id=asked.pk, by=made.APPROVER, now=made.NOW, verify=lambda found: None)


def test_an_unknown_model_is_none() -> None:
    with pytest.raises(ArtefactError):
        serving.ranker("0" * 64)


def test_metadata_that_is_not_what_was_registered_is_noticed() -> None:
    model = made.registered(1)
    better = {**model.metadata, "metrics": {"ndcg3": 0.99}}
    other = ModelVersion.objects.create(
        sha256=made.tiny(2).sha256, files=serving.keep(made.tiny(2)), metadata=better, metadata_sha256=model.metadata_sha256,
        dataset=model.dataset, card="", signature="x", trained_at=made.NOW,
    )  # fmt: skip
    with pytest.raises(ArtefactError):
        serving.artefact(other.sha256)


def test_the_database_lets_nothing_but_steps_happen() -> None:
    model, dataset = made.champion(1), DatasetVersion.objects.get()
    other = made.evaluated(made.registered(2))
    move = ModelMove.objects.filter(model=model).first()
    for rows, change in (
        (ModelVersion.objects.filter(pk=other.pk), {"state": "champion"}),
        (ModelVersion.objects.filter(pk=other.pk), {"state": "shadow", "move": move}),
        (ModelVersion.objects.filter(pk=model.pk), {"files": {}}),
        (ModelVersion.objects.filter(pk=model.pk), {"state": "retired"}),
        (ModelVersion.objects.filter(pk=model.pk), {"signature": "forged"}),
        (ModelEvaluation.objects.all(), {"passed": False}),
        (ModelMove.objects.filter(pk=move.pk), {"state": "declined"}),
        (ModelMove.objects.filter(pk=move.pk), {"asked_by": made.APPROVER}),
        (DatasetVersion.objects.filter(pk=dataset.pk), {"sha256": "0" * 64}),
        (DatasetVersion.objects.filter(pk=dataset.pk), {"state": "collecting"}),
    ):
        with pytest.raises(Error), transaction.atomic():
            rows.update(**change)
    for rows in (ModelVersion, ModelEvaluation, ModelMove, DatasetVersion):
        with pytest.raises(Error), transaction.atomic():
            rows.objects.all().delete()
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {rows._meta.db_table}")
    with pytest.raises(Error), transaction.atomic():
        ModelVersion.objects.create(
            sha256="9" * 64, files={}, metadata={}, metadata_sha256="", dataset=dataset, card="", signature="x", state="champion",
            trained_at=made.NOW,
        )  # fmt: skip


def test_what_a_dataset_rests_on_is_added_while_it_is_collected_and_only_forgotten() -> None:
    dataset = made.dataset(citizens=2)
    with pytest.raises(Error), transaction.atomic():
        DatasetConsent.objects.create(dataset=dataset, consent_id=uuid4(), commitment="1" * 64)
    one = dataset.consents.first()
    assert DatasetConsent.objects.filter(pk=one.pk).update(forgotten_at=made.NOW) == 1
    for change in ({"forgotten_at": None}, {"commitment": "2" * 64}):
        with pytest.raises(Error), transaction.atomic():
            DatasetConsent.objects.filter(pk=one.pk).update(**change)


def at_once(*acts):
    running = [in_thread(act) for act in acts]
    for thread, _ in running:
        thread.join(120)
        assert not thread.is_alive()
    return sorted(outcome[0] for _, outcome in running)


def test_of_two_promotions_at_once_one_takes_the_place(committed: None) -> None:
    first, second = made.evaluated(made.registered(1)), made.evaluated(made.registered(2))
    asked = [lifecycle.ask(model_id=m.pk, by=made.ASKER, now=made.NOW) for m in (first, second)]

    def agree(move):
        try:
            lifecycle.agree(move_id=move.pk, by=made.APPROVER, now=made.NOW, verify=lambda found: None)
            return "agreed"
        except ModelRefused as error:
            return error.code

    assert at_once(*(partial(agree, move) for move in asked)) == ["agreed", "place_taken"]
    assert ModelVersion.objects.filter(state="shadow").count() == 1


def test_of_two_who_agree_to_one_step_at_once_one_does(committed: None) -> None:
    model = made.evaluated(made.registered(1))
    move = lifecycle.ask(model_id=model.pk, by=made.ASKER, now=made.NOW)

    def agree(by):
        try:
            lifecycle.agree(move_id=move.pk, by=by, now=made.NOW, verify=lambda found: None)
            return "agreed"
        except ModelRefused as error:
            return error.code

    assert at_once(*(partial(agree, by) for by in (made.APPROVER, uuid4()))) == ["agreed", "wrong_state"]
