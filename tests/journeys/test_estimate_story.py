"""The citizen's way through an estimate in the running stack: the hospital's own model, its own data, the worker, no JavaScript."""

from __future__ import annotations

import re

import pytest

from tests.support.people import Person
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
BERTIL, DAGNY = 1, 3  # whom the hospital has assessed before a hip replacement


def _text(person: Person, path: str) -> str:
    person.browser.open(f"{person.base_url}{path}")
    return person.browser.text


def _evaluation(person: Person) -> str | None:
    """The address of the hospital's model, once it is released."""
    return _model(person, "Risks of a joint replacement")


def _model(person: Person, name: str) -> str | None:
    """The address of a released model in the list."""
    found = re.search(rf'(/en/evaluations/[0-9a-f-]{{36}}/)"[^>]*>{name}', _text(person, "/en/evaluations/"))
    return found[1] if found else None


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


def test_an_estimate_is_kept_read_by_the_second_model_and_deleted(stack: Stack) -> None:
    with Person(stack, stack.citizen(DAGNY)["identifier"]).sign_in() as dagny:
        page = wait_for(lambda: _evaluation(dagny), "the hospital's model to be released", within=180)
        dagny.connect("hospital", purposes=("own-overview", "surgery-risk", "model-outcomes"))
        wait_for(lambda: "Work it out" in _text(dagny, page), "the hospital's data to be fetched", within=60)
        second = wait_for(lambda: _model(dagny, "Length of the stay in hospital"), "the second model to be released", within=240)
        assert "Work this estimate out first, and keep it" in _text(dagny, second)
        _text(dagny, page)
        dagny.browser.press("Work it out")
        wait_for(lambda: "Your estimate" in _text(dagny, page), "the estimate", within=90)
        dagny.browser.press("Keep among my data")
        mine = _text(dagny, "/en/my-data/")
        assert "Estimate of the risks of surgery" in mine and "What it means, what it does not, who is responsible" in mine
        _text(dagny, "/en/estimates/derived.surgery_risk/use/")
        dagny.browser.press("Allow", end="3")
        _text(dagny, second)
        dagny.browser.press("Work it out")
        text = wait_for(lambda: found if "Your estimate" in (found := _text(dagny, second)) else None, "the second estimate", within=90)
        assert "result went in" in text and "joint-surgery-risk 1" in text
        with stack.admin() as admin:
            paired = "SELECT count(*) FROM ledger_ledgerentry WHERE event = 'aurora:outcome:paired'"
            wait_for(lambda: (admin.execute(paired).fetchone() or [0])[0] >= 1, "what followed to be put beside it", within=120)
        _text(dagny, page)
        dagny.browser.press("Delete estimate")
        assert "Estimate of the risks of surgery" not in _text(dagny, "/en/my-data/").split("Not in Aurora")[0]
