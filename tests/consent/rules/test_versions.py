"""Consents do not stretch: what a change of meaning has left behind is covered no more, and nothing else is lost with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from consent.rules import AccessRequest, Binding, ConsentView, Given, Permit, Refusal, RefusalCode, decide, outdated

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AINO = uuid4()
CATEGORIES = ("tax.income", "tax.housing", "population.household")
numbers = st.integers(1, 4)
given_to = st.builds(Given, numbers, numbers, st.dictionaries(st.sampled_from(CATEGORIES), numbers))
bindings = st.builds(Binding, numbers, numbers, st.dictionaries(st.sampled_from((*CATEGORIES, "other")), numbers))
some = st.frozensets(st.sampled_from(CATEGORIES), min_size=1)


@given(some, given_to, bindings)
def test_a_category_is_left_behind_by_its_own_change_and_all_by_that_of_purpose_or_recipient(
    categories: frozenset[str], to: Given, binding: Binding
) -> None:
    behind = outdated(categories, to, binding)
    if to.purpose < binding.purpose or to.recipient < binding.recipient:
        assert behind == categories
    else:
        assert behind == {c for c in categories if to.categories.get(c, 1) < binding.categories.get(c, 1)}


@given(some, given_to, bindings, bindings)
def test_what_is_behind_stays_behind_as_meanings_change_on(categories: frozenset[str], to: Given, one: Binding, two: Binding) -> None:
    later = Binding(
        max(one.purpose, two.purpose),
        max(one.recipient, two.recipient),
        {c: max(one.categories.get(c, 1), two.categories.get(c, 1)) for c in {*one.categories, *two.categories}},
    )
    assert outdated(categories, to, one) | outdated(categories, to, two) == outdated(categories, to, later)


@given(some, given_to)
def test_new_words_leave_nothing_behind(categories: frozenset[str], to: Given) -> None:
    assert outdated(categories, to, Binding()) == frozenset()
    assert outdated(categories, to, Binding(to.purpose, to.recipient, {c: to.categories.get(c, 1) for c in CATEGORIES})) == frozenset()


def consent(**changes: object) -> ConsentView:
    base = ConsentView(uuid4(), AINO, "office", "benefit", frozenset(CATEGORIES[:2]), NOW - timedelta(days=1), NOW + timedelta(days=1))
    return replace(base, **changes)  # type: ignore[arg-type]


def request(*categories: str, whole: bool = True) -> AccessRequest:
    return AccessRequest(AINO, "office", "benefit", frozenset(categories), all_or_nothing=whole)


@given(st.frozensets(st.sampled_from(CATEGORIES)), some, st.booleans())
def test_nothing_outdated_is_permitted_and_all_else_is(behind: frozenset[str], wanted: frozenset[str], whole: bool) -> None:
    one = consent(categories=frozenset(CATEGORIES), outdated=behind)
    decision = decide(request(*wanted, whole=whole), [one], now=NOW)
    left = wanted - behind
    if left == wanted or (left and not whole):
        assert isinstance(decision, Permit) and decision.categories == left
    else:
        assert isinstance(decision, Refusal) and decision.code is RefusalCode.CONSENT_OUTDATED


def reason(one: ConsentView, *categories: str) -> RefusalCode:
    refusal = decide(request(*categories), [one], now=NOW)
    assert isinstance(refusal, Refusal)
    return refusal.code


def test_withdrawn_and_run_out_are_told_before_outdated() -> None:
    behind = frozenset({"tax.income"})
    assert reason(consent(outdated=behind), "tax.income") is RefusalCode.CONSENT_OUTDATED
    assert reason(consent(outdated=behind, withdrawn=behind), "tax.income") is RefusalCode.CONSENT_WITHDRAWN
    assert reason(consent(outdated=behind, ended_at=NOW), "tax.income") is RefusalCode.CONSENT_WITHDRAWN
    assert reason(consent(outdated=behind, expires_at=NOW), "tax.income") is RefusalCode.CONSENT_EXPIRED
    assert reason(consent(outdated=behind, once=True, spent=behind), "tax.income") is RefusalCode.CONSENT_OUTDATED


def test_a_newer_consent_to_the_new_meaning_opens_what_an_older_one_does_not() -> None:
    older, newer = consent(outdated=frozenset({"tax.income"})), consent(not_before=NOW, categories=frozenset({"tax.income"}))
    decision = decide(request("tax.income"), [older, newer], now=NOW)
    assert isinstance(decision, Permit) and decision.consent_ids == (newer.id,)
