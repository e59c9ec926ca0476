"""Rules answer yes, no or unknown, and unknown names the facts that settle it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue import catalogue
from recommender.eligibility import Answer, Facts, Rule
from recommender.errors import RuleError
from recommender.profile import Profile
from tests.recommender.strategies import complete, profiles

AGE, WAGES, SIZE = "population.person.age", "tax.income.wages", "population.household.household_size"
SIGHT = "social.disability.visual_impairment"
RULES = {service.identifier: service.rule for service in catalogue().values() if service.rule}
SIGNALS = [signal.when for service in catalogue().values() for signal in service.signals]


def outcome(rule: str, **facts: Any):
    names = {"age": AGE, "wages": WAGES, "size": SIZE, "sight": SIGHT}
    return Rule(rule).outcome(Facts(Profile({names[name]: value for name, value in facts.items()})))


@pytest.mark.parametrize(
    ("rule", "facts", "answer", "decided_by", "missing"),
    [
        (f"{AGE} >= 65", {"age": 65}, "yes", (AGE,), ()),
        (f"{AGE} >= 65", {"age": 64}, "no", (AGE,), ()),
        (f"{AGE} >= 65", {}, "unknown", (), (AGE,)),
        (f"{WAGES} == 0", {"wages": 0}, "yes", (WAGES,), ()),
        (f"{WAGES} == 0", {}, "unknown", (), (WAGES,)),
        (f"{AGE} >= 65 || {SIGHT}", {"age": 70}, "yes", (AGE,), ()),
        (f"{AGE} >= 65 || {SIGHT}", {"sight": True}, "yes", (SIGHT,), ()),
        (f"{AGE} >= 65 || {SIGHT}", {"age": 30}, "unknown", (), (SIGHT,)),
        (f"{AGE} >= 65 && {SIGHT}", {"age": 30}, "no", (AGE,), ()),
        (f"{AGE} >= 65 && {SIGHT}", {"sight": False}, "no", (SIGHT,), ()),
        (f"{AGE} >= 65 && {SIGHT}", {}, "unknown", (), (AGE, SIGHT)),
        (f"!({AGE} >= 65) && !{SIGHT}", {"age": 30, "sight": False}, "yes", (AGE, SIGHT), ()),
        (f"({AGE} >= 65 && {SIGHT}) || ({AGE} < 65 && {WAGES} < 9)", {"age": 70}, "unknown", (), (SIGHT,)),
        (f"({AGE} >= 65 && {SIGHT}) || ({AGE} < 65 && {WAGES} < 9)", {"age": 30}, "unknown", (), (WAGES,)),
        (f"{WAGES} <= 100 * {SIZE} + 50", {"wages": 10}, "unknown", (), (SIZE,)),
        (f"({WAGES} + 50) * 2 <= 100 * {SIZE}", {"wages": 50, "size": 2}, "yes", (WAGES, SIZE), ()),
        (f"{AGE} in [64, 65]", {"age": 64}, "yes", (AGE,), ()),
        ("true", {}, "yes", (), ()),
    ],
)
def test_a_rule_answers_from_known_facts_alone(rule, facts, answer, decided_by, missing) -> None:
    found = outcome(rule, **facts)
    assert (found.answer.value, found.decided_by, found.missing) == (answer, decided_by, missing)


def test_missing_facts_are_grouped_by_what_a_connection_would_bring() -> None:
    found = outcome(f"{SIGHT} || {WAGES} + tax.income.interest < 900 * {SIZE}")
    assert found.missing_by_category == {
        "population.household": (SIZE,),
        "tax.income": (WAGES, "tax.income.interest"),
        "social.disability": (SIGHT,),
    }


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "   ",
        "&&",
        f"{AGE} >=",
        f"{AGE} >= 65 &&",
        f"({AGE} >= 65",
        f"{AGE} >= 65)",
        f"{AGE}",
        f"{AGE} + 1",
        f"{AGE} >= 65.5",
        f"{AGE} >= 'x'",
        f"!{AGE} >= 65",
        f"!({AGE} + 1) >= 65",
        f"{AGE} >= 65 ? true : false",
        f"has({AGE})",
        f"size({AGE}) > 1",
        f"{AGE}.size() > 1",
        f"{AGE} >= 99999999999999999999",
        "[1, 2].exists(x, x > 1)",
        "tax.income.bonus > 3",
        "population.person.marital_status == 'maried'",
        "population.person.age == '65'",
        "'a' == 'a'",
        "(" * 60 + "true" + ")" * 60,
        "true || " * 400 + "true",
        f"{AGE} >= 65; {AGE}",
        "__import__ == 1",
        # What would loop or explode: macros, lists, products, nesting of other things than conditions.
        f"[1, 2, 3].map(x, [x, x]).all(y, {AGE} > 1)",
        f"{AGE} in [{', '.join(map(str, range(200)))}]",
        f"{AGE} > {'(' * 300}1{')' * 300}",
        f"{'!' * 300}social.disability.visual_impairment",
        f"{AGE} > {'1 * ' * 100}1",
        f"{AGE} * 9223372036854775807 > 1",
        f"{WAGES} * {WAGES} > 1",
        " || ".join(["true"] * 101),
    ],
)
def test_what_is_no_rule_over_known_facts_is_refused(rule) -> None:
    with pytest.raises(RuleError):
        Rule(rule)


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_random_text_is_refused_or_a_rule(text) -> None:
    with contextlib.suppress(RuleError):
        assert Rule(text).source == text


@pytest.mark.parametrize("identifier", RULES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_unknown_lists_the_facts_whose_knowing_settles(identifier, data) -> None:
    """Whatever the missing facts turn out to be, knowing them is enough; no more than the rule's facts are named."""
    rule = RULES[identifier]
    profile = data.draw(profiles(rule.facts))
    found = rule.outcome(Facts(profile))
    assert found.answer is rule.answer(Facts(profile))
    if found.answer is not Answer.UNKNOWN:
        assert found.missing == () and set(found.decided_by) <= profile.known
        return
    assert found.missing and not set(found.missing) & profile.known and set(found.missing) <= set(rule.facts)
    filled = Profile({**profile.facts, **data.draw(complete(found.missing))})
    assert rule.outcome(Facts(filled)).answer is not Answer.UNKNOWN


@settings(max_examples=150, deadline=None)
@given(profiles(tuple(dict.fromkeys(key for rule in [*RULES.values(), *SIGNALS] for key in rule.facts))))
def test_the_parts_of_a_rule_answer_as_the_whole(profile) -> None:
    """Our reading of the connectives agrees with the engine's, on the catalogue's rules and signals."""
    facts = Facts(profile)
    for rule in [*RULES.values(), *SIGNALS]:
        assert rule.outcome(facts).answer is rule.answer(facts), rule.source


@settings(max_examples=60, deadline=None)
@given(profile=profiles(), data=st.data())
def test_what_is_decided_stays_decided_when_more_is_known(profile, data) -> None:
    unknown = profile.unknown(tuple(dict.fromkeys(key for rule in RULES.values() for key in rule.facts)))
    less, more = Facts(profile), Facts(Profile({**profile.facts, **data.draw(complete(unknown))}))
    for rule in RULES.values():
        before = rule.answer(less)
        assert before is Answer.UNKNOWN or rule.answer(more) is before
