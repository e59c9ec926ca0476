"""Which is true? Whatever order statements come in, the same one decides, and nothing is said that nobody said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.twin.truth import Reason, applied, settle, value_of
from aurora.twin.values import Choice, FactView
from consent import concepts
from consent.concepts import Concept, ConceptWrong
from consent.management.commands.load_vocabulary import documents

T0 = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = dict.fromkeys(("fi", "sv", "en"), "x")
SPACE = UUID(int=7)


def concept(decides: str = "order", may: bool = True, code: str = "region") -> Concept:
    return Concept(code, ("a.person.region", "b.patient.region", "c.home.region"), decides, may, TEXT, TEXT)


def said(name: str, value: Any, source: str = "s", day: int = 0) -> FactView:
    category, _, key = name.rpartition(".")
    at = T0 + timedelta(days=day)
    return FactView(category, 1, key, value, "reported", source, at, None, None, at, id=uuid5(SPACE, f"{name} {value} {source} {day}"))


def choice(fact: FactView, **changes: Any) -> Choice:
    return Choice(
        **{"concept": "region", "category": fact.category, "key": fact.key, "source": fact.source, "chosen_at": T0, "value": fact.value}
        | changes
    )


ONE, TWO = said("a.person.region", "R1", "register", day=1), said("b.patient.region", "R2", "clinic", day=5)


def test_the_order_decides_or_the_newest_or_the_citizen() -> None:
    [by_order] = settle([ONE, TWO], [concept()])
    [by_age] = settle([ONE, TWO], [concept("newest")])
    [chosen] = settle([ONE, TWO], [concept("order")], [choice(TWO)])
    assert (by_order.deciding, by_order.reason) == (ONE, Reason.ORDER)
    assert (by_age.deciding, by_age.reason) == (TWO, Reason.NEWEST)
    assert (chosen.deciding, chosen.reason, chosen.lapsed) == (TWO, Reason.CHOSEN, False)
    assert by_order.disputed and by_age.disputed and chosen.disputed


def test_what_agrees_or_stands_alone_is_not_disputed() -> None:
    [alone] = settle([ONE], [concept()])
    [agreed] = settle([ONE, said("c.home.region", "R1")], [concept()])
    assert (alone.reason, alone.disputed, agreed.reason, agreed.disputed) == (Reason.ONLY, False, Reason.AGREED, False)
    assert settle([said("x.y.z", 1)], [concept()]) == ()


@pytest.mark.parametrize("changes", [{"value": "R3"}, {"source": "another"}, {"key": "town"}], ids=["value", "source", "key"])
def test_a_choice_of_what_is_not_said_any_more_decides_nothing(changes: dict[str, Any]) -> None:
    [found] = settle([ONE, TWO], [concept()], [choice(TWO, **changes)])
    assert (found.deciding, found.reason, found.lapsed) == (ONE, Reason.ORDER, True)


def test_where_the_citizen_may_not_choose_a_choice_decides_nothing() -> None:
    [found] = settle([ONE, TWO], [concept(may=False)], [choice(TWO)])
    assert found.deciding is ONE


def test_what_a_permit_does_not_cover_decides_nothing() -> None:
    """The facts of a permit are all that is looked at, whatever was chosen or comes first elsewhere."""
    assert applied([TWO], [concept()], [choice(ONE)]) == (TWO,)


def test_the_deciding_value_stands_under_every_name_of_the_concept() -> None:
    other = said("a.person.age", 50)
    found = {one.name: one for one in applied([ONE, TWO, other], [concept("newest")])}
    assert {name: one.value for name, one in found.items()} == {"a.person.region": "R2", "b.patient.region": "R2", "a.person.age": 50}
    assert found["a.person.region"].id == TWO.id and found["a.person.region"].source == "clinic", "what a use rests on is said"


STATEMENTS = st.lists(
    st.builds(
        said,
        st.sampled_from(["a.person.region", "b.patient.region", "c.home.region", "x.other.thing"]),
        st.sampled_from(["R1", "R2", "R3"]),
        st.sampled_from(["register", "clinic", "citizen"]),
        st.integers(0, 3),
    ),
    max_size=6,
    unique_by=lambda fact: (fact.name, fact.source),
)
CONCEPTS = st.builds(concept, st.sampled_from(["order", "newest"]), st.booleans())
CHOICES = st.one_of(
    st.none(), st.builds(choice, st.builds(said, st.sampled_from(["a.person.region", "b.patient.region"]), st.sampled_from(["R1", "R9"])))
)


@given(facts=STATEMENTS, meant=CONCEPTS, chosen=CHOICES, data=st.data())
def test_the_order_of_what_is_said_changes_nothing(facts: list[FactView], meant: Concept, chosen: Choice | None, data: Any) -> None:
    choices = [chosen] if chosen else []
    other = data.draw(st.permutations(facts))
    assert settle(facts, [meant], choices) == settle(other, [meant], choices)


@given(facts=STATEMENTS, meant=CONCEPTS, chosen=CHOICES)
def test_once_is_enough_and_nothing_is_invented(facts: list[FactView], meant: Concept, chosen: Choice | None) -> None:
    choices = [chosen] if chosen else []
    once = applied(facts, [meant], choices)
    assert [value_of(one) for one in applied(once, [meant], choices)] == [value_of(one) for one in once]
    assert {value_of(one) for one in once} <= {value_of(one) for one in facts}
    assert [one.name for one in once] == [one.name for one in facts]
    for standing in settle(facts, [meant], choices):
        assert standing.deciding in facts and set(standing.said) <= set(facts)
        assert len({value_of(one) for one in once if one.name in meant.facts}) == 1


# Decided together


def household() -> list[Concept]:
    """Two that are decided together, and one beside them."""
    size, spouse = (
        Concept(code, (f"own.home.{code}", f"reg.home.{code}"), "order", True, TEXT, TEXT, "household") for code in ("size", "spouse")
    )
    return [size, spouse, concept()]


def own(key: str, value: int) -> FactView:
    return said(f"own.home.{key}", value, "citizen")


def registered(key: str, value: int) -> FactView:
    return said(f"reg.home.{key}", value, "register")


def picked(fact: FactView) -> Choice:
    return choice(fact, concept=fact.key)


def test_of_what_is_decided_together_one_voice_decides_all() -> None:
    facts = [own("size", 3), own("spouse", 40), registered("size", 2), registered("spouse", 41), ONE, TWO]
    right = [picked(registered("size", 2)), picked(registered("spouse", 41))]
    assert [one.deciding.source for one in settle(facts, household(), right)] == ["register", "register", "register"]
    half = settle(facts, household(), right[:1])
    assert [one.deciding.source for one in half[:2]] == ["citizen", "citizen"] and half[0].lapsed and not half[1].lapsed
    stale = settle([*facts[:3], registered("spouse", 42)], household(), right)
    assert [(one.deciding.source, one.lapsed) for one in stale] == [("citizen", True), ("citizen", True)]


def test_what_the_deciding_voice_does_not_say_is_left_out() -> None:
    facts = [own("size", 1), registered("size", 2), registered("spouse", 41), ONE]
    assert [(one.name, one.value) for one in applied(facts, household())] == [
        ("own.home.size", 1), ("reg.home.size", 1), ("a.person.region", "R1"),
    ]  # fmt: skip
    theirs = applied(facts, household(), [picked(registered("size", 2))])
    assert [(one.name, one.value) for one in theirs[:3]] == [("own.home.size", 2), ("reg.home.size", 2), ("reg.home.spouse", 41)]
    assert applied(facts[1:], household()) == tuple(facts[1:]), "of one voice nothing is left out"


# The vocabulary's own


def test_every_fact_of_a_concept_is_in_the_vocabulary_and_of_one_kind() -> None:
    schemas = {doc["code"]: doc["schema"]["properties"] for doc in documents("categories") if "properties" in doc["schema"]}
    assert concepts.concepts(), "there are some"
    for one in concepts.concepts():
        found = []
        for name in one.facts:
            category, _, key = name.rpartition(".")
            assert key in schemas[category], name
            found.append({rule: value for rule, value in schemas[category][key].items() if rule in ("type", "pattern", "enum", "x-unit")})
        assert all(rules == found[0] for rules in found), f"{one.code}: what is the same is said in the same codes"


@pytest.mark.parametrize(
    "changes",
    [{"facts": ["a.b.c"]}, {"decides": "by lot"}, {"why": {"fi": "x"}}, {"more": 1}, {"facts": ["a.b.c", "a.b.c"]}],
    ids=["one fact", "rule", "languages", "unknown", "twice"],
)
def test_what_is_no_concept_is_refused(changes: dict[str, Any]) -> None:
    good = {"code": "region", "name": TEXT, "facts": ["a.b.c", "d.e.f"], "decides": "order", "citizen_may_choose": True, "why": TEXT}
    assert concepts.read([good])
    with pytest.raises(ConceptWrong):
        concepts.read([good | changes])
    with pytest.raises(ConceptWrong):
        concepts.read([good, good | {"code": "again"}])
