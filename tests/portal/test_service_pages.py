"""The service catalogue, open to everyone: search, filters, a service in words, what is gone, other languages, and linked data."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client

from recommender.catalogue import catalogue, documents
from recommender.catalogue.load import Catalogue
from recommender.catalogue.model import Contact
from recommender.catalogue.text import Text
from tests.support.cast import HOST, Cast, browser
from tests.support.catalogue import put, service
from tests.support.mandated import acting, attorney, mandate, principal

# Where Aurora says that it is, whatever address was asked.
AT = f"http://{HOST}"


@pytest.fixture
def everyone() -> Client:
    """Nobody in particular."""
    return browser()


@pytest.fixture
def loaded(db: None) -> Catalogue:
    return put(*catalogue().values())


@pytest.fixture
def imported(db: None) -> Catalogue:
    """One in Finnish alone, in two municipalities, with a group and a class; one that is over."""
    swim = service(
        "ptv-swim",
        "Uimahalli",
        "Uimahallissa voi uida.",
        areas=("491", "213"),
        languages=("fi",),
        target_groups=("KR1.1",),
        labels={"KR1.1": Text({"fi": "Ikäihmiset", "sv": "De äldre", "en": "Seniors"})},
        requirements=Text({"fi": "Alle 8-vuotias tarvitsee aikuisen."}),
        contacts=(
            Contact("office", Text({"fi": "Halli"}), web="https://uimahalli.example/", phone="+358 15 1941", email="uinti@example.org"),
        ),
        channels=("office",),
        free=False,
        related=("ptv-over",),
    )
    over = service("ptv-over", "Kesäleiri", valid_until=date(2020, 1, 1))
    return put(*catalogue().values(), swim, over)


def text(response: Any) -> str:
    """What is to be read on the page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def names(response: Any) -> list[str]:
    return [row.name.text for row in response.context["page"].rows]


def test_anyone_can_search_in_their_language(loaded: Catalogue, everyone: Client) -> None:
    for language, query, name in (("fi", "hammashoito", "Hammashoito"), ("sv", "tandvården", "Tandvård"), ("en", "dental", "Dental care")):
        answer = everyone.get(f"/{language}/services/", {"q": query})
        assert answer.status_code == 200 and names(answer)[0] == name
        assert f'href="/{language}/services/dental-care/"' in answer.content.decode()
    assert not everyone.cookies, "nothing is remembered of who searches"


def test_a_slip_of_the_finger_is_told(loaded: Catalogue, everyone: Client) -> None:
    said = text(everyone.get("/en/services/", {"q": "dentl"}))
    assert "Nothing was found with “dentl”. These were found with “dental”." in said
    assert "No services were found" in text(everyone.get("/en/services/", {"q": "zzzzqqqq"}))


def test_filters_are_what_the_catalogue_has_and_stay_chosen(imported: Catalogue, everyone: Client) -> None:
    answer = everyone.get("/fi/services/", {"place": "491", "group": "KR1.1"})
    assert names(answer) == ["Uimahalli"]
    chosen = {one.name: [choice.label for choice in one.choices if choice.selected] for one in answer.context["page"].filters}
    assert chosen["place"] == ["Mikkeli"] and chosen["group"] == ["Ikäihmiset"]
    assert names(everyone.get("/fi/services/", {"q": "uimahalli", "place": "091"})) == []
    assert everyone.get("/fi/services/", {"life": "retirement"}).context["page"].total == 9


def test_pages_of_results_keep_the_query(loaded: Catalogue, everyone: Client) -> None:
    first = everyone.get("/en/services/", {"channel": "online"}).context["page"]
    assert first.next_url == "/en/services/?channel=online&page=2" and first.previous_url == ""
    second = everyone.get(first.next_url).context["page"]
    assert second.first == 21 and second.previous_url == "/en/services/?channel=online"
    assert len(first.rows) + len(second.rows) == second.total


