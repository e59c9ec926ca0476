"""My data: who has read each fact, as the log says, and what can be done beside it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from aurora.journeys._log import log
from aurora.twin import write
from aurora.twin.values import NewFact
from aurora.ui.contexts.data import FactGroup, FactRow, ReaderRow
from consent import days
from consent.ledger import readers
from consent.ledger.events import Event
from consent.rules import CITIZEN
from consent.scope import citizen_scope
from recommender.facts import METERS, SITUATION_CATEGORY
from tests.corrections.dispute import disputed_by
from tests.portal.test_guardians import as_child, child, guardian, mandates_of, told
from tests.support.cast import OFFICE, REGISTER, TAX, Cast, Person, version_of
from tests.support.mandated import acting, attorney, mandate, principal

HOUSEHOLD, INCOME = "population.household", "tax.income"


def page_of(face: Client) -> Any:
    answer: Any = face.get("/en/my-data/")
    assert answer.status_code == 200
    return answer.context["page"]


def group_of(face: Client, category: str = HOUSEHOLD) -> FactGroup:
    found: FactGroup = next(group for group in page_of(face).groups if group.category.code == category)
    return found


def fact_of(group: FactGroup, value: Any) -> FactRow:
    return next(row for row in group.facts if row.value == value)


def said(rows: tuple[ReaderRow, ...]) -> list[tuple[str, str, int]]:
    return [(str(row.name["en"]), row.use, row.times) for row in rows]


def say(person: Person, category: str = HOUSEHOLD, source: str = REGISTER, **values: Any) -> None:
    """The source says something more."""
    now = timezone.now()
    facts = [
        NewFact(category, version_of(category), key, value, "declared" if source == CITIZEN else "reported", source, now, uuid4())
        for key, value in values.items()
    ]
    with citizen_scope(person.id):
        write.write(citizen_id=person.id, facts=facts, now=now, whole=set())


def noted(person: Person, event: Event, *categories: str, actor: str = OFFICE, ago: timedelta = timedelta(0), **more: Any) -> None:
    """An entry of the log, as the door writes it."""
    with citizen_scope(person.id):
        log(citizen_id=person.id, event=event, actor=actor, categories=categories or [HOUSEHOLD], at=timezone.now() - ago, **more)


def links(face: Client) -> list[str]:
    """Every address that the page's own part leads to."""
    shown = face.get("/en/my-data/").content.decode()
    main = shown[shown.index("<main") : shown.index("</main>")]
    return [unescape(href) for href in re.findall(r'<a [^>]*href="([^"]+)"', main)]


