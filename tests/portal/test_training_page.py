"""The page where a citizen lets the model learn from their data: nothing pre-ticked, no costs nothing, and it ends like any other consent."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.utils import timezone

from aurora.journeys import withdraw
from aurora.twin import training
from tests.support.cast import FORM, Cast, Person

PAGE = "/en/training/"


@pytest.fixture(autouse=True)
def nothing_left(cast: Cast):
    yield
    for consent in cast.cecilia.consents(purpose_id=training.PURPOSE, state="given"):
        withdraw.end(citizen_id=cast.cecilia.id, consent_id=consent.pk, now=timezone.now())


def page_of(person: Person):
    answer = person.browser().get(PAGE)
    assert answer.status_code == 200
    return answer.context["page"]


def sent(person: Person, **form: object):
    body = urlencode({"notice_token": page_of(person).notice_token, **form}, doseq=True)
    return person.browser().post(PAGE, body, content_type=FORM)


def given(person: Person):
    return person.consents(purpose_id=training.PURPOSE, state="given")


def test_nothing_is_chosen_beforehand_and_both_answers_are_one_step(cast: Cast) -> None:
    page = page_of(cast.cecilia)
    assert not any(c.checked for c in page.categories) and not any(e.checked for e in page.ends) and page.permission is None
    codes = {c.category.code for c in page.categories}
    assert "tax.income" in codes and not any(c.startswith(("hospital.", "life.", "derived.")) for c in codes)
    html = cast.cecilia.browser().get(PAGE).content.decode()
    assert html.count('type="submit" name="decision"') == 2
    assert "the copies are deleted at once" in html and "your suggestions do not get worse" in html


def test_a_yes_is_recorded_with_its_text_and_shown_with_the_way_out(cast: Cast) -> None:
    answer = sent(cast.cecilia, decision="allow", categories=["tax.income", "population.person"], end="6")
    assert answer.status_code == 302 and answer["Location"].endswith("?done=allowed")
    (consent,) = given(cast.cecilia)
    assert consent.source is None and consent.recipient.code == "aurora" and consent.categories == ["population.person", "tax.income"]
    assert cast.cecilia.receipts(consent.pk) and cast.cecilia.entries()[-1].event == "citizen:consent:given"
    page = page_of(cast.cecilia)
    assert page.permission is not None and len(page.permission.categories) == 2
    face = cast.cecilia.browser()
    for url in ("/en/consents/", page.permission.consent_url, page.permission.withdraw_url, "/en/activity/"):
        assert face.get(url).status_code == 200
    told = face.get(page.permission.withdraw_url).context["page"]
    assert any("no later model learns" in sentence for sentence in told.consequences) and not told.can_keep
    assert face.post(page.permission.withdraw_url, {"decision": "withdraw"}).status_code in (200, 302)
    assert given(cast.cecilia) == [] and page_of(cast.cecilia).permission is None


def test_a_no_is_recorded_once_and_changes_no_yes(cast: Cast) -> None:
    before = len(cast.cecilia.consents(purpose_id=training.PURPOSE, state="declined"))
    for _ in range(2):
        assert sent(cast.cecilia, decision="decline")["Location"].endswith("?done=declined")
    assert len(cast.cecilia.consents(purpose_id=training.PURPOSE, state="declined")) - before <= 1
    sent(cast.cecilia, decision="allow", categories=["tax.income"], end="3")
    sent(cast.cecilia, decision="decline")
    assert len(given(cast.cecilia)) == 1


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"decision": "allow", "end": "6"}, "categories"),
        ({"decision": "allow", "categories": ["hospital.surgery"], "end": "6"}, "categories"),
        ({"decision": "allow", "categories": ["tax.income"]}, "end"),
        (
            {"decision": "allow", "categories": ["tax.income"], "end": "own", "own_day": "1", "own_month": "1", "own_year": "2020"},
            "own_date",
        ),
        ({"decision": "maybe"}, None),
        ({"decision": "allow", "categories": ["tax.income"], "end": "6", "notice_token": "another"}, "notice"),
    ],
)
def test_what_is_wrong_is_said_and_records_nothing(cast: Cast, form: dict, field: str | None) -> None:
    answer = sent(cast.cecilia, **form)
    assert answer.status_code == 400 and given(cast.cecilia) == []
    if field:
        assert field in [e.field for e in answer.context["page"].errors]


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_the_page_is_whole_in_every_language(cast: Cast, language: str) -> None:
    html = cast.cecilia.browser().get(f"/{language}/training/").content.decode()
    assert "Nothing is chosen for you" not in html and "Do not allow" not in html