ODD = (
    "q=%00",
    "q=%27%22%3Cscript%3E",
    "page=99999",
    "page=-1",
    "page=9999",
    "place=%00",
    "kind=" + "x" * 5000,
    "q=" + "a" * 8000,
    "q=%ff%fe",
    "life[]=1",
)


def test_any_address_of_search_is_answered(loaded: Catalogue, everyone: Client) -> None:
    for query in ODD:
        answer = everyone.get(f"/en/services/?{query}")
        assert answer.status_code == 200, query
        assert "<script>" not in answer.content.decode(), query


def test_a_service_of_our_own_says_whom_it_is_for(loaded: Catalogue, everyone: Client, cast: Cast) -> None:
    said = text(everyone.get("/en/services/child-day-care/"))
    assert "Child day care" in said and "Children under 6: at least 1 person" in said and "Your municipality" in said
    aid = text(everyone.get("/fi/services/housing-assistance/"))
    assert "Kaikki nämä:" in aid and "Palkkatulot: enintään 20\u00a0000 + 10\u00a0000 × " in aid.replace("20 000", "20\u00a0000").replace(
        "10 000", "10\u00a0000"
    )
    assert "Summat ovat kruunuja vuodessa." in aid
    student = text(everyone.get("/en/services/student-aid/"))
    assert "Age: less than 35 years" in student and "crowns" not in student, "no amount is compared"
    assert "Why is this suggested" not in said, "nobody is signed in"


def test_every_service_has_its_page_in_every_language(loaded: Catalogue, everyone: Client, cast: Cast) -> None:
    for language in ("fi", "sv", "en"):
        for one in catalogue().values():
            answer = everyone.get(f"/{language}/services/{one.identifier}/")
            assert answer.status_code == 200 and one.name[language] in text(answer)
            # A rule's words are labels: no code of a fact is left.
            assert not re.search(r"(population|tax|social)\.[a-z]", text(answer)), one.identifier


def test_a_service_in_one_language_is_shown_marked_and_told(imported: Catalogue, everyone: Client) -> None:
    answer = everyone.get("/sv/services/ptv-swim/")
    page = answer.content.decode()
    assert '<h1 class="govuk-heading-l" lang="fi">Uimahalli</h1>' in page and '<span lang="fi">Uimahallissa voi uida.</span>' in page
    said = text(answer)
    assert "Den här tjänsten är beskriven bara på finska." in said and "De äldre" in said and "Avgiftsbelagd" in said
    assert 'href="https://uimahalli.example/"' in page and 'href="mailto:uinti@example.org"' in page and 'href="tel:+358151941"' in page
    finnish = everyone.get("/fi/services/ptv-swim/").content.decode()
    assert 'lang="fi">Uimahalli' not in finnish.replace('<html lang="fi"', "") and "vain suomeksi" not in finnish


def test_a_service_that_is_over_says_so(imported: Catalogue, everyone: Client) -> None:
    assert "This service ended on 1 January 2020." in text(everyone.get("/en/services/ptv-over/"))
    assert "Kesäleiri" not in names(everyone.get("/en/services/", {"q": "kesäleiri"}))


def test_a_service_that_left_the_catalogue_is_gone_and_one_that_never_was_not_found(imported: Catalogue, everyone: Client) -> None:
    put(*catalogue().values())
    answer = everyone.get("/en/services/ptv-swim/")
    assert answer.status_code == 410 and "no longer in the catalogue" in text(answer) and "Uimahalli" in text(answer)
    assert everyone.get("/en/services/never-was/").status_code == 404
    assert everyone.get("/services/ptv-swim.jsonld").status_code == 410
    assert everyone.get("/services/never-was.jsonld").status_code == 404


def test_who_is_signed_in_keeps_their_frame_and_is_led_to_why(loaded: Catalogue, cast: Cast) -> None:
    answer = cast.aino.browser().get("/en/services/dental-care/")
    page = answer.content.decode()
    assert cast.aino.name in text(answer) and 'href="/en/suggestions/why/dental-care/"' in page
    assert 'aria-current="page"' in cast.aino.browser().get("/en/services/").content.decode()


