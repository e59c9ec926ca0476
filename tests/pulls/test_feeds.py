"""A feed knows where the last answer ended and when to ask again; what has not changed writes nothing but that it was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from tax_office import BOTH, HOUSING, INCOME, TAX, Case, TaxOffice, details, known, open_case, values

from aurora.identity import vault
from aurora.journeys import pull as journey
from aurora.journeys.withdraw import end
from aurora.sources import connections, feeds, policy, pulls
from aurora.sources.connectors import CONNECTORS, Answer, Asked, Mark, Unchanged, json_oauth
from aurora.sources.models import DataSource, Feed
from aurora.twin.models import Fact
from consent.models import ConsentRecord
from consent.queries import current_categories
from consent.scope import citizen_scope

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


class Remembering:
    """The office as it would be if it told apart what is new: the real connector's answers, with marks; and what it was asked `since`."""

    def __init__(self) -> None:
        self.since: dict[str, Mark] = {}
        self.gone: frozenset[str] | None = None
        self.told: dict[str, Any] | None = None
        self.number = 0

    def fetch(self, asked: Asked) -> Answer | Unchanged:
        category = asked.category.category_id
        self.since[category] = asked.since
        if asked.since.etag == '"same"' and self.told is None:
            return Unchanged(category)
        self.number += 1
        answer = replace(json_oauth.fetch(asked), mark=Mark(etag='"same"', cursor=f"after-{self.number}"))
        if self.told is not None:
            return replace(answer, facts=self.told, gone=self.gone)
        return answer


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Remembering]:
    made = Remembering()
    monkeypatch.setitem(CONNECTORS, "json_oauth", made.fetch)
    yield made


def feed_rows(case: Case) -> dict[str, Feed]:
    with citizen_scope(case.citizen_id):
        return {row.category: row for row in feeds.of_connection(connection_id=case.connection_id)}


def again(case: Case, *categories: str) -> None:
    """One more pull of the connection, as the planner makes it."""
    with citizen_scope(case.citizen_id):
        case.pull_id = pulls.enqueue(connection=case.connection, categories=categories or BOTH, now=timezone.now()).pk
    journey.run(pull_id=case.pull_id)


def declare(**settings: Any) -> None:
    DataSource.objects.filter(agency__code=TAX).update(settings=settings)


def between(at: datetime, low: timedelta, high: timedelta) -> bool:
    return timezone.now() + low <= at <= timezone.now() + high


# When


def test_a_connection_begins_with_its_feeds_and_each_is_due_by_what_the_source_declares(office: TaxOffice) -> None:
    declare(freshness={INCOME: 7 * 86_400, "*": 3600})
    rows = feed_rows(open_case(office.grant(*BOTH), *BOTH))
    assert set(rows) == set(BOTH)
    assert between(rows[INCOME].due_at, 6 * DAY, 8 * DAY) and between(rows[HOUSING].due_at, 50 * 60 * SECOND, 70 * 60 * SECOND)
    assert all(row.seen_at is None and row.error == "" and row.mark_sealed is None for row in rows.values())


def test_due_times_of_a_campaign_lie_apart(office: TaxOffice) -> None:
    due = [feed_rows(open_case(office.grant(INCOME), INCOME))[INCOME].due_at for _ in range(5)]
    assert len(set(due)) == 5 and max(due) - min(due) > timedelta(minutes=1)


def test_an_answer_is_seen_and_due_again(case: Case) -> None:
    journey.run(pull_id=case.pull_id)
    for row in feed_rows(case).values():
        assert row.seen_at == case.pull.finished_at and between(row.due_at, 0.85 * DAY, 1.15 * DAY)


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({}, []),
        ({"freshness": {"tax.income": 60}, "pace": {"a_second": 0.5, "at_once": 2}, "breaker": {"failures": 3, "pause": 5}}, []),
        ({"freshness": {"tax.income": "day"}}, ["freshness.tax.income"]),
        ({"freshness": {"*": True}}, ["freshness.*"]),
        ({"freshness": []}, ["freshness"]),
        ({"pace": {"a_second": 0}, "breaker": {"failures": 0}}, ["breaker.failures", "pace.a_second"]),
        ({"pace": {"a_minute": 5}}, ["pace.a_minute"]),
        ({"pace": {"at_once": 1.5}, "other": 1}, ["pace.at_once"]),
    ],
    ids=["nothing", "all", "a word", "a truth", "a list", "noughts", "unknown", "half a request"],
)
def test_what_makes_no_sense_counts_as_not_declared_and_is_told(settings: dict[str, Any], faults: list[str]) -> None:
    assert policy.faults(settings) == faults
    if faults:
        found = policy.of(settings)
        assert found == policy.Policy(freshness={}) and found.fresh(INCOME) == DAY


