"""The activity page: what is chosen is what is listed, a date that is none is told beside its field, and the picture says what the table says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from aurora.journeys import own_data
from aurora.journeys._log import log
from aurora.ui.contexts import ActivityPage
from aurora.ui.uses import Uses, nice, timeline
from consent import days
from consent.ledger.events import Event
from consent.scope import citizen_scope
from tests.support.cast import REGISTER, TAX, Cast, Person
from tests.support.mandated import acting, consented, mandate, somebody

PATH = "/en/activity/"
OFFICE = "benefits-office"


def page_of(face: Client, **query: Any) -> ActivityPage:
    answer: Any = face.get(PATH, query)
    assert answer.status_code == 200, answer.content
    page: ActivityPage = answer.context["page"]
    return page


def events(page: ActivityPage) -> list[str]:
    return [entry.title for day in page.days for entry in day.entries]


def used(person: Person, event: Event, actor: str, *, ago: timedelta = timedelta(), decision: str = "permit", **more: Any) -> None:
    with citizen_scope(person.id):
        # By the clock of the citizen, so many days ago at the same hour: also over the change to summer or winter time.
        log(citizen_id=person.id, event=event, actor=actor, decision=decision, at=timezone.localtime() - ago, **more)


@pytest.fixture
def busy(new_person: Person) -> Person:
    """Two reads by one agency, a refusal to another, a pull, and a use so old that no summary counts it."""
    used(new_person, Event.AGENCY_READ, OFFICE, categories=["tax.income"], ago=timedelta(days=60))
    used(new_person, Event.AGENCY_READ, OFFICE, categories=["tax.income"], ago=timedelta(days=10))
    used(new_person, Event.AGENCY_READ_REFUSED, TAX, categories=["population.household"], decision="no_consent", ago=timedelta(days=2))
    used(new_person, Event.PULL_COMPLETED, "aurora", categories=["population.household"], source=REGISTER)
    used(new_person, Event.PULL_FAILED, "aurora", source=TAX)
    return new_person


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 5),
        ({"agency": OFFICE}, 2),
        ({"agency": "nobody"}, 0),
        ({"source": TAX}, 3),  # what it was fetched from by name, and what holds its data
        ({"source": REGISTER}, 2),
        ({"source": "nobody"}, 0),
        ({"kind": "fetch"}, 2),
        ({"kind": "of none"}, 5),
        ({"refused": "1"}, 1),
        ({"refused": "1", "kind": "fetch"}, 0),
        ({"refused": "1", "source": REGISTER, "agency": TAX}, 1),
        ({"consent": str(uuid4())}, 0),
        ({"consent": "none"}, 5),
        ({"before": "1"}, 0),
        ({"agency": "\x00" * 99, "source": "'; DROP TABLE x --"}, 0),
    ],
)
def test_what_is_chosen_is_what_is_listed(busy: Person, query: dict[str, str], found: int) -> None:
    assert len(events(page_of(busy.browser(), **query))) == found


def test_dates_are_taken_as_they_are_written_here_and_by_machines_and_are_whole_days(busy: Person) -> None:
    face, then = busy.browser(), days.today() - timedelta(days=10)
    for said in (f"{then.day}.{then.month}.{then.year}", f" {then.day}. {then.month}. {then.year} ", then.isoformat()):
        page = page_of(face, **{"from": said, "to": said})
        assert [day.day for day in page.days] == [then]
        assert page.date_from == said.strip(), "what was typed stands there still"


@pytest.mark.parametrize(
    ("first", "last", "faults"),
    [
        ("31.2.2026", "", {"from"}),
        ("", "24.13.2026", {"to"}),
        ("yesterday", "0.0.0000", {"from", "to"}),
        ("24.11.26", "20261124", {"from", "to"}),
        ("٢٤.١١.٢٠٢٦", "²4.11.2026", {"from", "to"}),
        ("24.11.2026", "1.11.2026", {"to"}),
        ("<script>alert(1)</script>", "9" * 400, {"from", "to"}),
    ],
)
def test_a_date_that_is_none_is_told_beside_its_field_kept_as_typed_and_nothing_is_listed(
    busy: Person, first: str, last: str, faults: set[str]
) -> None:
    answer: Any = busy.browser().get(PATH, {"from": first, "to": last, "agency": OFFICE})
    page: ActivityPage = answer.context["page"]
    assert answer.status_code == 400 and {error.field for error in page.errors} == faults
    assert (page.date_from, page.date_to) == (first[:32], last[:32]) and not page.days
    said = answer.content.decode()
    assert all(f'id="{name}-error"' in said for name in faults) and "Nothing is listed until the dates are right." in said
    assert "<script>alert" not in said
    assert next(option for option in page.agencies if option.selected).value == OFFICE, "the rest of what was chosen stands"


@pytest.mark.parametrize("extreme", ["1.1.0001", "31.12.9999"])
def test_the_ends_of_the_calendar_are_dates(busy: Person, extreme: str) -> None:
    page_of(busy.browser(), **{"from": extreme})
    page_of(busy.browser(), to=extreme)


def test_the_summaries_and_the_picture_count_the_same_days(busy: Person) -> None:
    page = page_of(busy.browser())
    week, month = page.summaries
    assert (week.accesses, week.by_agencies, week.refused, week.organisations) == (3, 1, 1, 1)
    assert (month.accesses, month.by_agencies, month.refused, month.organisations) == (4, 2, 1, 2), "what was 60 days ago is in none"
    drawn = page.timeline
    assert drawn is not None and (drawn.uses, drawn.refused) == (month.accesses, month.refused)
    assert sum(day.uses for day in drawn.days) == sum(one.uses for one in drawn.organisations) == 4
    assert len(drawn.days) == 30 and drawn.days[-1].day == days.today()
    assert {day.day: (day.allowed, day.refused) for day in drawn.days if day.uses} == {
        days.today(): (2, 0),
        days.today() - timedelta(days=2): (0, 1),
        days.today() - timedelta(days=10): (1, 0),
    }


def test_the_picture_has_a_title_a_description_and_the_same_as_a_table(busy: Person) -> None:
    said = busy.browser().get(PATH).content.decode()
    picture = said[said.index('<svg class="au-uses__picture"') : said.index("</details>")]
    assert 'role="img" aria-labelledby="timeline-title timeline-desc"' in picture
    columns = {name: picture[picture.index(f'<g class="au-uses__{name}"') :].split("</g>")[0] for name in ("allowed", "refused")}
    assert {name: part.count("<rect x=") for name, part in columns.items()} == {"allowed": 2, "refused": 1}
    assert "Uses in all: 4, of which refused: 1." in picture and picture.count('<th scope="row"') == 30
    assert "style=" not in picture and "<script" not in picture


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_full_page_after_a_busy_month_keeps_its_size(new_person: Person, language: str) -> None:
    """Uses and refusals on each day, the longest of an entry's parts in each of a page's entries, and more than a page of them."""
    everything = ["population.household", "population.person", "tax.income"]
    behind = consented(new_person, REGISTER)
    for back in range(30):
        ago = timedelta(days=back)
        used(new_person, Event.AGENCY_READ, OFFICE, categories=everything, purpose="benefit-application", consent_ids=[behind], ago=ago)
        used(
            new_person,
            Event.AGENCY_READ_REFUSED,
            TAX,
            categories=everything,
            consent_ids=[behind],
            decision="category_not_covered",
            ago=ago,
        )
    answer: Any = new_person.browser().get(f"/{language}/activity/")
    page: ActivityPage = answer.context["page"]
    assert page.timeline is not None and all(day.allowed and day.refused for day in page.timeline.days) and page.pagination.next_url
    assert len(answer.content) <= 40_000


def test_who_has_no_uses_sees_no_empty_picture(new_person: Person) -> None:
    page = page_of(new_person.browser())
    assert page.timeline is not None and page.timeline.busiest is None and not page.filtered and not page.days


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (1, 4), (4, 4), (5, 5), (6, 10), (10, 10), (11, 20), (100, 100), (101, 200), (4999, 5000)]
)
def test_the_axis_ends_at_a_round_number_that_holds_all(most: int, top: int) -> None:
    assert nice(most) == top


def test_columns_stand_in_the_frame_and_refusals_on_top_of_what_was_allowed() -> None:
    day = date(2026, 11, 24)
    drawn = timeline([Uses(day, "a", False, 6), Uses(day, "b", True, 3)], lambda code: {"en": code}, today=day)
    last = drawn.days[-1]
    assert float(last.refused_top) + float(last.refused_height) == pytest.approx(float(last.allowed_top), abs=0.11)
    assert float(last.allowed_top) + float(last.allowed_height) == pytest.approx(122, abs=0.11)
    assert all(26 <= float(column.left) <= 349 for column in drawn.days) and drawn.ticks[-1].uses == 10
    assert [(one.name["en"], one.allowed, one.refused, one.width) for one in drawn.organisations] == [
        ("a", 6, 0, "100.0"),
        ("b", 0, 3, "50.0"),
    ]


def test_the_accesses_under_one_consent_are_a_step_from_it(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    new_person.connect(TAX)
    face = new_person.browser()
    face.get("/en/suggestions/")
    consent = next(c for c in new_person.consents(state="given") if c.purpose_id == "service-suggestions")
    other = next(c for c in new_person.consents(state="given") if c.purpose_id != "service-suggestions")
    card = next(c for c in face.get("/en/consents/").context["page"].active if c.id == str(consent.pk))  # type: ignore[attr-defined]
    assert card.accesses_url in face.get(f"/en/consents/{consent.pk}/").content.decode()
    page: ActivityPage = face.get(card.accesses_url).context["page"]  # type: ignore[attr-defined]
    assert page.consent is not None and page.consent.title == "Service suggestions" and page.consent.url.endswith(f"{consent.pk}/")
    assert "Aurora used your data to suggest services" in events(page)
    assert all(consent.pk in entry.consent_ids for entry in new_person.entries() if _on(page, entry.id))
    assert "Aurora used your data to suggest services" not in events(page_of(face, consent=str(other.pk)))


def _on(page: ActivityPage, entry_id: object) -> bool:
    return any(entry.id == str(entry_id) for day in page.days for entry in day.entries)


def test_nobody_elses_consent_narrows_to_anything_or_has_a_name(cast: Cast, new_person: Person) -> None:
    theirs = cast.aino.consents()[0].pk
    page = page_of(new_person.browser(), consent=str(theirs))
    assert page.consent is not None and (page.consent.title, page.consent.url) == ("", "") and not page.days


def test_the_choice_goes_along_to_the_next_page_and_back(new_person: Person) -> None:
    for _ in range(21):
        own_data.view(citizen_id=new_person.id, now=timezone.now())
    face = new_person.browser()
    page = page_of(face, kind="own", **{"from": "1.1.2020"})
    assert sum(len(day.entries) for day in page.days) == 20 and "kind=own&from=1.1.2020&before=2" in page.pagination.next_url
    assert page.pagination.next_url.endswith("#entries")
    further: ActivityPage = face.get(page.pagination.next_url).context["page"]  # type: ignore[attr-defined]
    assert sum(len(day.entries) for day in further.days) == 1 and "before" not in further.pagination.previous_url
    assert further.pagination.previous_url.endswith("#entries")
    assert further.kind == "own" and further.date_from == "1.1.2020"


def test_an_attorney_counts_and_lists_what_lies_within_their_themes(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), somebody("Valto Valtuutettu")
    consented(aamu, REGISTER), consented(aamu, TAX)
    used(aamu, Event.AGENCY_READ, OFFICE, categories=["tax.income"])
    used(aamu, Event.AGENCY_READ, "hospital", categories=["population.household"])
    used(aamu, Event.AGENCY_READ, OFFICE, categories=["population.household", "tax.income"])  # and what goes beyond them in part
    used(aamu, Event.CONCERN_RAISED, "citizen")  # and what is of no kind of data
    page = page_of(acting(valto, mandate(aamu, valto, "taxation")))
    assert all(entry.categories for day in page.days for entry in day.entries)
    assert page.timeline is not None and page.timeline.uses == 1 == page.summaries[1].accesses
    assert {option.value for option in page.agencies} <= {OFFICE, TAX} and "hospital" not in str(page.agencies)
