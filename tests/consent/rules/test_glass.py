"""Reading without a consent: only what another operator agreed to, by who asked for it, in its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from consent.rules import AURORA, BREAK_GLASS, CITIZEN, AccessRequest, ConsentView, Glass, GlassFault, Permit, Refusal, RefusalCode, decide
from consent.rules import glass as rules
from consent.rules.glass import MOST_TIME, WAITS, Standing

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
WHOSE, ASKER, DECIDER = uuid4(), uuid4(), uuid4()
INCOME, HOUSEHOLD = "tax.income", "population.household"
APPROVED = Glass(
    uuid4(), WHOSE, frozenset({INCOME, HOUSEHOLD}), ASKER, ASKER, DECIDER, NOW - timedelta(minutes=1), NOW + timedelta(minutes=9)
)


def wanted(*categories: str, purpose: str = BREAK_GLASS, requester: str = AURORA) -> AccessRequest:
    return AccessRequest(WHOSE, requester, purpose, frozenset(categories or (INCOME,)))


def fault(glass: Glass | None, request: AccessRequest | None = None) -> object:
    found = decide(request or wanted(), [], now=NOW, glass=glass)
    assert isinstance(found, Refusal)
    return found.code


def test_who_asked_reads_what_another_agreed_to() -> None:
    permit = decide(wanted(INCOME), [], now=NOW, glass=APPROVED)
    assert isinstance(permit, Permit)
    assert (permit.citizen_id, permit.requester, permit.purpose) == (WHOSE, AURORA, BREAK_GLASS)
    assert permit.categories == {INCOME} and permit.consent_ids == ()
    assert isinstance(decide(wanted(INCOME, HOUSEHOLD), [], now=NOW, glass=APPROVED), Permit)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"approved_at": None, "expires_at": None, "decided_by": None}, GlassFault.NOT_APPROVED),
        ({"decided_by": None}, GlassFault.NOT_APPROVED),
        ({"decided_by": ASKER}, GlassFault.NOT_APPROVED),
        ({"expires_at": None}, GlassFault.NOT_APPROVED),
        ({"citizen_id": uuid4()}, GlassFault.NOT_APPROVED),
        ({"reader": DECIDER}, GlassFault.ANOTHER_OPERATOR),
        ({"reader": uuid4()}, GlassFault.ANOTHER_OPERATOR),
        ({"expires_at": NOW}, GlassFault.APPROVAL_OVER),
        ({"ended_at": NOW + timedelta(minutes=1)}, GlassFault.APPROVAL_OVER),
        ({"approved_at": NOW - MOST_TIME, "expires_at": NOW + timedelta(days=1)}, GlassFault.APPROVAL_OVER),
        ({"categories": frozenset({HOUSEHOLD})}, GlassFault.BEYOND_APPROVAL),
        ({"spent": True}, GlassFault.READ_TWICE),
    ],
)
def test_the_reason_of_a_refusal(change: dict[str, object], code: GlassFault) -> None:
    assert fault(replace(APPROVED, **change)) is code  # type: ignore[arg-type]


def test_without_a_request_nothing_is_read_and_one_category_too_many_refuses_all() -> None:
    assert fault(None) is GlassFault.NOT_APPROVED
    assert fault(APPROVED, wanted(INCOME, "hospital.surgery")) is GlassFault.BEYOND_APPROVAL
    assert fault(APPROVED, replace(wanted(), categories=frozenset())) is GlassFault.BEYOND_APPROVAL


def test_no_consent_counts_for_it_and_it_counts_for_nothing_else() -> None:
    consent = ConsentView(uuid4(), WHOSE, AURORA, BREAK_GLASS, frozenset({INCOME}), NOW - timedelta(days=1), NOW + timedelta(days=1))
    refused = decide(wanted(), [consent], now=NOW)
    assert isinstance(refused, Refusal) and refused.code is GlassFault.NOT_APPROVED
    for purpose, requester in (("service-suggestions", AURORA), ("benefit-application", "benefits-office")):
        refused = decide(wanted(purpose=purpose, requester=requester), [], now=NOW, glass=APPROVED)
        assert isinstance(refused, Refusal) and refused.code is RefusalCode.NO_CONSENT
    for requester in ("benefits-office", CITIZEN):
        refused = decide(wanted(requester=requester), [consent], now=NOW, glass=APPROVED)
        assert isinstance(refused, Refusal) and refused.code is RefusalCode.PURPOSE_NOT_COVERED


def test_time_alone_ends_a_request_and_an_approval() -> None:
    def at(state: str, now: datetime, *, expires: datetime | None = None, ended: datetime | None = None) -> Standing:
        return rules.standing(state=state, asked_at=NOW, expires_at=expires, ended_at=ended, now=now)

    assert at("asked", NOW + WAITS - timedelta(seconds=1)) is Standing.WAITS
    assert at("asked", NOW + WAITS) is Standing.LAPSED
    until = NOW + timedelta(minutes=10)
    assert at("approved", until - timedelta(seconds=1), expires=until) is Standing.OPEN
    assert at("approved", until, expires=until) is Standing.OVER
    assert at("approved", NOW + timedelta(minutes=2), expires=until, ended=NOW + timedelta(minutes=1)) is Standing.OVER
    assert [at(state, NOW) for state in ("declined", "taken_back", "nobody")] == [Standing.DECLINED, Standing.TAKEN_BACK, Standing.NOBODY]
    assert rules.over_at(expires_at=until, ended_at=None) == until
    assert rules.over_at(expires_at=until, ended_at=NOW) == NOW
