"""Pages for everyone: the public numbers and their files, the accessibility statement; and the menu that a lost page keeps."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from django.test import Client, override_settings

from consent.transparency import queries
from tests.support.cast import Cast, Person, browser, services

PATH = "/en/transparency/"
MONTH = date(2026, 9, 1)


@pytest.fixture
def published(cast: Cast) -> Iterator[None]:
    """One month as the function writes it, by the tables' owner: how it counts is tested where it is."""
    figures = {"read_allowed": 120, "read_refused": None, "use_matched": 110, "glass_approved": None, "pull_completed": 20}
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute("INSERT INTO consent_transparency_publication VALUES (%s, '2026-10-09 10:00+03')", [MONTH])
        for measure, told in figures.items():
            agencies = ("benefits-office", "tax-administration") if measure.startswith("read") else ("aurora",)
            for agency in agencies:
                admin.execute(
                    "INSERT INTO consent_transparency_figure (month, measure, agency, told) VALUES (%s, %s, %s, %s)",
                    [MONTH, measure, agency, told if agency != "tax-administration" else None],
                )
        yield
        admin.execute(
            "SET session_replication_role = replica; DELETE FROM consent_transparency_figure; DELETE FROM consent_transparency_publication"
        )


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(("language", "month"), [("fi", "Syyskuu 2026"), ("sv", "September 2026"), ("en", "September 2026")])
def test_a_month_is_told_in_each_language_and_may_be_cached(language: str, month: str) -> None:
    answer: Any = browser().get(f"/{language}/transparency/")
    page = answer.context["page"]
    assert answer.status_code == 200 and month in answer.content.decode() and page.month == month
    assert answer["Cache-Control"] == "public, max-age=300" and answer["Vary"] == "Cookie" and "Set-Cookie" not in answer
    (reads,) = [table for table in page.tables if table.code == "reads"]
    assert [[told for _, told in row.cells] for row in reads.rows] == [[120, None], [None, None]]
    assert reads.total is not None and [told for _, told in reads.total.cells] == [120, None], "the sum of what is told"


@pytest.mark.usefixtures("published")
def test_the_page_of_who_is_signed_in_is_theirs_and_in_no_cache(new_person: Person) -> None:
    answer = new_person.browser().get(PATH)
    assert "no-store" in answer["Cache-Control"] and new_person.name in answer.content.decode()


@pytest.mark.usefixtures("published")
def test_both_files_have_what_the_page_has(cast: Cast) -> None:
    table, document = browser().get("/transparency.csv"), browser().get("/transparency.json")
    rows = list(csv.DictReader(io.StringIO(table.content.decode(), newline="")))
    figures = json.loads(document.content)["figures"]
    assert [{**one, "number": "" if one["number"] is None else str(one["number"])} for one in figures] == rows and len(rows) == 7
    assert {"month": "2026-09", "measure": "read_allowed", "agency": "benefits-office", "number": 120} in figures
    for answer in (table, document):
        assert answer["Cache-Control"] == "public, max-age=300"
        again = browser().get(answer.request["PATH_INFO"], HTTP_IF_NONE_MATCH=answer["ETag"])
        assert again.status_code == 304 and not again.content


@pytest.mark.parametrize("month", ["2026-11", "x", "2026-9", "2026-09-01", "\x00", "9" * 99])
@pytest.mark.usefixtures("published")
def test_a_month_that_is_not_published_is_not_found(month: str) -> None:
    assert browser().get(PATH, {"month": month}).status_code == 404


def test_before_the_first_month_the_page_says_when_it_comes(cast: Cast) -> None:
    if queries.months():
        pytest.skip("another folder's test has published")
    answer: Any = browser().get(PATH)
    assert answer.status_code == 200 and b"No month has been published yet." in answer.content
    assert answer.context["page"].next_day.day == 9


def test_nothing_is_counted_for_a_request(cast: Cast, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(5) as asked:
        browser().get(PATH)
        browser().get("/transparency.json")
    assert not any("ledgerentry" in query["sql"] or "_counted" in query["sql"] for query in asked.captured_queries)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_accessibility_statement_has_a_channel_for_feedback(cast: Cast, language: str) -> None:
    with override_settings(AURORA_MAIL_FROM="aurora@aurora.example"):
        said = browser().get(f"/{language}/accessibility/").content.decode()
    assert 'href="mailto:aurora@aurora.example?subject=' in said
    with override_settings(AURORA_MAIL_FROM=""):
        silent = browser().get(f"/{language}/accessibility/").content.decode()
    assert "mailto:" not in silent and 'id="feedback"' in silent


def test_every_page_leads_to_both(new_person: Person) -> None:
    for face in (browser(), new_person.browser()):
        said = face.get("/en/services/").content.decode()
        assert 'href="/en/transparency/"' in said and 'href="/en/accessibility/"' in said


def test_a_lost_page_keeps_the_menu_of_who_is_signed_in(new_person: Person) -> None:
    face: Client = new_person.browser()
    for answer in (face.get("/en/no-such-page/"), face.get(f"/en/activity/{new_person.id}/"), face.post("/en/activity/")):
        said = answer.content.decode()
        assert answer.status_code in (404, 405) and 'class="au-nav"' in said and new_person.name in said
    stranger = browser().get("/en/no-such-page/").content.decode()
    assert 'class="au-nav"' not in stranger


def test_a_citizen_who_allowed_nothing_finds_no_refusal_in_their_log(new_person: Person) -> None:
    face = new_person.browser()
    for _ in range(2):
        assert not face.get("/en/suggestions/").context["page"].allowed  # type: ignore[attr-defined]
        face.get("/en/suggestions/why/dental-care/")
    assert new_person.entries() == []


def test_after_the_end_of_a_consent_the_door_is_asked_once(new_person: Person) -> None:
    new_person.connect("tax-administration")
    face = new_person.browser()
    assert face.get("/en/suggestions/").context["page"].allowed  # type: ignore[attr-defined]
    for consent in new_person.consents(state="given"):
        face.post(f"/en/consents/{consent.pk}/withdraw/", {"decision": "withdraw"})
    for _ in range(3):
        assert not face.get("/en/suggestions/").context["page"].allowed  # type: ignore[attr-defined]
    refused = [e for e in new_person.entries() if e.event == "aurora:twin:refused"]
    assert len(refused) == 1 and refused[0].decision == "consent_withdrawn"