def test_what_the_source_corrects_is_due_at_once(case: Case) -> None:
    journey.run(pull_id=case.pull_id)
    now = timezone.now()
    with citizen_scope(case.citizen_id):
        assert feeds.make_due(citizen_id=case.citizen_id, source=TAX, categories=[INCOME], now=now) == 1
    assert feed_rows(case)[INCOME].due_at == now and feed_rows(case)[HOUSING].due_at > now


# Since where


def test_the_next_pull_asks_since_the_last_and_unchanged_writes_an_entry_and_seen_and_nothing_else(
    case: Case, remembering: Remembering
) -> None:
    journey.run(pull_id=case.pull_id)
    assert remembering.since == dict.fromkeys(BOTH, Mark())
    with citizen_scope(case.citizen_id):
        facts = list(Fact.objects.order_by("pk").values())
    before, marks = feed_rows(case), {c: bytes(r.mark_sealed or b"") for c, r in feed_rows(case).items()}
    again(case)
    assert set(remembering.since) == set(BOTH) and {m.etag for m in remembering.since.values()} == {'"same"'}
    assert case.pull.state == "done" and case.parts == dict.fromkeys(BOTH, ("same", 0, ""))
    with citizen_scope(case.citizen_id):
        assert list(Fact.objects.order_by("pk").values()) == facts
    assert case.events() == ["aurora:pull:completed"] * 2 and case.entries[-1].categories == sorted(BOTH)
    assert details(case)["unchanged"] == sorted(BOTH) and details(case)["facts"] == 0
    for category, row in feed_rows(case).items():
        assert row.seen_at > before[category].seen_at and bytes(row.mark_sealed or b"") == marks[category]


def test_the_office_itself_is_asked_since_its_etag(case: Case, office: TaxOffice) -> None:
    """Over HTTP: 304, and nothing of the citizen's comes a second time."""
    journey.run(pull_id=case.pull_id)
    assert all(row.mark_sealed for row in feed_rows(case).values())
    asked = office.asked("data")
    again(case)
    assert office.asked("data") == asked + len(BOTH) and case.parts == dict.fromkeys(BOTH, ("same", 0, ""))
    with citizen_scope(case.citizen_id):
        feeds.make_due(citizen_id=case.citizen_id, source=TAX, categories=BOTH, now=timezone.now(), whole=True)
    again(case)
    assert case.parts == {c: ("same", len(known(c)), "") for c in BOTH}, "told as a whole, and found equal"


def test_a_mark_is_sealed_for_its_citizen_and_its_place(case: Case, remembering: Remembering) -> None:
    journey.run(pull_id=case.pull_id)
    row = feed_rows(case)[INCOME]
    assert row.mark_sealed and b"same" not in bytes(row.mark_sealed) and b"after" not in bytes(row.mark_sealed)
    with citizen_scope(case.citizen_id), pytest.raises(vault.VaultClosed):
        vault.open_sealed(row.mark_sealed, citizen_id=case.citizen_id, context=feeds._context(case.connection_id, HOUSING))


def test_an_increment_adds_changes_and_ends_what_it_names_and_leaves_the_rest(case: Case, remembering: Remembering) -> None:
    journey.run(pull_id=case.pull_id)
    held = known(INCOME)
    first, second = sorted(key.rsplit(".", 1)[1] for key in held)[:2]
    remembering.told, remembering.gone = {first: 12_345}, frozenset({second})
    again(case, INCOME)
    assert remembering.since[INCOME].cursor.startswith("after-")
    wanted = {**known(*BOTH), f"{INCOME}.{first}": 12_345}
    wanted.pop(f"{INCOME}.{second}")
    assert values(case) == wanted


