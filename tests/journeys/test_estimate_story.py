"""The citizen's way through an estimate in the running stack: the hospital's own model, its own data, the worker, no JavaScript."""

from __future__ import annotations

import re

import pytest

from tests.support.people import Person
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
BERTIL = 1  # whom the hospital has assessed before a hip replacement


def _text(person: Person, path: str) -> str:
    person.browser.open(f"{person.base_url}{path}")
    return person.browser.text


def _evaluation(person: Person) -> str | None:
    """The address of the hospital's model, once it is released."""
    found = re.search(r"/en/evaluations/[0-9a-f-]{36}/", _text(person, "/en/evaluations/"))
    return found[0] if found else None


def test_a_citizen_consents_has_an_estimate_made_sees_it_and_withdraws(stack: Stack) -> None:
    with Person(stack, stack.citizen(BERTIL)["identifier"]).sign_in() as bertil:
        page = wait_for(lambda: _evaluation(bertil), "the hospital's model to be released", within=180)
        assert "Connect " in _text(bertil, page) and "Work it out" not in bertil.browser.text
        bertil.connect("hospital", purposes=("own-overview", "surgery-risk"))
        wait_for(lambda: "Work it out" in _text(bertil, page), "the hospital's data to be fetched", within=60)
        bertil.browser.press("Work it out")
        text = wait_for(lambda: found if "Your estimate" in (found := _text(bertil, page)) else None, "the estimate", within=90)
        assert (
            re.search(r"(About \d[\d,]* in|Fewer than 1 in) 1(00|,000|0,000)", text)
            and "This model was made from invented patients" in text
        )
        assert text.count("au-estimate__figure") == 3, "infection, another operation, death"
        entry = re.search(r"/en/activity/[0-9a-f-]{36}/", text)
        assert entry and "Aurora used your data to work out an estimate" in _text(bertil, entry[0])

        consents = set(re.findall(r"/en/consents/[0-9a-f-]{36}/", _text(bertil, "/en/consents/")))
        [mine] = [c for c in consents if "Estimating the risk of surgery" in _text(bertil, c) and "Withdraw" in bertil.browser.text]
        bertil.browser.open(f"{bertil.base_url}{mine}withdraw/")
        bertil.browser.press("Withdraw")
        text = _text(bertil, page)
        assert "Your estimate" not in text and "au-estimate__figure" not in text and "Not allowed for this" in text
