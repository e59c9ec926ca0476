"""What a pull asks the database: few statements, and no commit that is waited for but those that somebody relies on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone
from tax_office import BOTH, HOUSING, INCOME, TAX, Between, Case, TaxOffice, known, open_case, values

from aurora.journeys import pull as journey
from aurora.sources import credentials, pulls, registry
from aurora.sources.models import DataSource, Pull
from consent import services
from consent.models import DataCategoryVersion
from consent.scope import citizen_scope


@contextmanager
def watched() -> Iterator[list[tuple[str, str]]]:
    """The statements that this connection sends, each with whether its transaction is waited for: as the server is set, or not as somebody has said."""
    seen: list[tuple[str, str]] = []
    said_by = "SELECT CASE source WHEN 'session' THEN 'off' ELSE 'on' END FROM pg_settings WHERE name = 'synchronous_commit'"

    def look(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        waited = database.connection.execute(said_by).fetchone()[0] if database.in_atomic_block else ""
        seen.append((str(sql).strip(), waited))
        return result

    with database.execute_wrapper(look):
        yield seen


def again(case: Case) -> None:
    with citizen_scope(case.citizen_id):
        case.pull_id = pulls.enqueue(connection=case.connection, categories=BOTH, now=timezone.now()).pk


def of(seen: list[tuple[str, str]], part: str) -> list[str]:
    return [waited for sql, waited in seen if part in sql]


def test_a_pull_of_one_category_and_of_two(office: TaxOffice) -> None:
    """In a test's own transaction a scope takes a statement or two more: these are not counted."""

    def counted(*categories: str) -> int:
        case = open_case(office.grant(*categories), *categories)
        with watched() as seen:
            journey.run(pull_id=case.pull_id)
        assert case.pull.state == "done"
        scopes = ("SAVEPOINT", "RELEASE", "set_config", "SHOW")
        return len([sql for sql, _ in seen if not any(word in sql for word in scopes) or "citizen_of_pull" in sql])

    counted(*BOTH)  # what a process reads once
    one, two = counted(INCOME), counted(*BOTH)
    assert one <= 17 and two - one <= 2, "a category more is noted between the two requests"


def test_nothing_that_tells_of_an_access_may_be_lost(committed: TaxOffice) -> None:
    case = open_case(committed.grant(*BOTH), *BOTH)
    with watched() as seen:
        journey.run(pull_id=case.pull_id)
    assert values(case) == known(*BOTH)
    for last in ("ledger_append", "INSERT INTO twin_fact", "pull_finish", "feeds_seen"):
        assert of(seen, last) == ["on"], last
    assert of(seen, "SET LOCAL synchronous_commit = off") == ["off", "off"], "the claim, and the note between two categories"


@pytest.mark.parametrize("why", ["refused", "switched off"])
def test_a_claim_that_ends_with_an_entry_is_waited_for(committed: TaxOffice, why: str) -> None:
    case = open_case(committed.grant(INCOME), INCOME)
    if why == "refused":
        with citizen_scope(case.citizen_id):
            for consent in case.consents:
                services.end(consent_id=consent, now=timezone.now())
    else:
        DataSource.objects.filter(agency__code=TAX).update(active=False)
    with watched() as seen:
        journey.run(pull_id=case.pull_id)
    assert case.pull.state == "cancelled" and of(seen, "ledger_append") == ["on"] and not of(seen, "SET LOCAL")


def test_a_claim_on_which_others_count_is_waited_for(committed: TaxOffice) -> None:
    DataSource.objects.filter(agency__code=TAX).update(settings={"pace": {"at_once": 3}})
    case = open_case(committed.grant(INCOME), INCOME)
    with watched() as seen:
        journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and not of(seen, "SET LOCAL"), "a place that is forgotten would be given twice"


def test_a_lease_that_a_renewal_relies_on_is_waited_for(committed: TaxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another that claimed the pull would renew with the same refresh token: a source that rotates takes that for a theft."""
    case, before = open_case(committed.grant(INCOME) | {"expires_in": 1}, INCOME), []
    real = credentials.renew
    with watched() as seen:
        monkeypatch.setattr(credentials, "renew", lambda held: (before.extend(seen), real(held))[1])
        journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and of(before, "pull_note") == ["on"]


def test_after_a_power_cut_a_claim_that_was_lost_is_made_again(case: Case, between: Between) -> None:
    """The row is as it was before; the worker that had claimed it may still be at work, and keeps nothing."""

    def power_cut(count: int) -> None:
        if count == len(BOTH):
            case.change(state=Pull.State.QUEUED, attempt=0, lease_token=None, lease_until=None, started_at=None)

    between(power_cut)
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.attempt) == ("queued", 0) and not case.facts and not case.entries
    journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and values(case) == known(*BOTH) and case.events() == ["aurora:pull:completed"]


def test_a_pull_that_says_nothing_new_asks_less(case: Case) -> None:
    journey.run(pull_id=case.pull_id)
    again(case)
    with watched() as seen:
        journey.run(pull_id=case.pull_id)
    assert case.parts[HOUSING][0] == "same"
    assert not of(seen, "INSERT INTO twin_fact") and not of(seen, "DELETE FROM twin_evaluation")


def test_what_is_read_once_is_the_version_in_force(case: Case) -> None:
    """A version stays in memory by its row; a newer one is another row."""
    journey.run(pull_id=case.pull_id)
    last = DataCategoryVersion.objects.filter(category_id=INCOME).latest("version")
    DataCategoryVersion.objects.create(
        category_id=INCOME, version=last.version + 1, dpv=last.dpv, sensitive=last.sensitive, name=last.name,
        description=last.description, schema=last.schema,
    )  # fmt: skip
    again(case)
    with citizen_scope(case.citizen_id):
        found = pulls.look(pull_id=case.pull_id, citizen_id=case.citizen_id, now=timezone.now())
        assert found and found.versions[INCOME] != last.pk and found.source.issuer == registry.by_code(TAX).issuer
