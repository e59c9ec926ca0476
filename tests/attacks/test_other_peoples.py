"""Cecilia, signed in, at everything that is Aino's: not there, by page and by API, and nothing changed by trying."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.utils import timezone

from aurora.journeys import act_for, correct, delegate, erase, export, raise_concern
from consent import days
from tests.attacks import odd
from tests.attacks.routes import ROUTES
from tests.corrections import dispute
from tests.support.cast import OFFICE, REGISTER, Cast, browser, changed, snapshot

MASK = re.compile(rb'name="csrfmiddlewaretoken" value="[A-Za-z0-9]{64}"')
# The id of an evaluator is nobody's: each citizen has a page of it, and its own tests show that a stranger's is empty.
OWNED = [n for n, route in ROUTES.items() if "<uuid:id>" in n and route.who == "citizen" and not n.startswith("LANG/evaluations/")]


def _of_aino(cast: Cast, name: str) -> str:
    """The route at a row of Aino's that exists."""
    kind = name.split("/")[1]
    mine = {
        "pulls": lambda: cast.aino.pull_id,
        # One that a concern can be raised about: not her own deed.
        "activity": lambda: next(e.pk for e in cast.aino.entries() if e.event == "agency:twin:read"),
        "concerns": lambda: _concern(cast),
        "consents": lambda: cast.aino.consents(state="given")[0].pk,
        "messages": lambda: cast.aino.messages()[0].pk,
        "mandates": lambda: _mandate(cast),
        "erasures": lambda: _erasure(cast),
        "corrections": lambda: _correction(cast),
        "my-data": lambda: _said(cast) if "correct" in name else _copy(cast),
    }
    if kind in ("activity", "concerns") and not any(e.event == "agency:twin:read" for e in cast.aino.entries()):
        cast.office.read(cast.token, "tax.income")
    receipt = cast.aino.receipts(cast.aino.consents(state="given")[0].pk)[0].pk
    return "/" + name.replace("LANG", "en").replace("<uuid:id>", str(mine[kind]())).replace("<uuid:receipt>", str(receipt))


def _concern(cast: Cast) -> UUID:
    made = raise_concern.mine(citizen_id=cast.aino.id)
    entry = next(e.pk for e in cast.aino.entries() if e.event == "agency:twin:read")
    return (
        made[0].pk
        if made
        else raise_concern.raise_(citizen_id=cast.aino.id, entry_id=entry, kind="other", text="Why?", language="en", now=timezone.now())
    )


def _correction(cast: Cast) -> UUID:
    """Of something that the office says of her."""
    made = correct.mine(citizen_id=cast.aino.id)
    if made:
        return made[0].row.pk
    dispute.say(cast.aino, OFFICE, region="R15")
    return dispute.Disputed(cast, cast.aino).asked()


def _said(cast: Cast) -> UUID:
    """What the register says of her, which she may ask it to correct."""
    return dispute.fact_of(cast.aino, REGISTER, "household_size", "population.household")


def _copy(cast: Cast) -> UUID:
    """Of all that is held of her, which the worker has not made yet."""
    return export.ask(citizen_id=cast.aino.id, language="en", now=timezone.now()).export_id


def _mandate(cast: Cast) -> UUID:
    """An offer of Aino's to somebody who never signs in."""
    made = [seen.row.pk for seen in act_for.of_citizen(citizen_id=cast.aino.id, now=timezone.now()).seen]
    terms = delegate.Terms(("family",), days.today(), days.today() + timedelta(days=9))
    return made[0] if made else delegate.offer(principal_id=cast.aino.id, identifier="T-NOBODY-1", terms=terms, now=timezone.now())


def _erasure(cast: Cast) -> UUID:
    """Of nothing that she has, done and certified."""
    made = erase.past(citizen_id=cast.aino.id)
    if not made:
        asked = erase.category(citizen_id=cast.aino.id, code="life.home", language="en", now=timezone.now())
        erase.run(erasure_id=asked.erasure_id)
        return asked.erasure_id
    return made[0].pk


def test_every_address_with_an_id_is_tried() -> None:
    assert {name.split("/")[1] for name in OWNED} == {
        "pulls",
        "activity",
        "concerns",
        "consents",
        "messages",
        "mandates",
        "erasures",
        "corrections",
        "my-data",
    }


