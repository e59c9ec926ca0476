"""Training is a purpose of its own, and what was copied for it goes with the consent: the next training set forgets."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import ProgrammingError
from django.utils import timezone

from aurora.identity.vault import VaultClosed
from aurora.journeys import allow_training, own_data, tasks, training_data, withdraw
from aurora.journeys.allow_training import Allowed
from aurora.twin import feedback, suggestions, training, write
from aurora.twin.models import TrainingRow
from aurora.twin.values import NewFact
from consent import days
from consent.models import ConsentRecord
from consent.rules import latest_end
from consent.scope import citizen_scope
from recommender.errors import ModelRefused
from recommender.models import DatasetVersion, Retraining
from recommender.registry import datasets
from recommender.training.rows import Row
from tests.support import models as made
from tests.support.cast import TAX, Cast, Person, services

WAGES = 7_654_321  # nobody else's
INCOME, DEDUCTIONS = "tax.income", "tax.deductions"


@pytest.fixture(autouse=True)
def nothing_left(cast: Cast) -> Iterator[None]:
    yield
    for person in (cast.aino, cast.cecilia):
        for consent in person.consents(purpose_id=training.PURPOSE, state="given"):
            withdraw.end(citizen_id=person.id, consent_id=consent.pk, now=timezone.now())
    made.forget_all()


def allowed(person: Person, *categories: str) -> ConsentRecord:
    shown = allow_training.offer(citizen_id=person.id, language="en", today=days.today())
    chosen = Allowed(tuple(sorted(categories or (INCOME, DEDUCTIONS))), latest_end(days.today()))
    return allow_training.allow(citizen_id=person.id, shown=shown, token=shown.token, allowed=chosen, now=timezone.now())


def earning(person: Person, wages: int = WAGES) -> None:
    person.connect(TAX)
    now = timezone.now()
    with citizen_scope(person.id):
        write.write(citizen_id=person.id, facts=[NewFact(INCOME, 1, "wages", wages, "reported", TAX, now, uuid4())], now=now)


def collected() -> DatasetVersion:
    now = timezone.now()
    dataset = training_data.begin(by=None, now=now)
    training_data.collect(dataset_id=dataset.pk, now=now)
    return training_data.finish(dataset_id=dataset.pk, now=now)


def found_in(dataset: DatasetVersion) -> list[Row]:
    return [row for row in training_data.rows(dataset.pk) if row.facts.get(f"{INCOME}.wages") == WAGES]


def tables_with(text: str) -> list[str]:
    """Every table in which a superuser reads it. Where it is part of a longer hexadecimal number, a key or a digest, chance has put it there."""
    alone = rf"(^|[^0-9a-f]){re.escape(text)}($|[^0-9a-f])"
    with psycopg.connect(services().admin_url or "") as admin:
        tables = admin.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        return [t for (t,) in tables if admin.execute(f"SELECT 1 FROM {t} r WHERE r::text ~ %s LIMIT 1", [alone]).fetchone()]


def files_with(text: str) -> list[Path]:
    """Likewise. A model's text is full of fractions, among whose digits chance puts it too."""
    folder, alone = Path(default_storage.location), re.compile(rb"(?<![0-9a-f.])" + text.encode() + rb"(?![0-9a-f])")
    return [path for path in folder.rglob("*") if path.is_file() and alone.search(path.read_bytes())]