def test_whoever_acts_for_another_sees_for_whom(loaded: Catalogue, cast: Cast) -> None:
    person, other = principal(), attorney()
    face = acting(other, mandate(person, other))
    answer = face.get("/en/services/dental-care/")
    assert answer.status_code == 200 and f"suggested or not suggested to {person.name}?" in text(answer)


def test_linked_data_is_cpsv_ap_and_may_be_kept(imported: Catalogue, everyone: Client) -> None:
    answer = everyone.get("/services/ptv-swim.jsonld")
    assert answer.headers["Content-Type"] == "application/ld+json" and answer.headers["Cache-Control"] == "public, max-age=300"
    found = json.loads(answer.content)
    assert found["@type"] == "cpsv:PublicService" and found["@context"]["cpsv"] == "http://purl.org/vocab/cpsv#"
    assert found["@id"] == f"{AT}/services/ptv-swim.jsonld" and found["dct:identifier"] == "ptv-swim"
    assert found["dct:title"] == [{"@language": "fi", "@value": "Uimahalli"}], "no language is claimed that it is not written in"
    assert found["dct:spatial"][0]["dct:identifier"] == "491" and found["dct:relation"] == [{"@id": f"{AT}/services/ptv-over.jsonld"}]
    assert found["cv:hasChannel"][0]["cv:hasContactPoint"]["cv:contactPage"] == {"@id": "https://uimahalli.example/"}
    again = everyone.get("/services/ptv-swim.jsonld", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and not again.content
    assert "ptv-swim" in everyone.get("/en/services/ptv-swim/", headers={"Accept": "application/ld+json"}).json()["dct:identifier"]
    over = json.loads(everyone.get("/services/ptv-over.jsonld").content)
    assert over["dct:temporal"]["dcat:endDate"]["@value"] == "2020-01-01"


def test_linked_data_changes_its_tag_with_the_service(loaded: Catalogue, everyone: Client) -> None:
    tag = everyone.get("/services/dental-care.jsonld").headers["ETag"]
    changed = documents.versioned(replace(catalogue()["dental-care"], free=True))
    put(*[changed if one.identifier == "dental-care" else one for one in catalogue().values()])
    answer = everyone.get("/services/dental-care.jsonld", headers={"If-None-Match": tag})
    assert answer.status_code == 200 and json.loads(answer.content)["cv:hasCost"] == {"@type": "cv:Cost", "cv:value": 0}


def test_the_whole_catalogue_is_linked_data_a_page_at_a_time(db: None, everyone: Client) -> None:
    put(*(service(f"s-{number}", f"Palvelu {number}") for number in range(130)))
    first = json.loads(everyone.get("/services.jsonld").content)
    assert first["hydra:totalItems"] == 130 and len(first["hydra:member"]) == 100
    last = json.loads(everyone.get(first["hydra:next"]["@id"].removeprefix(AT)).content)
    assert len(last["hydra:member"]) == 30 and "hydra:next" not in last
    assert len({one["dct:identifier"] for one in (*first["hydra:member"], *last["hydra:member"])}) == 130
    assert json.loads(everyone.get("/services.jsonld?page=77").content)["hydra:member"] == []


def test_pages_cost_few_statements(loaded: Catalogue, everyone: Client, django_assert_max_num_queries: Any) -> None:
    everyone.get("/en/services/dental-care/")
    with django_assert_max_num_queries(2):
        everyone.get("/en/services/")  # the catalogue in use, and the list
    with django_assert_max_num_queries(8):
        everyone.get("/en/services/", {"q": "dental care"})
    with django_assert_max_num_queries(1):
        everyone.get("/en/services/dental-care/")
    with django_assert_max_num_queries(1):
        everyone.get("/services/dental-care.jsonld")
