"""Two sources disagree: the citizen sees them side by side and settles it, by saying which is right or by leaving it; and sees what was known before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.journeys import correct, settle, suggest
from aurora.journeys._door import open_door
from aurora.journeys._settled import settled
from aurora.twin import suggestions, write
from consent.errors import Conflict, NotFound
from consent.ledger.events import Event
from consent.rules import AURORA, CITIZEN, AccessRequest
from consent.scope import citizen_scope
from tests.corrections.dispute import PERSON, Disputed, fact_of, facts, say
from tests.support.cast import FORM, OFFICE, REGISTER, Cast, Person


def side(person: Person) -> dict[str, Any]:
    return {one.concept.code: one for one in settle.side_by_side(citizen_id=person.id, now=timezone.now()).standings}


def test_marks_stand_beside_what_disagrees_and_go_when_it_agrees(disputed: Disputed) -> None:
    person = disputed.person
    assert {name: fact.differs for name, fact in facts(person).items()} == {
        ("region", REGISTER): True, ("region", OFFICE): True, ("marital_status", REGISTER): False,
    }  # fmt: skip
    say(person, OFFICE, region="R12")
    assert not any(fact.differs for fact in facts(person).values())
    say(person, OFFICE, region="R15")
    assert facts(person)["region", REGISTER].differs
    with citizen_scope(person.id):
        write.erase(citizen_id=person.id, categories=[PERSON], source=OFFICE)
    assert not facts(person)["region", REGISTER].differs


def test_an_agency_is_told_that_it_is_disputed_and_no_more(cast: Cast) -> None:
    """Beside its own fact: not with what, and not what the other one says."""
    say(cast.cecilia, REGISTER, region="R12")
    category = cast.office.categories[0]
    assert category == "population.household"
    cast.cecilia.connect(REGISTER)
    token = cast.office.granted(cast.cecilia)["access_token"]
    read = cast.office.read(token, category).json()["facts"]
    assert read and not any("disputed" in fact for fact in read)
    asked = correct.ask(
        citizen_id=cast.cecilia.id, fact_id=fact_of(cast.cecilia, REGISTER, "household_size", category), right=9, why="We are nine.",
        language="en", now=timezone.now(),
    )  # fmt: skip
    read = {fact["key"]: fact for fact in cast.office.read(token, category).json()["facts"]}
    assert read["household_size"]["disputed"] is True and "disputed" not in read["children_under_6"]
    assert "9" not in str(read["household_size"]["value"]) and str(asked) not in str(read)
    correct.close(citizen_id=cast.cecilia.id, correction_id=asked, now=timezone.now())
    assert "disputed" not in str(cast.office.read(token, category).json())


def test_the_deciding_value_is_what_aurora_uses_and_a_choice_changes_it(disputed: Disputed) -> None:
    person = disputed.person

    def used() -> set[str]:
        request = AccessRequest(person.id, CITIZEN, "own-data", frozenset({PERSON}))
        now = timezone.now()
        with open_door(request, granted=Event.OWN_DATA_VIEWED, refused=Event.OWN_DATA_REFUSED, now=now) as opened:
            return {fact.value for fact in settled(citizen_id=person.id, facts=opened.facts) if fact.key == "region"}

    assert used() == {"R15"}, "the newest"
    before = facts(person)["region", REGISTER]
    _choose(person, before.pk)
    assert used() == {"R12"}
    say(person, REGISTER, region="R13", marital_status="married", at=timezone.now() - timedelta(days=20))
    assert used() == {"R15"}, "what was chosen is not said any more"


def _choose(person: Person, fact_id: Any) -> None:
    settle.choose(citizen_id=person.id, concept="region", fact_id=fact_id, now=timezone.now())


@pytest.fixture(autouse=True)
def _one_category_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks for two categories that share a concept; the cast's sources speak of one."""
    monkeypatch.setattr(settle, "_shared", lambda held: list(settle.concepts.of_categories(held)))


