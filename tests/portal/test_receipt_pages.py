"""Receipts in the portal: found from home, in the language of the decision, taken along byte for byte."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from aurora.journeys import withdraw
from consent import receipts, signing
from consent.models import Receipt
from consent.scope import citizen_scope
from tests.support.cast import FORM, REGISTER, TAX, Cast, Person


def page(face: Client, address: str) -> Any:
    answer: Any = face.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer


def declined(person: Person, language: str = "en") -> Receipt:
    face, address = person.browser(), f"/{language}/sources/{TAX}/connect/"
    token = page(face, address).context["page"].notice_token
    face.post(address, urlencode({"decision": "decline", "notice_token": token}), content_type=FORM)
    return person.receipts(person.consents(state="declined")[-1].pk)[-1]


def url(receipt: Receipt, language: str = "en") -> str:
    return f"/{language}/consents/{receipt.consent_id}/receipts/{receipt.pk}/"


def test_an_agencys_decision_is_two_steps_from_home(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    cast.office.granted(new_person)
    face = new_person.browser()
    home = page(face, "/en/home/")
    news = home.context["page"].news
    assert news and news[0].text == "You gave a consent" and f'href="{news[0].url}"' in home.content.decode()
    message = page(face, news[0].url)
    [link] = [x for x in message.context["page"].links if "/receipts/" in x.url]
    receipt = page(face, link.url)
    assert "Benefits Office" in receipt.content.decode() and "Handling your benefit application" in receipt.content.decode()


def test_every_event_on_the_consents_page_has_its_receipt(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    consent, face = new_person.consents(state="given")[0], new_person.browser()
    withdrawn: Any = face.post(
        f"/en/consents/{consent.pk}/withdraw/", urlencode({"decision": "withdraw", "facts": "erase"}), content_type=FORM
    )
    assert withdrawn.status_code == 200 and "/receipts/" in withdrawn.context["page"].receipt_url
    history = page(face, f"/en/consents/{consent.pk}/").context["page"].history
    assert [h.receipt_url for h in history] == [url(r) for r in new_person.receipts(consent.pk)] and len(history) == 2
    titles = [page(face, h.receipt_url).context["page"].title for h in history]
    assert titles == ["You gave a consent", "You withdrew a consent"]
    assert page(face, withdrawn.context["page"].receipt_url).context["page"].title == titles[-1]


def test_it_stays_in_the_language_of_the_decision_and_says_so(new_person: Person) -> None:
    receipt = declined(new_person, "sv")
    face = new_person.browser()
    swedish, english = page(face, url(receipt, "sv")), page(face, url(receipt, "en"))
    assert swedish.context["page"].rows == english.context["page"].rows
    assert swedish.context["page"].title == english.context["page"].title == "Du nekade en begäran"
    assert (swedish.context["page"].language_name, english.context["page"].language_name) == ("", "Svenska")
    text = english.content.decode()
    assert '<html lang="en"' in text and '<div lang="sv">' in text and "Language: Svenska." in text


def test_what_is_downloaded_is_what_was_issued(new_person: Person) -> None:
    receipt, face = declined(new_person), new_person.browser()
    with citizen_scope(new_person.id):
        issued = receipts.open_row(receipt)
    signed, document = face.get(f"{url(receipt)}receipt.jwt"), face.get(f"{url(receipt)}receipt.jsonld")
    assert signed.content.decode() == issued.token and signed["Content-Type"] == "application/jwt"
    assert json.loads(document.content) == issued.document and document["Content-Type"] == "application/ld+json"
    assert jwt.decode(signed.content.decode(), KeySet.import_key_set(signing.jwks()), algorithms=["ES256"]).claims == issued.claims
    for answer in (signed, document):
        assert answer["Content-Disposition"].startswith("attachment; ") and "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("tail", ["", "receipt.jwt", "receipt.jsonld"])
def test_a_stranger_and_another_consents_address_find_nothing(cast: Cast, new_person: Person, tail: str) -> None:
    receipt, other = declined(new_person), new_person.consents(state="declined")[0]
    assert cast.cecilia.browser().get(url(receipt) + tail).status_code == 404
    assert Client(HTTP_HOST="localhost:8000").get(url(receipt) + tail).status_code == 302  # to sign in
    assert other.pk != receipt.consent_id
    assert new_person.browser().get(f"/en/consents/{other.pk}/receipts/{receipt.pk}/{tail}").status_code == 404


def rows_of(answer: Any) -> dict[str, tuple[str, ...]]:
    return {row.label: tuple(row.values) for row in answer.context["page"].rows}


def test_of_what_ended_the_receipt_says_neither_that_it_is_in_force_nor_that_it_covered_what_was_gone(
    cast: Cast, new_person: Person
) -> None:
    cast.office.granted(new_person)
    consent, face = new_person.consents(state="given")[-1], new_person.browser()
    address = f"/en/consents/{consent.pk}/withdraw/"
    face.post(address, urlencode({"decision": "narrow", "categories": "tax.income"}), content_type=FORM)
    face.post(address, urlencode({"decision": "withdraw"}), content_type=FORM)
    given, narrowed, withdrawn = (rows_of(page(face, url(r))) for r in new_person.receipts(consent.pk))
    assert len(given["Data"]) == 2 and given["Data"] == narrowed["Data"]
    assert narrowed["Withdrawn data"] == ("Income",) and withdrawn["Data"] == tuple(d for d in given["Data"] if d != "Income")
    assert given["In force until"] == narrowed["In force until"] == withdrawn["Was to last until"]
    assert "In force until" not in withdrawn and "Was to last until" not in {**given, **narrowed}


@pytest.mark.parametrize(
    ("by", "title"), [("office", "An agency gave back your consent"), (REGISTER, "A consent ended because of what a source told")]
)
def test_the_title_tells_the_recipients_deed_from_anothers(cast: Cast, new_person: Person, by: str, title: str) -> None:
    cast.office.granted(new_person)
    consent = new_person.consents(state="given")[-1]
    withdraw.end(citizen_id=new_person.id, consent_id=consent.pk, by=cast.office.client_id if by == "office" else by, now=timezone.now())
    assert page(new_person.browser(), url(new_person.receipts(consent.pk)[-1])).context["page"].title == title
