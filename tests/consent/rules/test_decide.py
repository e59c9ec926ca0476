"""The decision: who may, who may not, and which reason is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.rules import AURORA, CITIZEN, AccessRequest, ConsentView, Permit, Refusal, RefusalCode, decide

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AINO, CECILIA = uuid4(), uuid4()
CATEGORIES = ("tax.income", "tax.housing", "population.household")


def consent(**changes: object) -> ConsentView:
    base = ConsentView(
        id=uuid4(),
        citizen_id=AINO,
        recipient="office",
        purpose="benefit-application",
        categories=frozenset({"tax.income"}),
        not_before=NOW - timedelta(days=1),
        expires_at=NOW + timedelta(days=1),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def request(*categories: str, **changes: object) -> AccessRequest:
    base = AccessRequest(AINO, "office", "benefit-application", frozenset(categories or ("tax.income",)))
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_live_consent_for_recipient_purpose_and_category_permits() -> None:
    given_consent = consent()
    permit = decide(request(), [given_consent], now=NOW)
    assert isinstance(permit, Permit)
    assert permit.consent_ids == (given_consent.id,) and permit.categories == {"tax.income"}


@pytest.mark.parametrize(
    ("consents", "code"),
    [
        ([], RefusalCode.NO_CONSENT),
        ([consent(recipient="other")], RefusalCode.NO_CONSENT),
        ([consent(citizen_id=CECILIA)], RefusalCode.NO_CONSENT),
        ([consent(purpose="own-overview")], RefusalCode.PURPOSE_NOT_COVERED),
        ([consent(categories=frozenset({"tax.housing"}))], RefusalCode.CATEGORY_NOT_COVERED),
        ([consent(ended_at=NOW)], RefusalCode.CONSENT_WITHDRAWN),
        ([consent(expires_at=NOW)], RefusalCode.CONSENT_EXPIRED),
        ([consent(not_before=NOW + timedelta(seconds=1))], RefusalCode.NOT_YET_VALID),
        ([consent(once=True, spent=frozenset({"tax.income"}))], RefusalCode.USED_UP),
        (
            [consent(categories=frozenset({"tax.income", "tax.housing"}), withdrawn=frozenset({"tax.income"}))],
            RefusalCode.CONSENT_WITHDRAWN,
        ),
        ([consent(expires_at=NOW - timedelta(hours=1), ended_at=NOW)], RefusalCode.CONSENT_EXPIRED),
    ],
)
def test_the_reason_of_a_refusal(consents: list[ConsentView], code: RefusalCode) -> None:
    refusal = decide(request(), consents, now=NOW)
    assert isinstance(refusal, Refusal) and refusal.code is code


def reason(wanted: AccessRequest, *consents: ConsentView) -> RefusalCode:
    refusal = decide(wanted, consents, now=NOW)
    assert isinstance(refusal, Refusal)
    return refusal.code


def test_the_newest_consent_tells_the_reason() -> None:
    older, newer = {"not_before": NOW - timedelta(days=9)}, {"not_before": NOW - timedelta(days=2)}
    run_out, withdrawn = {"expires_at": NOW}, {"ended_at": NOW - timedelta(days=5)}
    assert reason(request(), consent(**older, **withdrawn), consent(**newer, **run_out)) is RefusalCode.CONSENT_EXPIRED
    assert reason(request(), consent(**newer, **run_out), consent(**older, **withdrawn)) is RefusalCode.CONSENT_EXPIRED
    assert reason(request(), consent(**older, **run_out), consent(**newer, **withdrawn)) is RefusalCode.CONSENT_WITHDRAWN
    once = consent(**newer, once=True, spent=frozenset({"tax.income"}))
    assert reason(request(), consent(**older, **withdrawn), once) is RefusalCode.USED_UP


def test_only_a_consent_that_concerns_what_is_missing_tells_the_reason() -> None:
    withdrawn = consent(not_before=NOW - timedelta(days=9), ended_at=NOW)
    housing = consent(categories=frozenset({"tax.housing"}), expires_at=NOW)
    assert reason(request("tax.income"), withdrawn, housing) is RefusalCode.CONSENT_WITHDRAWN
    assert reason(request("tax.income", "tax.housing"), withdrawn, housing) is RefusalCode.CONSENT_EXPIRED


def test_of_the_same_moment_withdrawn_is_told_before_anything_else() -> None:
    assert reason(request(), consent(expires_at=NOW), consent(ended_at=NOW)) is RefusalCode.CONSENT_WITHDRAWN


def test_consents_add_up_over_categories_but_not_over_purposes() -> None:
    both = request("tax.income", "tax.housing")
    housing = consent(categories=frozenset({"tax.housing"}))
    assert isinstance(decide(both, [consent(), housing], now=NOW), Permit)
    other = replace(housing, purpose="own-overview")
    assert isinstance(decide(both, [consent(), other], now=NOW), Refusal)


def test_a_partial_request_gets_the_part_that_is_covered() -> None:
    some = request("tax.income", "tax.housing", all_or_nothing=False, requester=AURORA)
    permit = decide(some, [consent(recipient=AURORA)], now=NOW)
    assert isinstance(permit, Permit) and permit.categories == {"tax.income"}


def test_the_citizen_needs_no_consent_for_their_own_data() -> None:
    permit = decide(request(requester=CITIZEN, purpose="own-data"), [], now=NOW)
    assert isinstance(permit, Permit) and permit.consent_ids == ()


def test_nobody_else_can_build_a_permit() -> None:
    with pytest.raises(TypeError):
        Permit(uuid4(), AINO, "office", "p", frozenset(), (), NOW)
    real = decide(request(), [consent()], now=NOW)
    assert isinstance(real, Permit) and "_seal" not in repr(real)


views = st.builds(
    consent,
    recipient=st.sampled_from(["office", "other", AURORA]),
    purpose=st.sampled_from(["benefit-application", "own-overview"]),
    categories=st.frozensets(st.sampled_from(CATEGORIES), min_size=1),
    citizen_id=st.sampled_from([AINO, CECILIA]),
    not_before=st.sampled_from([NOW - timedelta(days=2), NOW + timedelta(days=2)]),
    expires_at=st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(days=3)]),
    ended_at=st.sampled_from([None, NOW - timedelta(hours=1), NOW + timedelta(hours=1)]),
)
asked = st.builds(
    lambda categories, whole: request(*categories, all_or_nothing=whole),
    st.sets(st.sampled_from(CATEGORIES), min_size=1),
    st.booleans(),
)


@given(asked, st.lists(views, max_size=6))
def test_every_permitted_category_rests_on_a_live_consent_of_exactly_this_kind(wanted: AccessRequest, consents: list[ConsentView]) -> None:
    decision = decide(wanted, consents, now=NOW)
    fit = [
        c
        for c in consents
        if (c.citizen_id, c.recipient, c.purpose) == (AINO, "office", "benefit-application")
        and c.not_before <= NOW < c.expires_at
        and c.ended_at is None
    ]
    covered = frozenset[str]().union(*(c.categories for c in fit)) & wanted.categories
    if isinstance(decision, Permit):
        assert decision.categories == covered and set(decision.consent_ids) <= {c.id for c in fit}
    else:
        assert covered != wanted.categories if wanted.all_or_nothing else not covered


@given(asked, st.lists(views, max_size=6))
def test_a_withdrawal_never_widens_what_is_permitted(wanted: AccessRequest, consents: list[ConsentView]) -> None:
    before = decide(wanted, consents, now=NOW)
    after = decide(wanted, [replace(c, ended_at=NOW) for c in consents], now=NOW)
    assert isinstance(after, Refusal)
    assert isinstance(before, (Permit, Refusal))


OF_A_CONSENT = {RefusalCode.CONSENT_WITHDRAWN, RefusalCode.CONSENT_EXPIRED, RefusalCode.NOT_YET_VALID, RefusalCode.USED_UP}


@given(asked, st.lists(views, max_size=6), st.lists(views, max_size=3))
def test_what_ended_long_ago_changes_no_decision_that_newer_consents_explain(
    wanted: AccessRequest, consents: list[ConsentView], former: list[ConsentView]
) -> None:
    before = decide(wanted, consents, now=NOW)
    long_ago = [replace(c, not_before=NOW - timedelta(days=90), ended_at=NOW - timedelta(days=60)) for c in former]
    after = decide(wanted, [*long_ago, *consents], now=NOW)
    if isinstance(before, Permit):
        assert isinstance(after, Permit) and (after.categories, after.consent_ids) == (before.categories, before.consent_ids)
    else:
        assert isinstance(after, Refusal)
        assert after.code is before.code or (
            before.code not in OF_A_CONSENT and after.code not in OF_A_CONSENT - {RefusalCode.CONSENT_WITHDRAWN}
        )


@given(asked, st.lists(views, max_size=6), st.randoms())
def test_the_order_of_consents_does_not_matter(wanted: AccessRequest, consents: list[ConsentView], random: Random) -> None:
    shuffled = random.sample(consents, len(consents))
    first, second = decide(wanted, consents, now=NOW), decide(wanted, shuffled, now=NOW)
    if isinstance(first, Permit):
        assert isinstance(second, Permit)
        assert (second.categories, set(second.consent_ids)) == (first.categories, set(first.consent_ids))
    else:
        assert first == second


def test_what_was_withdrawn_of_a_consent_is_refused_and_the_rest_is_not() -> None:
    narrowed = consent(categories=frozenset({"tax.income", "tax.housing"}), withdrawn=frozenset({"tax.income"}))
    rest = decide(request("tax.housing"), [narrowed], now=NOW)
    assert isinstance(rest, Permit) and rest.categories == {"tax.housing"}
    assert reason(request("tax.income"), narrowed) is RefusalCode.CONSENT_WITHDRAWN
    assert reason(request("tax.income", "tax.housing"), narrowed) is RefusalCode.CONSENT_WITHDRAWN
    some = decide(request("tax.income", "tax.housing", all_or_nothing=False), [narrowed], now=NOW)
    assert isinstance(some, Permit) and some.categories == {"tax.housing"}


@given(asked, st.lists(views, max_size=6), st.sets(st.sampled_from(CATEGORIES)))
def test_taking_categories_out_is_as_if_they_had_not_been_given_but_for_the_reason(
    wanted: AccessRequest, consents: list[ConsentView], gone: set[str]
) -> None:
    narrowed = decide(wanted, [replace(c, withdrawn=frozenset(gone)) for c in consents], now=NOW)
    never = decide(wanted, [replace(c, categories=c.categories - gone) for c in consents], now=NOW)
    if isinstance(never, Permit):
        assert isinstance(narrowed, Permit)
        assert (narrowed.categories, narrowed.consent_ids) == (never.categories, never.consent_ids)
        assert not narrowed.categories & gone
    else:
        assert isinstance(narrowed, Refusal)


@given(asked, st.lists(views, max_size=6))
def test_all_categories_taken_out_is_the_whole_withdrawn(wanted: AccessRequest, consents: list[ConsentView]) -> None:
    emptied = decide(wanted, [replace(c, withdrawn=c.categories) for c in consents], now=NOW)
    assert isinstance(emptied, Refusal)
