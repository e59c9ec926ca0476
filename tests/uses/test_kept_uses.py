"""A use of a batch that a law lets the agency keep back: nothing that a page reads tells that it came, until its day."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import allow_delay, delay
from consent import days
from tests.support.cast import Cast, Person, services
from tests.support.copies import everything
from tests.uses.telling import account, entries, findings, newcomer, of_entry, pushed, read, reconciled, reports, use

LAW = "fi.police.5-58"


@pytest.fixture
def dora(cast: Cast) -> Person:
    """Of whom nothing is known but what the test does."""
    return newcomer(cast)


@pytest.fixture(scope="module")
def permitted(committed_cast: Cast, django_db_blocker: pytest.FixtureRequest) -> None:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        first, second = (Operator.objects.create(username=n, name=n, roles=["agency_officer"], password="!") for n in ("astrid", "berit"))
        asked = allow_delay.ask(operator=first, agency_code="benefits-office", law=LAW, reason="Investigations", now=timezone.now())
        allow_delay.approve(operator=second, permission_id=asked.pk, now=timezone.now())


def later(**more: object) -> dict[str, object]:
    return {
        "delay": {"law": LAW, "until": (days.today() + timedelta(days=30)).isoformat()},
        "action": "Investigated a suspected fraud",
        **more,
    }


def test_without_the_permission_of_two_officers_nothing_of_the_batch_is_taken(cast: Cast, dora: Person) -> None:
    read(cast, dora)
    answer = pushed(cast, use(cast, dora), use(cast, dora, **later()))
    assert answer.status_code == 422 and answer.json()["errors"] == [{"position": 1, "code": "delay_not_allowed"}]
    assert not reports(dora) and not entries(dora)


@pytest.mark.usefixtures("permitted")
def test_nothing_tells_that_it_came_until_it_is_told_and_then_it_means_its_read(cast: Cast, dora: Person) -> None:
    entry, batch = read(cast, dora), uuid4()
    reconciled(cast, dora)
    before = (
        len(dora.entries()),
        account(cast, dora).version,
        account(cast, dora).due_at,
        everything(dora.id)["reported_uses"],
    )
    wanted = use(cast, dora, entry=str(entry), **later())
    first = pushed(cast, wanted, batch=batch)
    assert first.status_code == 200 and [k["position"] for k in first.json()["kept_back"]] == [0], first.content
    assert pushed(cast, wanted, batch=batch).json() == first.json(), "the same id for its extension"
    after = (len(dora.entries()) - 3, account(cast, dora).version, account(cast, dora).due_at, [])
    assert after == before and not reports(dora)
    reconciled(cast, dora)
    assert of_entry(cast, dora, entry).state == "open", "as if nothing had been reported"
    shown = dora.browser().get(f"/en/activity/{entry}/").content.decode()
    assert "has not reported yet" in shown and "fraud" not in shown
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE ledger_keptback SET until = now() - interval '1 second' WHERE id = %s", [first.json()["kept_back"][0]["id"]])
    assert delay.sweep(now=timezone.now()) >= 1
    [row] = reports(dora)
    assert row.came == "disclosed" and row.entry_id == entry
    reconciled(cast, dora)
    assert of_entry(cast, dora, entry).state == "matched" and len(findings(cast, dora)) == 1
    assert "Investigated a suspected fraud" in dora.browser().get(f"/en/activity/{entry}/").content.decode()
