"""Who may act for whom: properties over all mandates, and the days on which they turn."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import consent
from consent.rules import mandates as rules
from consent.rules.mandates import Deed, LastWord, MandateFault, MandateKind, MandateScope, MandateState, MandateView, Theme
from consent.themes import themes, words

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
AINO, BERTIL, CECILIA, DAGNY = (UUID(int=n) for n in range(1, 5))
THEMES = {
    "family": Theme("family", frozenset({"population.person"}), frozenset({"own-overview", "benefit-application"})),
    "taxation": Theme("taxation", frozenset({"tax.income"}), frozenset({"benefit-application"})),
    "housing": Theme("housing", frozenset({"tax.housing"}), frozenset({"own-overview"})),
}
ALL = frozenset(c for t in THEMES.values() for c in t.categories)

moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
people = st.sampled_from([AINO, BERTIL, CECILIA, DAGNY])
theme_sets = st.frozensets(st.sampled_from(sorted(THEMES)))
categories = st.frozensets(st.sampled_from(sorted(ALL)))
meanings = st.tuples(*(st.builds(Theme, st.just(code), categories, st.just(frozenset({"own-overview"}))) for code in THEMES))


def mandate(**changes: object) -> MandateView:
    base = MandateView(
        id=uuid4(),
        principal=AINO,
        attorney=BERTIL,
        kind=MandateKind.POWER_OF_ATTORNEY,
        state=MandateState.STANDING,
        themes=frozenset({"family"}),
        not_before=NOW - timedelta(days=1),
        expires_at=NOW + timedelta(days=1),
    )
    made = replace(base, **changes)  # type: ignore[arg-type]
    return made if "meant" in changes else replace(made, meant=rules.meaning(made.themes, THEMES))


@st.composite
def any_mandate(draw: st.DrawFn, *, depth: int = 1) -> MandateView:
    parent = draw(st.none() | any_mandate(depth=depth - 1)) if depth else None
    return MandateView(
        id=uuid4(),
        principal=draw(people),
        attorney=draw(st.none() | people),
        kind=draw(st.sampled_from(MandateKind)),
        state=draw(st.sampled_from(MandateState)),
        themes=draw(theme_sets),
        not_before=draw(moments),
        expires_at=draw(st.none() | moments),
        freezes_at=draw(st.none() | moments),
        may_delegate=draw(st.booleans()),
        parent=parent,
        meant=draw(meanings),
    )


def may(
    one: MandateView, deed: Deed = Deed.SEE, *, now: datetime = NOW, wanted: frozenset[str] = frozenset(), purpose: str | None = None
) -> object:
    scope = rules.scope_of(one, THEMES)
    return rules.may_act(one, deed, scope=scope, now=now, categories=wanted, purpose=purpose, all_categories=ALL)


@given(any_mandate(), st.sampled_from(Deed), moments, categories)
def test_who_may_act_holds_a_standing_mandate_of_this_very_moment(
    one: MandateView, deed: Deed, now: datetime, wanted: frozenset[str]
) -> None:
    if may(one, deed, now=now, wanted=wanted) is not None:
        return
    assert one.state is MandateState.STANDING and one.attorney not in (None, one.principal)
    assert one.not_before <= now and (one.expires_at is None or now < one.expires_at)
    assert one.freezes_at is None or now < one.freezes_at
    if one.kind is MandateKind.POWER_OF_ATTORNEY:
        assert wanted <= frozenset(c for t in one.themes for c in THEMES[t].categories)
        assert wanted <= frozenset(c for t in one.meant if t.code in one.themes for c in t.categories), "no theme stretches it"
        assert deed not in (Deed.EXPORT, Deed.CONCERN)
    if one.kind is MandateKind.ESTATE:
        assert deed in (Deed.SEE, Deed.WITHDRAW, Deed.EXPORT)
    if one.parent is not None:
        assert one.parent.may_delegate and one.parent.principal == one.principal and one.parent.parent is None
        assert rules.fault_of(one.parent, now=now) is None


@given(any_mandate(depth=2), moments)
def test_what_was_passed_on_dies_with_its_parent_and_never_reaches_further(one: MandateView, now: datetime) -> None:
    assume(one.parent is not None)
    assert one.parent is not None
    if rules.fault_of(one.parent, now=now) is not None:
        assert rules.fault_of(one, now=now) is not None
    if one.kind is one.parent.kind is MandateKind.POWER_OF_ATTORNEY:
        mine, parents = rules.scope_of(one, THEMES), rules.scope_of(one.parent, THEMES)
        assert mine.categories <= parents.categories and mine.purposes <= parents.purposes
    if one.parent.parent is not None:
        assert rules.fault_of(one, now=now) is not None  # two steps are never allowed


@given(any_mandate(), moments, moments)
def test_time_alone_never_gives_a_right_back(one: MandateView, first: datetime, second: datetime) -> None:
    """Once over or frozen, over or frozen for good: only "not yet" passes."""
    first, second = sorted((first, second))
    fault = rules.fault_of(one, now=first)
    if fault is not None and fault is not MandateFault.NOT_YET:
        later = rules.fault_of(one, now=second)
        assert later is not None and (later is not MandateFault.NOT_YET or one.parent is not None)


@given(any_mandate(), moments)
def test_the_state_shown_says_whether_anybody_may_act(one: MandateView, now: datetime) -> None:
    state = rules.state_at(one, now=now)
    if rules.fault_of(one, now=now) is None:
        assert state is MandateState.STANDING
    elif state is MandateState.STANDING:
        assert rules.fault_of(one, now=now) is MandateFault.NOT_YET


@given(any_mandate(), people, moments)
def test_nobody_answers_an_offer_for_both_sides(one: MandateView, who: UUID, now: datetime) -> None:
    if rules.may_answer(one, who=who, now=now) is None:
        assert one.attorney == who != one.principal and one.state is MandateState.OFFERED
        assert one.parent is None or one.parent.attorney != who


@given(any_mandate(), people)
def test_nobody_else_revokes(one: MandateView, who: UUID) -> None:
    if rules.may_revoke(one, who=who) is None:
        assert who in (one.principal, one.attorney) or (one.parent is not None and who == one.parent.attorney)
        assert one.kind is MandateKind.POWER_OF_ATTORNEY or one.state is MandateState.FROZEN


@given(any_mandate(), people, theme_sets, moments, moments, moments)
def test_passing_on_never_widens(
    parent: MandateView, who: UUID, wanted: frozenset[str], until: datetime, since: datetime, now: datetime
) -> None:
    if rules.may_pass_on(parent, who=who, themes=wanted, expires_at=until, not_before=since, now=now) is not None:
        return
    assert parent.attorney == who and parent.may_delegate and parent.parent is None
    assert wanted <= parent.themes and (parent.expires_at is None or until <= parent.expires_at) and parent.not_before <= since
    assert rules.fault_of(parent, now=now) is None


LAST = st.builds(LastWord, by=st.none() | people, no=st.booleans(), stands=st.booleans(), categories=categories, bound=st.booleans())


@given(st.none() | LAST, people, categories, categories, theme_sets)
def test_an_attorney_decides_nothing_anew_that_another_decided(
    last: LastWord | None, who: UUID, wanted: frozenset[str], standing: frozenset[str], mine: frozenset[str]
) -> None:
    scope = rules.scope_of(mandate(themes=mine), THEMES)
    if rules.may_give(last, who=who, categories=wanted, scope=scope, standing=standing) is not None:
        return
    assert standing <= scope.categories
    if last is not None and (not last.categories or last.categories & wanted):
        assert not (last.by is None and (last.no or last.stands)), "the citizen's own decision"
        assert not (last.no and last.bound and last.by not in (None, who)), "another's no"


GUARDIANS = MandateScope(everything=True)


def test_of_two_guardians_either_ends_and_only_who_said_no_gives_again() -> None:
    said_no = LastWord(by=BERTIL, no=True, stands=False)
    for deed in (Deed.WITHDRAW, Deed.DECLINE):
        assert may(mandate(kind=MandateKind.GUARDIAN, attorney=CECILIA), deed, wanted=ALL) is None
    assert rules.may_give(said_no, who=CECILIA, categories=ALL, scope=GUARDIANS) is MandateFault.OTHERS_NO
    assert rules.may_give(said_no, who=BERTIL, categories=ALL, scope=GUARDIANS) is None
    assert rules.may_give(replace(said_no, bound=False), who=CECILIA, categories=ALL, scope=GUARDIANS) is None


def test_a_part_that_another_withdrew_stays_out_and_the_rest_is_free() -> None:
    narrowed = LastWord(by=BERTIL, no=True, stands=True, categories=frozenset({"tax.income"}))
    assert rules.may_give(narrowed, who=CECILIA, categories={"tax.income"}, scope=GUARDIANS) is MandateFault.OTHERS_NO
    assert rules.may_give(narrowed, who=CECILIA, categories={"tax.housing"}, scope=GUARDIANS) is None


@pytest.mark.parametrize("last", [LastWord(None, no=True, stands=False), LastWord(None, no=False, stands=True)])
def test_the_citizens_own_yes_and_no_are_not_an_attorneys_to_change(last: LastWord) -> None:
    assert rules.may_give(last, who=BERTIL, categories=ALL, scope=GUARDIANS) is MandateFault.OWN_DECISION


def test_a_consent_beyond_the_themes_is_not_replaced() -> None:
    scope = rules.scope_of(mandate(), THEMES)
    assert rules.may_give(None, who=BERTIL, categories={"population.person"}, scope=scope, standing=ALL) is MandateFault.OUTSIDE_THEMES


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"state": MandateState.OFFERED}, MandateFault.NOT_ACCEPTED),
        ({"state": MandateState.REVOKED}, MandateFault.REVOKED),
        ({"state": MandateState.DECLINED}, MandateFault.DECLINED),
        ({"state": MandateState.FROZEN}, MandateFault.FROZEN),
        ({"state": MandateState.ENDED}, MandateFault.ENDED),
        ({"expires_at": NOW}, MandateFault.ENDED),
        ({"expires_at": NOW + timedelta(microseconds=1)}, None),
        ({"not_before": NOW + timedelta(microseconds=1)}, MandateFault.NOT_YET),
        ({"not_before": NOW}, None),
        ({"attorney": None}, MandateFault.NOT_ACCEPTED),
        ({"attorney": AINO}, MandateFault.ONESELF),
        ({"kind": MandateKind.GUARDIAN, "expires_at": None, "freezes_at": NOW}, MandateFault.FROZEN),
        ({"kind": MandateKind.GUARDIAN, "expires_at": None, "freezes_at": NOW + timedelta(microseconds=1)}, None),
    ],
)
def test_what_is_wrong_with_a_mandate(changes: dict[str, object], fault: MandateFault | None) -> None:
    assert rules.fault_of(mandate(**changes), now=NOW) is fault


@pytest.mark.parametrize(
    ("kind", "may_do"),
    [
        (MandateKind.GUARDIAN, set(Deed)),
        (MandateKind.POWER_OF_ATTORNEY, {Deed.SEE, Deed.GIVE, Deed.DECLINE, Deed.WITHDRAW, Deed.SUGGEST}),
        (MandateKind.ESTATE, {Deed.SEE, Deed.WITHDRAW, Deed.EXPORT}),
    ],
)
def test_what_each_kind_may_do(kind: MandateKind, may_do: set[Deed]) -> None:
    assert {deed for deed in Deed if may(mandate(kind=kind, themes=frozenset(THEMES)), deed) is None} == may_do


def test_suggestions_are_made_from_everything_and_need_every_theme() -> None:
    assert may(mandate(), Deed.SUGGEST) is MandateFault.OUTSIDE_THEMES
    assert may(mandate(themes=frozenset(THEMES)), Deed.SUGGEST) is None


def test_a_purpose_outside_the_themes_is_outside() -> None:
    assert (
        may(mandate(themes=frozenset({"taxation"})), Deed.GIVE, wanted=frozenset({"tax.income"}), purpose="own-overview")
        is MandateFault.OUTSIDE_THEMES
    )
    assert may(mandate(themes=frozenset({"taxation"})), Deed.GIVE, wanted=frozenset({"tax.income"}), purpose="benefit-application") is None


def test_a_theme_that_is_known_no_more_reaches_nothing() -> None:
    assert rules.scope_of(mandate(themes=frozenset({"gone"})), THEMES) == MandateScope(False)


def offer(**changes: object) -> MandateFault | None:
    wanted: dict[str, object] = {
        "themes": {"family"}, "known": set(THEMES), "start": TODAY, "until": TODAY + timedelta(days=1), "today": TODAY,
    } | changes  # fmt: skip
    return rules.check_offer(**wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"themes": set()}, MandateFault.NO_THEME),
        ({"themes": {"family", "magic"}}, MandateFault.NO_THEME),
        ({"start": TODAY - timedelta(days=1)}, MandateFault.PAST),
        ({"until": TODAY}, MandateFault.PAST),
        ({"start": TODAY + timedelta(days=9), "until": TODAY + timedelta(days=8)}, MandateFault.PAST),
        ({"until": date(2031, 11, 24)}, None),
        ({"until": date(2031, 11, 25)}, MandateFault.TOO_LONG),
    ],
)
def test_what_may_be_offered(changes: dict[str, object], fault: MandateFault | None) -> None:
    assert offer(**changes) is fault


@pytest.mark.parametrize(
    ("deed", "from_age"),
    [(Deed.SEE, 0), (Deed.WITHDRAW, 15), (Deed.DECLINE, 15), (Deed.GIVE, 18), (Deed.EXPORT, 0), (Deed.SUGGEST, 0), (Deed.CONCERN, 15)],
)
def test_what_a_child_may_do_alone(deed: Deed, from_age: int) -> None:
    assert [age for age in range(21) if rules.minor_may(deed, age=age) is None] == list(range(from_age, 21))


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(0, 25 * 366))
def test_age_counts_full_years(born: date, days: int) -> None:
    day, eighteenth = born + timedelta(days=days), rules.eighteenth_birthday(born)
    age = rules.age_on(day, eighteenth=eighteenth)
    assert (age >= 18) == (day >= eighteenth)
    if (born.month, born.day) != (2, 29):
        assert age == day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@given(any_mandate(), people, moments)
def test_only_the_grown_child_reconfirms_and_only_what_is_frozen(one: MandateView, who: UUID, now: datetime) -> None:
    if rules.may_reconfirm(one, who=who, now=now) is None:
        assert who == one.principal and rules.fault_of(one, now=now) is MandateFault.FROZEN


def test_the_vocabulary_puts_every_kind_of_data_in_a_theme() -> None:
    """What is in none, nobody can be given a mandate for: what registers tell of one's children and estates is one's own."""
    folder = Path(consent.__file__).parent / "vocabulary"
    known = {json.loads(p.read_text("utf-8"))["code"] for p in (folder / "categories").glob("*.json")}
    purposes = {json.loads(p.read_text("utf-8"))["code"] for p in (folder / "purposes").glob("*.json")}
    assert {c for t in themes().values() for c in t.categories} == known - {"population.guardianship", "population.estate"}
    assert {p for t in themes().values() for p in t.purposes} <= purposes - {"acting-for-child", "administering-estate"}
    for theme in words():
        assert set(theme.name) == set(theme.description) == {"fi", "sv", "en"} and all(theme.name.values())


@pytest.mark.parametrize("ends", [None, 0, 1, 400])
def test_custody_that_lasts_to_the_birthday_is_frozen_by_it_and_one_that_ended_before_is_over(ends: int | None) -> None:
    birthday = NOW
    until = None if ends is None else birthday + timedelta(days=ends)
    one = mandate(kind=MandateKind.GUARDIAN, themes=frozenset(), freezes_at=birthday, expires_at=until)
    for later in (0, 1, 500):
        now = birthday + timedelta(days=later)
        assert rules.fault_of(one, now=now) is MandateFault.FROZEN and rules.state_at(one, now=now) is MandateState.FROZEN
        over = replace(one, expires_at=birthday - timedelta(seconds=1))
        assert rules.fault_of(over, now=now) is MandateFault.ENDED and rules.state_at(over, now=now) is MandateState.ENDED