def test_an_increment_on_nothing_is_no_answer(case: Case, remembering: Remembering) -> None:
    remembering.told, remembering.gone = {"wages": 1}, frozenset()
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error) == ("failed", "invalid_answer") and not case.facts


@pytest.mark.parametrize("change", ["version", "connector's settings", "issuer"])
def test_a_mark_that_would_mean_something_else_now_is_not_sent(
    case: Case, remembering: Remembering, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey.run(pull_id=case.pull_id)
    versions = {c.category_id: c for c in current_categories(BOTH)}
    with citizen_scope(case.citizen_id):
        another = pulls.enqueue(connection=case.connection, categories=BOTH, now=timezone.now())
        found = pulls.look(pull_id=another.pk, citizen_id=case.citizen_id, now=timezone.now())
        assert found and set(feeds.marks(found, versions=versions)) == set(BOTH)
        source = found.source
        if change == "version":
            versions[INCOME].version += 1
        elif change == "issuer":
            source = replace(source, issuer="https://another.test")
        else:
            source = replace(source, settings={"mapping": 2, "pace": {"a_second": 5}})
        assert set(feeds.marks(replace(found, source=source), versions=versions)) == ({HOUSING} if change == "version" else set())
        paced = replace(found, source=replace(found.source, settings={"pace": {"a_second": 5}}))
        assert change != "connector's settings" or set(feeds.marks(paced, versions=versions)) == set(BOTH)


def test_of_facts_that_were_erased_all_is_asked_for(case: Case, remembering: Remembering) -> None:
    journey.run(pull_id=case.pull_id)
    with citizen_scope(case.citizen_id):
        Fact.objects.filter(citizen_id=case.citizen_id, category=INCOME).delete()
    again(case)
    assert remembering.since[INCOME] == Mark() and remembering.since[HOUSING].etag == '"same"'
    assert values(case) == known(*BOTH)


# Until when


def test_feeds_end_with_the_connection(case: Case) -> None:
    with citizen_scope(case.citizen_id):
        connections.end(connection_id=case.connection_id, now=timezone.now())
    assert feed_rows(case) == {}


def test_a_feed_ends_with_the_last_consent_to_its_category(case: Case) -> None:
    end(citizen_id=case.citizen_id, consent_id=case.consents[0], now=timezone.now(), categories=[INCOME])
    assert set(feed_rows(case)) == set(BOTH), "the other purpose covers it"
    end(citizen_id=case.citizen_id, consent_id=case.consents[1], now=timezone.now(), categories=[INCOME])
    assert set(feed_rows(case)) == {HOUSING}
    for consent in case.consents:
        end(citizen_id=case.citizen_id, consent_id=consent, now=timezone.now())
    assert feed_rows(case) == {} and case.connection.state == "ended"


def test_a_failure_is_kept_with_its_age_until_an_answer_comes(case: Case, office: TaxOffice) -> None:
    office.switch(mode="wrong_schema", category=INCOME)
    journey.run(pull_id=case.pull_id)
    rows = feed_rows(case)
    assert (rows[INCOME].error, rows[HOUSING].error) == ("invalid_answer", "") and rows[INCOME].due_at
    since = rows[INCOME].failed_at
    again(case)
    assert feed_rows(case)[INCOME].failed_at == since, "the age is that of the first failure"
    office.switch(mode="ok")
    again(case)
    assert (feed_rows(case)[INCOME].error, feed_rows(case)[INCOME].failed_at) == ("", None)


def test_what_no_consent_allows_is_not_asked_for_night_after_night(case: Case) -> None:
    past = timezone.now() - DAY
    with citizen_scope(case.citizen_id):
        ConsentRecord.objects.filter(pk__in=case.consents).update(not_before=past - DAY, expires_at=past)
    journey.run(pull_id=case.pull_id)
    assert all((row.due_at, row.error) == (None, "") for row in feed_rows(case).values())


def test_a_broken_connection_is_not_asked_for_by_itself(case: Case, office: TaxOffice) -> None:
    office.switch(mode="revoked")
    journey.run(pull_id=case.pull_id)
    assert case.connection.state == "broken"
    assert all((row.due_at, row.error) == (None, "revoked") for row in feed_rows(case).values())