def test_the_page_shows_both_with_why_and_takes_the_choice(disputed: Disputed) -> None:
    person, face = disputed.person, disputed.person.browser()
    page = face.get("/en/my-data/disagreements/").content.decode()
    assert "Region 12" in page and "Region 15" in page and "Aurora uses this" in page and "it is the newest" in page
    assert face.get("/en/my-data/").content.decode().count("Disputed") >= 2
    chosen = facts(person)["region", REGISTER]
    form = {"concept": "region", "fact": str(chosen.pk), "decision": "choose"}
    assert face.post("/en/my-data/disagreements/", urlencode(form), content_type=FORM).status_code == 302
    page = face.get("/en/my-data/disagreements/?done=chosen").content.decode()
    assert "you said that it is right" in page and "Leave it to the rule again" in page
    assert person.entries()[-2].event == "citizen:fact:chosen"
    again = face.post("/en/my-data/disagreements/", urlencode({"concept": "region", "decision": "release"}), content_type=FORM)
    assert again.status_code == 302 and side(person)["region"].reason == "newest"
    assert face.post("/en/my-data/disagreements/", urlencode(form | {"fact": str(uuid4())}), content_type=FORM).status_code == 409


def test_where_the_register_decides_there_is_nothing_to_choose(disputed: Disputed) -> None:
    say(disputed.person, OFFICE, region="R15", marital_status="single")
    standing = side(disputed.person)["marital_status"]
    assert standing.disputed and standing.deciding.source in (REGISTER, OFFICE)
    with pytest.raises(NotFound):
        settle.choose(citizen_id=disputed.person.id, concept="marital_status", fact_id=standing.said[1].id, now=timezone.now())
    with pytest.raises(NotFound):
        settle.release(citizen_id=disputed.person.id, concept="region", now=timezone.now())
    with pytest.raises(Conflict):
        _choose(disputed.person, uuid4())


def test_what_aurora_knew_on_a_day_is_on_the_page_of_its_history(disputed: Disputed) -> None:
    person, face = disputed.person, disputed.person.browser()
    say(person, OFFICE, region="R16")
    page = face.get(f"/en/my-data/history/{PERSON}/").content.decode()
    assert "Region 15" in page and "Region 16" in page and "Known now" in page
    long_ago = face.get(f"/en/my-data/history/{PERSON}/?on=1.5.2020").content.decode()
    assert "Nothing of this was known then." in long_ago
    assert face.get(f"/en/my-data/history/{PERSON}/?on=31.2.2026").status_code == 400
    assert face.get("/en/my-data/history/tax.income/").status_code == 404
    entry = person.entries()[-1]
    assert entry.event == "citizen:twin:viewed" and entry.categories == [PERSON]


def test_what_was_known_then_is_what_was_suggested_from_then(cast: Cast) -> None:
    """A suggestion keeps the facts it was made from: the twin says of that moment just the same."""
    person = cast.cecilia
    person.connect(REGISTER)
    suggest.suggest(citizen_id=person.id, now=timezone.now())
    then = timezone.now()
    with citizen_scope(person.id):
        run = suggestions.current(citizen_id=person.id)
    assert run is not None
    recorded = run.content["record"]["facts"]
    say(person, REGISTER, age=77)
    request = AccessRequest(person.id, AURORA, suggest.PURPOSE, frozenset(run.content["categories"]), all_or_nothing=False)
    made = {"granted": Event.SUGGESTION_MADE, "refused": Event.SUGGESTION_REFUSED}
    with open_door(request, **made, now=timezone.now(), as_of=then) as opened:
        known = {f.name: f.value for f in settled(citizen_id=person.id, facts=opened.facts)}
    assert known == recorded and known[f"{PERSON}.age"] != 77
    with open_door(request, **made, now=timezone.now()) as opened:
        assert {f.name: f.value for f in opened.facts}[f"{PERSON}.age"] == 77