def test_a_read_stands_beside_what_was_read_at_once_and_a_refusal_does_not(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    face, token = new_person.browser(), cast.office.granted(new_person)["access_token"]
    assert all(row.readers == () for row in group_of(face).facts) and group_of(face).readers == ()
    assert cast.office.read(token, "population.person").status_code == 403
    assert cast.office.read(token, HOUSEHOLD).status_code == 200
    assert cast.office.read(token, HOUSEHOLD).status_code == 200
    group = group_of(face)
    assert [said(row.readers) for row in group.facts] == [[("Benefits Office", "", 2)]] * len(group.facts)
    assert said(group.readers) == [("Benefits Office", "", 2)]
    assert said(group_of(face, "population.person").readers) == []
    last = [entry for entry in new_person.entries() if entry.event == Event.AGENCY_READ][-1]
    assert group.readers[0].last == last.at


def test_whoever_read_another_value_has_not_read_this_one(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    face, token = new_person.browser(), cast.office.granted(new_person)["access_token"]
    assert cast.office.read(token, HOUSEHOLD).status_code == 200
    say(new_person, household_size=5)
    group = group_of(face)
    same = fact_of(group, 1)
    assert said(fact_of(group, 5).readers) == []
    assert said(same.readers) == said(group.readers) == [("Benefits Office", "", 1)]
    assert cast.office.read(token, HOUSEHOLD).status_code == 200
    group = group_of(face)
    assert said(fact_of(group, 5).readers) == [("Benefits Office", "", 1)]
    assert said(fact_of(group, 1).readers) == said(group.readers) == [("Benefits Office", "", 2)]


def test_aurora_is_named_for_each_use_and_the_citizen_for_none(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    face = new_person.browser()
    face.get("/en/suggestions/")
    noted(new_person, Event.GLASS_READ, actor="aurora")
    noted(new_person, Event.EVALUATION_REFUSED, actor="aurora", decision="no_consent")
    found = {use: times for name, use, times in said(group_of(face).readers) if name == "Aurora"}
    assert (
        found["without your consent"] == 1
        and found["to suggest services"] >= 1
        and set(found) == {"without your consent", "to suggest services"}
    )
    assert [row.unasked for row in group_of(face).readers if row.use == "without your consent"] == [True]
    assert "No consent" in face.get("/en/my-data/").content.decode()
    assert "You" not in {name for name, _, _ in said(group_of(face).readers)}


def test_a_reader_leads_to_the_entries_that_were_counted(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    face = new_person.browser()
    for category in (HOUSEHOLD, HOUSEHOLD, "population.person"):
        noted(new_person, Event.AGENCY_READ, category)
    noted(new_person, Event.AGENCY_READ, actor=TAX)
    (office,) = [row for row in group_of(face).readers if row.name["en"] == "Benefits Office"]
    answer: Any = face.get(office.url)
    activity = answer.context["page"]
    listed = [entry for day in activity.days for entry in day.entries]
    assert len(listed) == office.times == 2 and {str(entry.who["en"]) for entry in listed} == {"Benefits Office"}
    assert activity.category.name["en"] == "Household" and b"Only what was done with one kind of data is shown" in answer.content
    wider: Any = face.get(activity.category.all_url)
    assert sum(len(day.entries) for day in wider.context["page"].days) == 3
    of_source: Any = face.get(f"{office.url}&source={TAX}")
    assert not of_source.context["page"].days, "no source holds another's kind of data"


def test_nobody_elses_log_is_counted(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    noted(cast.cecilia, Event.AGENCY_READ, actor=TAX)
    assert said(group_of(new_person.browser()).readers) == []


def test_no_more_is_counted_than_the_page_says(cast: Cast, new_person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    new_person.connect(REGISTER)
    face = new_person.browser()
    noted(new_person, Event.AGENCY_READ, ago=timedelta(days=367))
    assert said(group_of(face).readers) == []
    noted(new_person, Event.AGENCY_READ, ago=timedelta(days=364))
    group = group_of(face)
    assert said(group.readers) == [("Benefits Office", "", 1)] and said(group.facts[0].readers) == []
    assert page_of(face).readers_since == days.day_of(timezone.now() - timedelta(days=365))
    assert f"newest {readers.NEWEST:,} entries" in " ".join(face.get("/en/my-data/").content.decode().split()).replace("\xa0", ",").replace(
        " 000", ",000"
    )
    monkeypatch.setattr(readers, "NEWEST", 2)
    assert said(group_of(face).readers) == [], "two entries have come since: of the pages looked at"


def test_every_deed_beside_a_fact_leads_to_a_page(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    disputed = disputed_by(cast, new_person)
    say(new_person, SITUATION_CATEGORY, CITIZEN, **{METERS[0]: 7})
    noted(new_person, Event.AGENCY_READ)
    disputed.asked()
    face = new_person.browser()
    rows = [row for group in page_of(face).groups for row in group.facts]
    assert all(row.history_url for row in rows)
    for kind in ("correct_url", "change_url", "asked_url", "compare_url"):
        assert any(getattr(row, kind) for row in rows), kind
    assert all(not row.correct_url for row in rows if row.asked_url or row.change_url)
    found = links(face)
    for part in (
        "/my-data/copy/",
        "/sources/",
        "/erase/",
        "/leave/",
        "/erase/category/population.household/",
        f"/erase/source/{REGISTER}/",
    ):
        assert f"/en{part}" in found, part
    for address in sorted(set(found)):
        assert face.get(address).status_code == 200, address


def test_a_guardian_sees_who_read_and_is_led_nowhere_closed(cast: Cast) -> None:
    hanna, lilli = guardian(), child()
    told(hanna, lilli)
    (made,) = mandates_of(hanna)
    little = as_child(hanna, lilli)
    say(little, household_size=3)
    noted(little, Event.AGENCY_READ)
    face = acting(hanna, made.pk)
    group = group_of(face)
    assert said(group.readers) == said(group.facts[0].readers) == [("Benefits Office", "", 1)]
    row, page = group.facts[0], page_of(face)
    assert row.correct_url and not (row.history_url or row.compare_url or row.change_url or group.erase_url or group.erase_sources)
    assert not (page.leave_url or page.erase_url or page.sources_url)
    for address in sorted(set(links(face))):
        assert face.get(address).status_code == 200, address


def test_an_attorney_counts_what_their_themes_let_them_see(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    noted(aamu, Event.AGENCY_READ, INCOME)
    noted(aamu, Event.AGENCY_READ, INCOME, HOUSEHOLD)
    face = acting(valto, mandate(aamu, valto, "taxation"))
    assert said(group_of(face, INCOME).readers) == [("Benefits Office", "", 1)]
    assert said(group_of(aamu.browser(), INCOME).readers) == [("Benefits Office", "", 2)]
    assert not any(group.deeds for group in page_of(face).groups)
    for address in sorted(set(links(face))):
        assert face.get(address).status_code == 200, address