def test_a_withdrawal_makes_the_next_training_set_forget(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cecilia = cast.cecilia
    before = len(cecilia.entries())  # of other tests
    earning(cecilia)
    consent = allowed(cecilia)
    first = collected()
    assert len(found_in(first)) == 1 and first.citizens == 1
    assert [e.event for e in cecilia.entries()[before:] if e.event.startswith("aurora:training")] == ["aurora:training:collected"]
    model = made.champion(1, on=first)
    assert datasets.forgotten_by([model]) == {model.pk: 0} and not Retraining.objects.exists()

    withdraw.end(citizen_id=cecilia.id, consent_id=consent.pk, now=timezone.now())

    second = collected()
    for dataset in (first, second):
        assert found_in(dataset) == []
        assert list(training_data.rows(dataset.pk)) == []
    assert second.citizens == 0 and second.sha256 != first.sha256
    with citizen_scope(cecilia.id):
        assert not TrainingRow.objects.filter(citizen_id=cecilia.id).exists()
    # Not in any table, of any schema; not in any file of any model; not in any line of any log.
    assert tables_with(str(WAGES)) == [] and files_with(str(WAGES)) == [] and str(WAGES) not in caplog.text
    assert tables_with(cecilia.national_id) == []
    # What had learnt is marked, is not trained on again, and is to be replaced: one of one is more than the share that is borne.
    assert datasets.forgotten_by([model]) == {model.pk: 1}
    with pytest.raises(ModelRefused) as caught:
        training_data.learnable(first)
    assert caught.value.code == "dataset_changed"
    due = Retraining.objects.get()
    assert (due.because, due.state, due.forgotten) == (model, "due", 1)


def test_before_it_is_forgotten_it_is_sealed(cast: Cast) -> None:
    """The search of the test above finds what is there: the row opens for its citizen, and reads nowhere else."""
    earning(cast.cecilia)
    allowed(cast.cecilia)
    dataset = collected()
    assert len(found_in(dataset)) == 1 and tables_with(str(WAGES)) == []
    with citizen_scope(cast.cecilia.id):
        plain = training.opened(citizen_id=cast.cecilia.id, row_id=TrainingRow.objects.get().pk)
        assert plain is not None and str(WAGES).encode() in plain.content and str(WAGES) not in repr(plain)
    with citizen_scope(cast.aino.id):
        assert not TrainingRow.objects.exists()
    assert not TrainingRow.objects.exists()
    assert datasets.get(dataset.pk).counts["income"] == {"from_100000": None}


@pytest.mark.parametrize("keep", [False, True])
def test_a_withdrawal_at_the_source_takes_the_row_along(cast: Cast, keep: bool) -> None:
    earning(cast.cecilia)
    allowed(cast.cecilia)
    dataset = collected()
    for consent in cast.cecilia.consents(state="given", source__code=TAX):
        withdraw.end(citizen_id=cast.cecilia.id, consent_id=consent.pk, now=timezone.now(), keep=keep)
    if keep:  # what they keep is theirs, and training may go on with it until they delete it
        own_data.forget_kept(citizen_id=cast.cecilia.id, category=INCOME, source=TAX, now=timezone.now())
    assert found_in(dataset) == []


def test_narrowing_forgets_rows_that_hold_it_and_the_next_set_lacks_it(cast: Cast) -> None:
    earning(cast.cecilia)
    consent = allowed(cast.cecilia)
    first = collected()
    withdraw.end(citizen_id=cast.cecilia.id, consent_id=consent.pk, now=timezone.now(), categories=[INCOME])
    assert list(training_data.rows(first.pk)) == []
    assert found_in(collected()) == []


def test_a_consent_given_anew_for_less_forgets_what_it_leaves_out(cast: Cast) -> None:
    earning(cast.cecilia)
    allowed(cast.cecilia)
    first = collected()
    allowed(cast.cecilia, DEDUCTIONS)
    assert list(training_data.rows(first.pk)) == [] and found_in(collected()) == []


def test_a_consent_that_runs_out_ends_it_too(cast: Cast) -> None:
    earning(cast.cecilia)
    consent = allowed(cast.cecilia)
    dataset = collected()
    withdraw.end(citizen_id=cast.cecilia.id, consent_id=consent.pk, by="aurora", now=consent.expires_at + timedelta(seconds=1))
    assert found_in(dataset) == []


def test_nobody_is_collected_who_did_not_allow_it(cast: Cast) -> None:
    """Consents to suggestions, and to see one's own data, are none to training."""
    earning(cast.cecilia)
    before = len(cast.cecilia.entries())
    assert collected().citizens == 0
    assert len(cast.cecilia.entries()) == before


def test_only_the_consented_categories_are_in_a_row(cast: Cast) -> None:
    earning(cast.cecilia)
    cast.cecilia.connect("population-register")
    allowed(cast.cecilia, INCOME)
    (row,) = training_data.rows(collected().pk)
    assert {key.rpartition(".")[0] for key in row.facts} == {INCOME}


def test_a_row_goes_with_what_its_suggestions_had_been_made_from(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Suggestions that were shown are in a row, with their scores: they say something of the facts behind them, which may be others than the row's."""
    cecilia, run, now = cast.cecilia, uuid4(), timezone.now()
    earning(cecilia)
    with citizen_scope(cecilia.id):
        write.write(citizen_id=cecilia.id, facts=[NewFact(DEDUCTIONS, 1, "child_care_costs", 12, "reported", TAX, now, uuid4())], now=now)
        item = {"service": "a", "position": 1, "score": 0.5, "propensity": 1.0, "explored": False}
        record = {"facts": {f"{INCOME}.wages": WAGES}, "slate": [item], "model": "a" * 64, "catalogue": "b" * 64, "seed": 1}
        suggestions.keep(citizen_id=cecilia.id, run_id=run, basis="x" * 64, entry_id=uuid4(), content={"record": record}, now=now)
    said = (feedback.Said(run, "a", "shown", "", now),)
    monkeypatch.setattr("aurora.journeys.training_data.feedback.of", lambda citizen_id: said)
    allowed(cecilia, DEDUCTIONS)
    dataset = collected()
    (row,) = training_data.rows(dataset.pk)
    assert len(row.slates) == 1 and not any(key.startswith(INCOME) for key in row.facts)
    with citizen_scope(cecilia.id):
        write.erase(citizen_id=cecilia.id, categories=[INCOME], source=TAX)
    assert list(training_data.rows(dataset.pk)) == []


def test_a_collection_that_was_broken_off_is_gone_on_with(cast: Cast) -> None:
    earning(cast.cecilia)
    allowed(cast.cecilia)
    before = [e.event for e in cast.cecilia.entries()].count("aurora:training:collected")
    now = timezone.now()
    dataset = training_data.begin(by=None, now=now)
    assert training_data.collect(dataset_id=dataset.pk, now=now).made == 1
    assert training_data.begin(by=None, now=now) == dataset
    assert training_data.collect(dataset_id=dataset.pk, now=now) == training_data.Collected(0, 0)
    assert [e.event for e in cast.cecilia.entries()].count("aurora:training:collected") == before + 1


def test_one_row_that_cannot_be_made_keeps_no_other_out(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for person in (cast.aino, cast.cecilia):
        earning(person)
        allowed(person)
    made_of = training_data._row

    def damaged(citizen_id: UUID, *args: object, **more: object) -> object:
        if citizen_id == cast.aino.id:
            raise VaultClosed("Not sealed for this place.")
        return made_of(citizen_id, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(training_data, "_row", damaged)
    before = len(cast.aino.entries())
    assert collected().citizens == 1 and "No training row could be made" in caplog.text
    assert len(cast.aino.entries()) == before and str(cast.aino.id) not in caplog.text


def test_the_hash_says_nothing_of_a_row_and_changes_with_it(cast: Cast) -> None:
    """The same citizen with the same facts commits to something else in the next dataset."""
    earning(cast.cecilia)
    allowed(cast.cecilia)
    first, second = collected(), collected()
    assert first.sha256 != second.sha256
    assert {c.commitment for c in first.consents.all()}.isdisjoint(c.commitment for c in second.consents.all())


def test_a_retraining_opens_above_the_share_and_once(cast: Cast) -> None:
    dataset = made.dataset(citizens=40)
    model = made.champion(1, on=dataset)
    gone = [c.commitment for c in dataset.consents.all()]
    datasets.forgotten(commitments=gone[:2], now=timezone.now(), share=0.05)
    assert datasets.forgotten_by([model])[model.pk] == 2 and not Retraining.objects.exists()
    datasets.forgotten(commitments=gone[2:3], now=timezone.now(), share=0.05)
    datasets.forgotten(commitments=gone[3:9], now=timezone.now(), share=0.05)
    assert Retraining.objects.get().forgotten == 3
    Retraining.objects.update(state="done", finished_at=timezone.now())
    datasets.forgotten(commitments=gone[9:5], now=timezone.now(), share=0.05)
    assert Retraining.objects.count() == 2  # nine are gone, and the last one was opened for three


def test_a_model_that_was_trained_while_somebody_withdrew_is_marked(cast: Cast) -> None:
    dataset = made.dataset(citizens=2)
    datasets.forgotten(commitments=[dataset.consents.first().commitment], now=timezone.now(), share=0.05)
    model = made.registered(2, on=dataset)
    assert datasets.forgotten_by([model]) == {model.pk: 1}
    assert not Retraining.objects.exists()  # it does not serve yet
    made.moved(made.evaluated(model))
    assert datasets.retrain_where_due(now=timezone.now(), share=0.05) == 1


def test_the_service_may_not_change_a_row(cast: Cast) -> None:
    earning(cast.cecilia)
    allowed(cast.cecilia)
    collected()
    for change in ({"sealed": b"x"}, {"held_out": True}, {"commitment": "0" * 64}):
        with pytest.raises(ProgrammingError), citizen_scope(cast.cecilia.id):
            TrainingRow.objects.update(**change)
    with pytest.raises(ProgrammingError), citizen_scope(cast.aino.id):
        TrainingRow.objects.create(
            citizen_id=cast.cecilia.id, dataset_id=cast.aino.id, consent_id=cast.aino.id, entry_id=cast.aino.id, categories=[],
            commitment="1" * 64, held_out=False, made_at=timezone.now(), sealed=b"",
        )  # fmt: skip


def test_a_row_that_was_exchanged_does_not_open(cast: Cast) -> None:
    from tests.support.patients import admin

    earning(cast.cecilia)
    allowed(cast.cecilia)
    first, second = collected(), collected()
    with admin() as database:
        database.execute(
            "UPDATE twin_trainingrow a SET sealed = b.sealed FROM twin_trainingrow b WHERE a.dataset_id = %s AND b.dataset_id = %s",
            [first.pk, second.pk],
        )
    for read in (training_data.learnable, training_data.standing, lambda dataset: list(training_data.rows(dataset.pk))):
        with pytest.raises(ModelRefused) as caught:
            read(first)
        assert caught.value.code == "dataset_changed"
    assert len(list(training_data.rows(second.pk))) == 1


def test_a_damaged_row_leaves_no_report_and_says_so(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    from tests.support.patients import admin

    earning(cast.cecilia)
    allowed(cast.cecilia)
    dataset = collected()
    with admin() as database:
        database.execute("UPDATE twin_trainingrow SET sealed = sealed || '\\x00' WHERE dataset_id = %s", [dataset.pk])
    with pytest.raises(CommandError, match="dataset"):
        call_command("monitor")
    with caplog.at_level("ERROR"):
        tasks.monitor()
    assert "No report on models: dataset_changed" in caplog.text


def test_a_collection_with_a_damaged_row_is_given_up_and_the_next_begins_anew(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """Left open it would be gone on with for ever, and no dataset be made again."""
    from tests.support.patients import admin

    earning(cast.cecilia)
    allowed(cast.cecilia)
    now = timezone.now()
    dataset = training_data.begin(by=None, now=now)
    training_data.collect(dataset_id=dataset.pk, now=now)
    with admin() as database:
        database.execute("UPDATE twin_trainingrow SET sealed = %s WHERE dataset_id = %s", [b"forged", dataset.pk])
    with pytest.raises(ModelRefused, match="Make a new one"):
        training_data.finish(dataset_id=dataset.pk, now=now)
    assert datasets.get(dataset.pk).state == "closed" and training.rows_of(dataset_id=dataset.pk) == [] and "was given up" in caplog.text
    after = collected()
    assert after.pk != dataset.pk and (after.state, after.citizens) == ("ready", 1)


def test_a_consent_to_training_fetches_nothing(cast: Cast) -> None:
    """A pull asks what consents at the source cover; what a twin holds may be learnt from is no reason to fetch more."""
    from aurora.journeys import _stated
    from aurora.journeys._keep import _consents, _decide
    from aurora.sources.pulls import Lease

    earning(cast.cecilia)
    allowed(cast.cecilia, INCOME)
    for consent in cast.cecilia.consents(state="given", source__code=TAX):
        withdraw.end(citizen_id=cast.cecilia.id, consent_id=consent.pk, now=timezone.now(), categories=[INCOME])

    class Claimed:
        citizen_id, categories = cast.cecilia.id, (INCOME, DEDUCTIONS)

    lease: Lease = Claimed()  # type: ignore[assignment]
    with citizen_scope(cast.cecilia.id):
        assert INCOME not in _stated.allowed(_decide(lease, _consents(lease), timezone.now()))
