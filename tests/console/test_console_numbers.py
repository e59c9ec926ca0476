"""The console's numbers: what needs somebody, how processes and sources do, consents in tens, datasets; and that nothing of fewer than ten is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from aurora.console import present, present_sources
from aurora.console.auth import VERIFIED
from aurora.identity import citizens
from aurora.identity.eid import Identified
from aurora.identity.models import Operator
from aurora.sources import pulls
from aurora.sources.models import Connection, DataSource, Pull
from aurora.sources.pulls import PullCount
from aurora.telemetry.models import Heartbeat
from aurora.ui import cards, log_words
from consent.ledger.witness_models import Alarm
from consent.models import Agency, ConsentRecord, DataCategory, Purpose
from consent.scope import citizen_scope
from consent.transparency import standing
from consent.transparency.models import RoundingKey, Standing
from tests.console.glass import superuser
from tests.support import models
from tests.support.cast import TAX, Cast, browser

Role = Operator.Role
OVERVIEW, CONSENTS = "/en/console/", "/en/console/consents/"


def _operator(*roles: str) -> tuple[Operator, Browser]:
    operator = Operator.objects.create(username=f"num-{uuid4().hex[:6]}", name="Numa", roles=list(roles))
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session.save()
    return operator, face


@pytest.fixture
def faces(cast: Cast) -> Iterator[dict[str, Browser]]:
    made = {role.value: _operator(role) for role in Role}
    yield {role: face for role, (_, face) in made.items()}
    for operator, _ in made.values():
        operator.delete()


@pytest.fixture
def quiet(cast: Cast) -> Iterator[datetime]:
    """No alarm of the log, all processes well, and no import that other tests left open."""
    now = timezone.now()
    with superuser() as database:  # a draft stays for good; Aurora itself may not delete one
        database.execute("DELETE FROM catalogue_importdraft WHERE state = 'open'")
    Alarm.objects.filter(seen_at__isnull=True).update(seen_at=now, seen_by=uuid4())
    Heartbeat.objects.all().delete()
    Heartbeat.objects.bulk_create(Heartbeat(kind=kind, place="vm-1", since=now, at=now) for kind in ("worker", "beat", "sequencer"))
    yield now
    Heartbeat.objects.all().delete()


def _needs(now: datetime, *open_pages: str) -> list[str]:
    with translation.override("en"):
        return [need.sentence for need in present.overview(now=now, opens=lambda name: name in open_pages).needs]


def test_an_alarm_needs_who_may_look_and_nobody_else(quiet: datetime) -> None:
    assert _needs(quiet, "overview", "ledger") == []
    Alarm.objects.create(kind="unknown_size", origin="x", witness=uuid4().hex, size=3, at=quiet)
    assert _needs(quiet, "overview", "ledger") == ["1 alarm of the access log has not been looked into."]
    assert _needs(quiet, "overview") == []


def test_a_silent_process_needs_everybody(quiet: datetime) -> None:
    Heartbeat.objects.filter(kind="beat").update(at=quiet - timedelta(hours=1))
    assert _needs(quiet, "overview") == ["1 kind of process is silent: nothing of it is done."]
    page = present.overview(now=quiet, opens=lambda name: False)
    assert [(row.place, row.well) for row in page.processes] == [("vm-1", True), ("vm-1", False), ("vm-1", True)]


def test_the_overview_says_so_when_nothing_is_needed(quiet: datetime, faces: dict[str, Browser]) -> None:
    assert b"Nothing that you look after needs anybody now. What does stands here" in faces["catalogue_editor"].get(OVERVIEW).content


def test_links_lead_to_pages_that_open(quiet: datetime, faces: dict[str, Browser]) -> None:
    Alarm.objects.create(kind="unknown_size", origin="x", witness=uuid4().hex, size=3, at=quiet)
    for role, face in faces.items():
        for need in face.get(OVERVIEW).context["page"].needs:
            assert need.url and face.get(need.url).status_code == 200, (role, need)


def test_fetches_are_counted_in_words_that_say_what_is_counted(
    quiet: datetime, monkeypatch: pytest.MonkeyPatch, faces: dict[str, Browser]
) -> None:
    counted = [
        PullCount(TAX, state, error, many, quiet, quiet)
        for state, error, many in (("failed", "timeout", 7), ("done", "", pulls.COUNTED), ("queued", "timeout", 1), ("queued", "", 2))
    ]
    monkeypatch.setattr(present.pulls, "counts", lambda: counted)
    html = re.sub(r"<[^>]+>|\s+", " ", faces["operations"].get(OVERVIEW).content.decode()).partition("Fetches from sources")[2]
    rows = (
        "Waiting for their turn 2 fetches",
        "Failed, and tried again by itself 1 fetch",
        "Finished 1,000 fetches or more",
        "Failed for good 7 fetches",
    )
    places = [re.sub(" +", " ", html).find(row) for row in rows]
    assert -1 not in places and places == sorted(places), places
    assert "What waits and what failed at each source" in html
    monkeypatch.setattr(present.pulls, "counts", list)
    assert "Nothing has been fetched yet. Fetches are counted here once" in faces["auditor"].get(OVERVIEW).content.decode()


MANY, FEW, NONE = "crowd.many", "crowd.few", "crowd.none"


def _person() -> UUID:
    made = Identified("https://eid.test", f"C-{uuid4().hex}", "Somebody")
    return citizens.find_or_create(identified=made, language="en", now=timezone.now()).id


def _consent(person: UUID, agency: Agency, model: ConsentRecord, categories: list[str], state: str = "given") -> ConsentRecord:
    now = timezone.now()
    return ConsentRecord(
        citizen_id=person, recipient=agency, purpose=model.purpose, purpose_version=model.purpose_version,
        categories=categories, category_versions={}, notice=model.notice, state=state,
        decided_at=now, not_before=now - timedelta(minutes=1), expires_at=now + timedelta(days=9),
        ended_at=now if state == "withdrawn" else None, ended_by="citizen" if state == "withdrawn" else "",
    )  # fmt: skip


def _agency(*roles: str) -> Agency:
    return Agency.objects.create(code=f"crowd-{uuid4().hex[:8]}", name=dict.fromkeys(("fi", "sv", "en"), "Crowd"), roles=list(roles))


def _count_anew() -> dict[tuple[str, str], int | None]:
    with superuser() as admin:
        admin.execute("DELETE FROM consent_transparency_standing")
    assert standing.count() > 0
    counted = standing.newest()
    assert counted is not None
    return {(name, code): people for name, rows in counted.by.items() for code, people in rows}


@pytest.fixture
def crowd(cast: Cast) -> Iterator[Agency]:
    """An agency, source and recipient, to which eleven people gave a consent, one of them two, and one of them for another kind of data too."""
    model = next(one for one in cast.aino.consents(state="given") if one.purpose.kind == "connect")
    agency = _agency("data_user", "data_source")
    DataCategory.objects.bulk_create(DataCategory(code=code, source=agency) for code in (MANY, FEW, NONE))
    for number in range(11):
        person = _person()
        with citizen_scope(person):
            for state in ("given", "withdrawn") if number == 0 else ("given",):
                _consent(person, agency, model, [MANY, FEW] if number < 1 else [MANY], state).save()
    yield agency
    with superuser() as admin:
        admin.execute("DELETE FROM consent_consentrecord WHERE recipient_id = %s", [agency.pk])
        admin.execute("DELETE FROM consent_datacategory WHERE source_id = %s", [agency.pk])
        admin.execute("DELETE FROM consent_transparency_standing")


def test_people_are_counted_in_tens_and_no_few(crowd: Agency) -> None:
    found = _count_anew()
    for key in (("recipient", crowd.code), ("source", crowd.code), ("category", MANY)):
        assert found[key] in (10, 20), key
    assert found["category", FEW] is None
    assert all(people is None or (people >= 10 and people % 10 == 0) for people in found.values())


def test_nobody_looks_like_one(crowd: Agency) -> None:
    """Each code has a row: that one had none would say of all others that somebody stands there."""
    found, alone = _count_anew(), _agency("data_source")
    assert (found["category", NONE], found["category", FEW]) == (None, None)
    found = _count_anew()
    assert found["recipient", alone.code] is None and found["source", alone.code] is None
    assert {code for name, code in found if name == "purpose"} == set(Purpose.objects.values_list("code", flat=True))
    assert [sum(name == which for name, _ in found) for which in ("given", "declined", "ended")] == [12, 12, 12]


def test_an_agency_of_few_stands_with_the_others(crowd: Agency, faces: dict[str, Browser]) -> None:
    alone = _agency("data_user")
    Agency.objects.filter(pk=alone.pk).update(name=dict.fromkeys(("fi", "sv", "en"), "Lonely"))
    _count_anew()
    [chart] = [one for one in faces["auditor"].get(CONSENTS).context["page"].charts if one.caption == "In force, by agency"]
    labels = [row.label for row in chart.rows]
    assert "Crowd" in labels and "Lonely" not in labels and labels[-1] == "Each of the others" and labels.count(labels[-1]) == 1


def test_chance_rounds_and_keeps_its_mind(crowd: Agency, cast: Cast) -> None:
    """Fifteen people at each of 24 agencies: all down, or all up, once in eight million times. Of the same people it says the same every day."""
    model = cast.aino.consents(state="given")[-1]
    agencies = [_agency("data_user") for _ in range(24)]
    people = [_person() for _ in range(15)]
    for person in people:
        with citizen_scope(person):
            ConsentRecord.objects.bulk_create(_consent(person, agency, model, [MANY]) for agency in agencies)
    try:
        first = [_count_anew()["recipient", one.code] for one in agencies]
        assert set(first) == {10, 20}
        assert [_count_anew()["recipient", one.code] for one in agencies] == first
    finally:
        with superuser() as admin:
            admin.execute("DELETE FROM consent_consentrecord WHERE recipient_id = ANY(%s)", [[one.pk for one in agencies]])


def test_nobody_but_the_function_knows_on_what_chance_hangs(cast: Cast) -> None:
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        RoundingKey.objects.count()
    assert getattr(refused.value.__cause__, "sqlstate", "") == "42501"


def test_the_overview_does_not_tell_that_somebody_has_just_connected(
    cast: Cast, crowd: Agency, quiet: datetime, faces: dict[str, Browser]
) -> None:
    """One more connection, and one more: what an operator sees of the source is what was counted that day."""
    model = next(one for one in cast.aino.consents(state="given") if one.purpose.kind == "connect")
    source = DataSource.objects.get(agency__code=TAX)
    DataCategory.objects.filter(source=crowd).update(source=source.agency)
    made: list[UUID] = []

    def connects() -> None:
        person = _person()
        with citizen_scope(person):
            made.append(
                Connection.objects.create(
                    citizen_id=person, source=source, access_token_sealed=b"-", access_expires_at=quiet, connected_at=quiet, state="live"
                ).pk
            )  # fmt: skip
            _consent(person, crowd, model, [MANY]).save()

    def seen() -> list[str]:
        html = faces["catalogue_editor"].get(OVERVIEW).content.decode()
        return re.findall(r'data-label="People, in tens">([^<]*)<', html)

    try:
        for _ in range(11):
            connects()
        counted = _count_anew()["source", TAX]
        before = seen()
        assert counted is not None and counted >= 20 and f"{counted}" in before
        for _ in range(3):
            connects()
            assert seen() == before
    finally:
        with superuser() as admin:
            admin.execute("DELETE FROM sources_connection WHERE id = ANY(%s)", [made])
            admin.execute("UPDATE consent_datacategory SET source_id = %s WHERE code = ANY(%s)", [crowd.pk, [MANY, FEW, NONE]])


def test_people_that_were_not_counted_yet_are_no_fewer_than_ten(cast: Cast, quiet: datetime, faces: dict[str, Browser]) -> None:
    with superuser() as admin:
        admin.execute("DELETE FROM consent_transparency_standing")
    html = faces["operations"].get(OVERVIEW).content.decode()
    assert set(re.findall(r'data-label="People, in tens">([^<]*)<', html)) == {"–"} and "People have not been counted yet." in html


def test_what_only_the_function_writes(cast: Cast) -> None:
    for attempt in (lambda: Standing.objects.create(day=timezone.localdate(), dimension="purpose", code="x", people=3),
                    lambda: Standing.objects.all().delete()):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_they_are_counted_once_a_day(cast: Cast) -> None:
    standing.count()
    assert standing.count() == 0


def test_the_page_is_for_who_answers_for_consents(faces: dict[str, Browser]) -> None:
    standing.count()
    for role, face in faces.items():
        assert face.get(CONSENTS).status_code == (200 if role in ("privacy_officer", "agency_officer", "auditor") else 403)
    page = faces["auditor"].get(CONSENTS).context["page"]
    assert page.day and [chart.caption for chart in page.charts][:3] == [
        "In force, by purpose",
        "In force, by agency",
        "In force, by kind of data",
    ]


def test_how_long_pulls_take_and_when_one_succeeded(cast: Cast) -> None:
    source = DataSource.objects.get(agency__code=TAX)
    now = timezone.now() + timedelta(days=1)
    with citizen_scope(cast.aino.id):
        link = Connection.objects.filter(source=source).first() or Connection.objects.create(
            citizen_id=cast.aino.id,
            source=source,
            access_token_sealed=b"-",
            access_expires_at=now,
            connected_at=now,
            state="ended",
            ended_at=now,
        )
        made = [
            Pull.objects.create(
                citizen_id=cast.aino.id, connection=link, source=source, state="done", due_at=now, created_at=now,
                started_at=now, finished_at=now + timedelta(seconds=seconds),
            ).pk
            for seconds in (*([1] * 190), *([9] * 10))
        ]  # fmt: skip
    try:
        (found,) = [one for one in pulls.durations() if one.source == TAX]
        assert (found.pulls, found.p50) == (200, 1.0) and found.last_success == now + timedelta(seconds=9)
        assert found.p95 is not None and 1.0 <= found.p95 <= 9.0
        row = next(r for r in present_sources.sources(now=now, may_retry=False).sources if r.code == TAX)
        assert row.last_success_at == found.last_success and row.half_took == "1" and row.connector
    finally:
        with citizen_scope(cast.aino.id):
            Pull.objects.filter(pk__in=made).delete()


def test_a_dataset_says_its_ground_and_no_small_number(cast: Cast, faces: dict[str, Browser]) -> None:
    made = models.dataset(citizens=7)
    path = f"/en/console/models/datasets/{made.pk}/"
    answer = faces["auditor"].get(path)
    values = {row.label: row.values for row in answer.context["page"].rows}
    assert values["Citizens' rows, rounded"] == ("fewer than 10",) and "consent to training" in values["On what ground"][0]
    assert faces["operations"].get(path).status_code == 403
    models.forget_all()


def test_a_card_is_read_as_blocks() -> None:
    found = cards.blocks(
        "# Title\n\nOne `word`\nand more.\n\n## Part\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n| | |\n|---|---|\n| k | v |\n"
    )
    assert [(b.kind, b.text, b.rows, b.head) for b in found] == [
        ("text", "One word and more.", (), False),
        ("heading", "Part", (), False),
        ("list", "", (("a",), ("b",)), False),
        ("table", "Part", (("x", "y"), ("1", "2")), True),
        ("table", "Part", (("k", "v"),), False),
    ]


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "1 second old"), (119, "119 seconds old"), (120, "2 minutes old"), (7200, "2 hours old")]
)
def test_the_age_of_a_checkpoint(seconds: int, said: str) -> None:
    with translation.override("en"):
        assert log_words.age(timedelta(seconds=seconds)) == said


@pytest.mark.usefixtures("kept_meanwhile")
def test_no_page_costs_much(faces: dict[str, Browser]) -> None:
    pages = {OVERVIEW: "operations", CONSENTS: "auditor", "/en/console/ledger/": "auditor", "/en/console/sources/": "operations"}
    for path, role in pages.items():
        faces[role].get(path)
        with CaptureQueriesContext(connection) as queries:
            answer = faces[role].get(path)
        assert answer.status_code == 200 and len(answer.content) <= 40_000
        assert len(queries) <= 20, (path, [q["sql"][:70] for q in queries])
