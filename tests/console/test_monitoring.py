"""Reports on models: made once a dataset from sealed rows, kept without anybody in them, and shown to stewards and auditors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.test import Client as Browser
from django.utils import timezone, translation

from aurora.identity.models import Operator
from aurora.journeys import monitor, tasks
from aurora.twin import training
from aurora.ui import monitoring_words
from consent.ledger.models import Leaf, Pending
from consent.scope import citizen_scope
from recommender.models import DatasetVersion
from recommender.monitoring import alarms, drift, reference, report
from recommender.monitoring.alarms import SENTENCES
from recommender.monitoring.groups import AGE_BANDS, DISABILITIES, FAMILIES, INCOME_BANDS, UNKNOWN
from recommender.monitoring.models import MonitoringReport
from recommender.monitoring.observations import observe
from recommender.monitoring.protect import REST, Rounder
from recommender.registry import current, datasets
from recommender.training import households
from tests.recommender.monitoring import people
from tests.support import models, owners
from tests.support.cast import Cast
from tests.support.citizens import make_citizen
from tests.support.patients import admin

PATH = "/en/console/models/monitoring/"
CITIZENS = range(80)


@pytest.fixture(scope="module", autouse=True)
def small_extract() -> Iterator[None]:
    """The reference of a model without one is made from it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(households, "count", lambda: 600)
        monitor._of_extract.cache_clear()
        yield
    monitor._of_extract.cache_clear()


def unfair(index: int, known: dict[str, object]) -> tuple[str, ...]:
    """Nothing for who is 55 or older, and what is theirs for the others."""
    return () if known["population.person.age"] >= 55 else people.fair_slate(index)  # type: ignore[operator]


def rows_of(indices: range) -> list[Any]:
    return people.rows(indices, current().version, unfair)


def collected(indices: range = CITIZENS) -> tuple[DatasetVersion, list[UUID]]:
    """A dataset of citizens with a key of their own each."""
    now = timezone.now()
    dataset = datasets.begin(extract_sha256="e" * 64, window_from=now - timedelta(days=365), now=now, by=None)
    told = []
    for row in rows_of(indices):
        citizen = make_citizen()
        with citizen_scope(citizen), transaction.atomic():
            training.keep(
                citizen_id=citizen, dataset_id=dataset.pk, consent_id=uuid4(), entry_id=uuid4(), categories=["tax.income"],
                content=row.to_json(), held_out=False, now=now,
            )  # fmt: skip
        told.append(citizen)
    return datasets.finish(dataset_id=dataset.pk, counts={}, card="A card.", now=timezone.now()), told


@pytest.fixture(scope="module")
def watched(committed_cast: Cast) -> Iterator[DatasetVersion]:
    dataset, citizens = collected()
    yield dataset
    for citizen in citizens:
        with citizen_scope(citizen):
            training.forget(citizen_id=citizen)
    models.forget_all()


@pytest.fixture(autouse=True)
def no_report(committed_cast: Cast) -> Iterator[None]:
    yield
    with admin() as database:
        database.execute("SET session_replication_role = replica")
        database.execute("DELETE FROM monitoring_monitoringreport")


def as_if_never(dataset: DatasetVersion, citizens: Iterable[UUID]) -> None:
    """Other tests find `watched` the newest again."""
    for citizen in citizens:
        with citizen_scope(citizen):
            training.forget(citizen_id=citizen)
    with admin() as database:
        database.execute("SET session_replication_role = replica")
        database.execute("DELETE FROM recommender_datasetconsent WHERE dataset_id = %s", [dataset.pk])
        database.execute("DELETE FROM recommender_datasetversion WHERE id = %s", [dataset.pk])


def test_a_report_is_made_from_sealed_rows_and_names_nobody(watched: DatasetVersion) -> None:
    entries = Pending.objects.count() + Leaf.objects.count()
    (row,) = monitor.monitor(now=timezone.now())
    assert (row.role, row.model_sha256, row.dataset_sha256) == ("champion", current().version, watched.sha256)
    assert row.day == watched.window_until.date() and row.content["people"] == pytest.approx(len(CITIZENS), abs=4)
    assert Pending.objects.count() + Leaf.objects.count() == entries, (
        "the rows were collected with an entry each; a report reads no more than those"
    )
    kept = MonitoringReport.objects.get().content
    text = json.dumps(kept)
    assert kept["groups"]["age"]["found_3"] and "citizen" not in text
    incomes = {str(people.facts(index)["tax.income.wages"]) for index in CITIZENS if people.facts(index)["tax.income.wages"] > 9_999}  # type: ignore[operator]
    assert incomes and not any(f" {value}," in text or f'"{value}"' in text for value in incomes)


def test_a_dataset_is_looked_at_once(watched: DatasetVersion) -> None:
    assert len(monitor.monitor(now=timezone.now())) == 1
    assert monitor.monitor(now=timezone.now() + timedelta(days=1)) == []
    tasks.monitor()
    out = StringIO()
    call_command("monitor", stdout=out)
    assert "Nothing new" in out.getvalue() and MonitoringReport.objects.count() == 1