@pytest.mark.parametrize("name", OWNED)
def test_the_owner_sees_it_and_a_stranger_gets_404_for_it(cast: Cast, name: str) -> None:
    address = _of_aino(cast, name)
    seen = cast.aino.browser().get(address)
    # No sequencer runs here: where a proof is asked for, its owner is led to the entry, which says that it waits.
    expected = 200 if "GET" in ROUTES[name].methods else 405
    assert seen.status_code == expected or (name.endswith("proof.tlog-proof") and seen.status_code == 302)
    cecilia = cast.cecilia.browser()
    before = snapshot()
    for method in ROUTES[name].methods:
        answer = cecilia.generic(method, address, b"decision=allow", content_type=odd.FORM)
        odd.check(answer, [cast.aino.name, cast.aino.national_id], what=f"{method} {address}")
        assert answer.status_code == 404
    assert changed(before, snapshot()) <= {"django_session"}, "her own, which says that it is used"


@pytest.mark.parametrize("name", OWNED)
def test_a_row_of_hers_and_no_row_at_all_cannot_be_told_apart(cast: Cast, name: str) -> None:
    cecilia = cast.cecilia.browser()
    asked = _of_aino(cast, name), ROUTES[name].path
    # The page's links to itself in other languages carry the address, its way out a mask of the session's; nothing else may differ.
    hers, nobodys = (MASK.sub(b"", cecilia.get(address).content.replace(address[3:].encode(), b"")) for address in asked)
    assert hers == nobodys


def test_a_token_reads_nobody_but_whom_it_was_given_for(cast: Cast) -> None:
    mine = cast.office.read(cast.token, "tax.income")
    named = cast.office.read(cast.token, "tax.income", query=f"?citizen={cast.cecilia.id}&subject={cast.cecilia.id}")
    assert mine.status_code == named.status_code == 200
    assert mine.json()["subject"] == named.json()["subject"]
    assert str(cast.aino.id) not in mine.content.decode(), "an agency never learns the citizen's own id"


def test_what_the_token_does_not_cover_is_refused_logged_and_shown_to_nobody_else(cast: Cast) -> None:
    before, hers = len(cast.aino.entries()), len(cast.cecilia.entries())
    answer = cast.office.read(cast.token, "population.person")
    assert answer.status_code == 403 and answer.json()["code"] == "category_not_covered"
    assert "facts" not in answer.json()
    assert [e.decision for e in cast.aino.entries()[before:]] == ["category_not_covered"]
    assert len(cast.cecilia.entries()) == hers


@pytest.mark.parametrize("sent", ["", "Bearer " + "a" * 43, "Bearer {token}", "Basic Og==", "DPoP x", "DPoP " + "a" * 43, "DPoP {token}"])
def test_without_a_good_token_and_a_proof_the_api_says_nothing_of_what_there_is(cast: Cast, sent: str) -> None:
    bearer = sent.format(token=cast.token)
    before = snapshot()
    answers = [browser().get(f"/api/v1/twin/{c}", HTTP_AUTHORIZATION=bearer) for c in ("tax.income", "no.such", "%00", "a" * 500)]
    assert {a.status_code for a in answers} == {401}
    assert len({odd.problem(a) for a in answers}) == 1
    assert all(a["WWW-Authenticate"].startswith("DPoP ") for a in answers)
    assert changed(before, snapshot()) == set()


def test_a_citizens_session_is_no_token_and_a_token_is_no_session(cast: Cast) -> None:
    assert cast.aino.browser().get("/api/v1/twin/tax.income").status_code == 401
    answer = browser().get("/en/home/", **cast.office.bearing(cast.token, "/en/home/"))
    assert answer.status_code == 302 and answer["Location"].startswith("/en/sign-in/")


def test_another_browsers_request_cannot_be_answered_or_even_seen(cast: Cast) -> None:
    """An agency's link that somebody hands on (RFC 9700 4.7)."""
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    assert cast.aino.browser().get("/oauth/authorize", query).status_code == 200
    before = snapshot()
    cecilia = cast.cecilia.browser()
    seen = cecilia.get("/oauth/authorize", query)
    form = urlencode({**query, "decision": "allow", "categories": cast.office.categories}, doseq=True)
    answered = cecilia.post("/oauth/authorize", form, content_type=odd.FORM)
    for answer in (seen, answered):
        odd.check(answer, cast.secrets(), what="another's request")
        assert answer.status_code == 400
    assert changed(before, snapshot()) <= {"django_session", "identity_citizen"}