def test_a_second_dataset_of_a_day_is_not_read_each_hour_in_vain(watched: DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(monitor.monitor(now=timezone.now())) == 1
    later, citizens = collected(range(300, 311))
    try:
        monkeypatch.setattr(monitor, "observe", lambda *rows, **more: pytest.fail("There can be no report of it."))
        assert datasets.newest() == later and monitor.monitor(now=timezone.now()) == []
    finally:
        as_if_never(later, citizens)


def test_two_workers_at_once_make_one_report(watched: DatasetVersion) -> None:
    def work(_: int) -> int:
        try:
            return len(monitor.monitor(now=timezone.now()))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 1
    assert MonitoringReport.objects.count() == 1


def test_the_command_says_each_alarm(watched: DatasetVersion) -> None:
    out = StringIO()
    call_command("monitor", stdout=out)
    row = MonitoringReport.objects.get()
    assert out.getvalue().count("\n") == 1 + row.alarms and current().version[:16] in out.getvalue()


def test_who_withdrew_is_not_in_the_report(watched: DatasetVersion) -> None:
    dataset, citizens = collected(range(200, 225))
    try:
        for citizen in citizens[:20]:
            with citizen_scope(citizen):
                training.forget(citizen_id=citizen)
        (found,) = monitor.monitor(now=timezone.now())
        assert found.dataset_sha256 == dataset.sha256 and found.content["people"] is None, "five are left: nothing is told of them"
    finally:
        as_if_never(dataset, citizens[20:])


def test_without_a_dataset_there_is_no_report(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "newest", _none)
    assert monitor.monitor(now=timezone.now()) == []


def _none() -> Any:
    from recommender.errors import ModelRefused

    raise ModelRefused("dataset_unknown")


def test_a_report_is_never_changed(watched: DatasetVersion) -> None:
    (row,) = monitor.monitor(now=timezone.now())
    for change in (lambda: MonitoringReport.objects.filter(pk=row.pk).update(alarms=0), row.delete):
        with pytest.raises(Error), transaction.atomic():
            change()
    assert MonitoringReport.objects.get().alarms == row.alarms


def test_of_too_many_some_are_drawn_and_the_same_ones_again() -> None:
    drawn = monitor._some(range(10_000), 1000, "a seed")
    assert len(set(drawn)) == 1000 and drawn == monitor._some(range(10_000), 1000, "a seed") != monitor._some(
        range(10_000), 1000, "another"
    )
    assert 4_500 < sum(drawn) / 1000 < 5_500
    assert monitor._some(range(10), 1000, "a seed") == list(range(10))


# --- pages


@pytest.fixture(scope="module")
def content(watched: DatasetVersion) -> dict[str, Any]:
    """A report of more people, with alarms: the old are shown nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alarms, "LEAST", 10)
        patch.setattr(drift, "LEAST", 40)
        seen = observe(rows_of(range(400)), people.shipped, until=people.DAY)
        card = monitor._of_extract(current())
        told = report.made(seen, ranker=current(), card=card, day=people.DAY, rounder=Rounder(b"0123456789abcdef"))
    return json.loads(json.dumps(told))


@pytest.fixture
def shown(content: dict[str, Any], watched: DatasetVersion) -> MonitoringReport:
    return MonitoringReport.objects.create(
        model_sha256=content["model"], dataset_sha256=watched.sha256, day=people.DAY, made_at=timezone.now(), role="champion",
        alarms=len(content["alarms"]), content=content,
    )  # fmt: skip


@pytest.fixture
def faces(committed_cast: Cast) -> Iterator[dict[str, Browser]]:
    operators = {role: owners.steward(role, roles=(role,)) for role in ("model_steward", "auditor", "operations")}
    yield {role: owners.signed_in(operator) for role, operator in operators.items()}
    Operator.objects.filter(pk__in=[one.pk for one in operators.values()]).delete()


def test_stewards_and_auditors_see_it_and_others_do_not(faces: dict[str, Browser], shown: MonitoringReport) -> None:
    for role in ("model_steward", "auditor"):
        assert faces[role].get(PATH).status_code == 200
        assert PATH in faces[role].get("/en/console/").content.decode()
    assert faces["operations"].get(PATH).status_code == 403
    assert PATH not in faces["operations"].get("/en/console/").content.decode()
    assert faces["auditor"].post(PATH).status_code == 405


def test_the_page_tells_what_was_kept(faces: dict[str, Browser], shown: MonitoringReport) -> None:
    page = faces["auditor"].get(PATH).context["page"]
    assert page.model == shown.model_sha256[:16] and len(page.alarms) == shown.alarms > 0
    assert any(one["code"] == "exposure_gap" and one["axis"] == "age" for one in shown.content["alarms"])
    assert {chart.caption for chart in page.by_group} == {"Age", "Disability", "Family", "Region", "Income"}
    ages = next(chart for chart in page.by_group if chart.caption == "Age")
    assert [row.label for row in ages.rows] and all(len(row.cells) == 3 for row in ages.rows)
    text = faces["auditor"].get(PATH).content.decode()
    assert text.index(page.alarms[0][:40]) < text.index("By group"), "alarms on top"
    assert 'class="au-share"' in text and "Wages" in text


@pytest.mark.parametrize("measure", sorted(monitoring_words.MEASURES))
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_each_measure_has_its_page_in_each_language(
    faces: dict[str, Browser], shown: MonitoringReport, measure: str, language: str
) -> None:
    answer = faces["model_steward"].get(PATH.replace("/en/", f"/{language}/"), {"measure": measure, "report": shown.pk})
    assert answer.status_code == 200 and [choice.current for choice in answer.context["page"].measures].count(True) == 1


@pytest.mark.parametrize(
    "query", ["?report=x", "?report=999999", "?report=-1", "?report=" + "9" * 30, "?measure=age", "?report=%00", "?report=²"]
)
def test_what_is_not_there_is_not_found(faces: dict[str, Browser], shown: MonitoringReport, query: str) -> None:
    assert faces["auditor"].get(PATH + query).status_code == 404


@pytest.mark.parametrize(("role", "steps"), [("shadow", (0.0,)), ("challenger", (0.0, 0.2))])
def test_a_model_on_trial_is_told_beside_the_champion_with_what_to_look_at(
    faces: dict[str, Browser], watched: DatasetVersion, role: str, steps: tuple[float, ...]
) -> None:
    model = models.evaluated(models.registered(30 + len(steps), on=watched))
    for share in steps:
        model = models.moved(model, share=share)
    try:
        made = {row.role: row for row in monitor.monitor(now=timezone.now())}
        assert set(made) == {"champion", role} and "beside" not in made["champion"].content
        kept = made[role].content
        assert kept["beside"]["champion"] == current().version and kept["beside"]["people"] == pytest.approx(len(CITIZENS), abs=4)
        assert set(kept["beside"]["groups"]) == {"age", "disability", "family", "region", "income"}
        assert all(cell["people"] >= 10 for measures in kept["beside"]["groups"].values() for cells in measures.values() for cell in cells)
        assert ("arms" in kept) == (role == "challenger")
        for language in ("fi", "sv", "en"):
            answer = faces["model_steward"].get(PATH.replace("/en/", f"/{language}/"), {"report": made[role].pk})
            trial = answer.context["page"].on_trial
            assert (
                trial.overall.rows
                and trial.kinds.rows
                and len(trial.chances.rows) == 8
                and trial.look[0] in unescape(answer.content.decode())
            )
        assert faces["model_steward"].get(PATH, {"report": made["champion"].pk}).context["page"].on_trial is None
    finally:
        models.lifecycle_retire(model)


def test_before_there_is_any_the_page_says_so(faces: dict[str, Browser]) -> None:
    assert b"There is no report yet" in faces["auditor"].get(PATH).content
    assert b"Monitoring has raised" not in faces["auditor"].get("/en/console/").content


def test_alarms_are_seen_on_the_overview_by_who_may_look_into_them(faces: dict[str, Browser], shown: MonitoringReport) -> None:
    for role in faces:
        text = faces[role].get("/en/console/").content.decode()
        assert ("Monitoring has raised" in text) == (f"{PATH}#alarms" in text) == (role != "operations")


def test_of_fewer_than_ten_the_page_tells_nothing(
    faces: dict[str, Browser], watched: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "MOST", 9)
    monitor.monitor(now=timezone.now())
    answer = faces["auditor"].get(PATH)
    assert (
        answer.context["page"].few and b"Nothing can be told: fewer than 10 people." in answer.content and b"au-share" not in answer.content
    )


def test_old_data_are_said_to_be_old(faces: dict[str, Browser], shown: MonitoringReport) -> None:
    from aurora.console import present_monitoring

    with translation.override("en"):
        page = present_monitoring.monitoring(chosen=shown, measure="opened", today=shown.day + timedelta(days=36))
        fresh = present_monitoring.monitoring(chosen=shown, measure="opened", today=shown.day + timedelta(days=35))
        assert "36 days old" in page.stale and fresh.stale == ""


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_alarm_group_and_measure_has_its_words(language: str) -> None:
    assert set(SENTENCES) == monitoring_words.ALARM_CODES
    with translation.override(language):
        for code in SENTENCES:
            said = monitoring_words.alarm(
                {"code": code, "what": "found_3", "axis": "age", "group": "from_75", "value": 0.42, "threshold": 0.1}, "Wages"
            )
            assert said.endswith(".") and "%(" not in said
        for axis, groups in (("age", AGE_BANDS), ("income", INCOME_BANDS), ("family", FAMILIES), ("disability", DISABILITIES)):
            names = [monitoring_words.group(axis, group) for group in (*groups, UNKNOWN, REST)]
            assert len(set(names)) == len(names) and not any("_" in name for name in names)
        assert monitoring_words.group("region", "R07") == "R07"
        assert set(reference.MARGINS) <= set(monitoring_words.AXES)
