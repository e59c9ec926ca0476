"""Notices go when they are old; the consent, its history and the log stay, and no place in a feed is given twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from aurora.journeys import tasks
from consent.models import ConsentEvent
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.webhooks import feed as feeds
from consent.webhooks.models import Delivery
from tests.support.cast import Cast
from tests.withdrawals.told import change, delivery, entries, feed, granted, own_token, withdrawn

AGE = settings.AURORA_NOTICES_KEPT


@pytest.fixture(autouse=True)
def by_feed_only(cast: Cast) -> None:
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri="")


def told(cast: Cast, **values: Any) -> Delivery:
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent)
    row = delivery(cast.cecilia, consent)
    if values:
        change(cast.cecilia, row, **values)
    return row


def there(cast: Cast, row: Delivery) -> bool:
    with citizen_scope(cast.cecilia.id):
        return Delivery.objects.filter(pk=row.pk).exists()


def ages() -> tuple[Any, Any]:
    """(just old enough to go, just not)."""
    now = timezone.now()
    return now - AGE - timedelta(seconds=1), now - AGE + timedelta(hours=1)


def test_what_is_settled_goes_after_its_time_and_not_before(cast: Cast) -> None:
    old, young = ages()
    ancient = old - timedelta(days=60)
    gone = [
        told(cast, created_at=ancient, state="delivered", delivered_at=ancient, confirmed_at=old),
        told(cast, created_at=ancient, state="delivered", delivered_at=ancient, confirm_by=old),  # overdue for as long
        told(cast, created_at=ancient, state="failed", confirm_by=old),
        told(cast, created_at=ancient, state="delivered", delivered_at=old, confirm_by=None),  # nothing was asked
        told(cast, created_at=old, confirm_by=None),  # nor read, by an agency that only reads
    ]
    stays = [
        told(cast, created_at=ancient, state="delivered", delivered_at=ancient, confirm_by=ancient, confirmed_at=young),
        told(cast, created_at=ancient, state="delivered", delivered_at=ancient, confirm_by=young),
        told(cast, created_at=ancient, state="delivered", delivered_at=young, confirm_by=None),
        told(cast, created_at=young, confirm_by=None),
        told(cast, created_at=ancient, confirm_by=old, due_at=timezone.now()),  # an operator had it begun anew
        told(cast),
    ]
    tasks.purge()
    assert [there(cast, row) for row in gone] == [False] * len(gone)
    assert [there(cast, row) for row in stays] == [True] * len(stays)


def test_the_consent_its_history_and_the_log_stay_and_the_page_is_shown(cast: Cast) -> None:
    old, _ = ages()
    row = told(cast, created_at=old, confirm_by=old)
    told(cast)
    tasks.purge()
    assert not there(cast, row) and cast.cecilia.consents(pk=row.consent_id)
    with citizen_scope(cast.cecilia.id):
        assert [e.kind for e in ConsentEvent.objects.filter(consent=row.consent_id).order_by("at")] == ["given", "withdrawn"]
    assert len(entries(cast.cecilia, "citizen:consent:withdrawn", consent=row.consent_id)) == 1
    for path in (f"/en/consents/{row.consent_id}/", "/en/consents/"):
        assert cast.cecilia.browser().get(path).status_code == 200


def _read_to_the_end(cast: Cast, token: str) -> str:
    """Where the feed ends."""
    after = ""
    while (page := feed(cast, token, f"?after={after}" if after else "").json())["more"] or page["events"]:
        after = page["next"]
    return after


def test_places_go_on_behind_what_was_purged(cast: Cast) -> None:
    """If all rows went, places would begin again, and a client that holds a cursor would never see what comes."""
    token = own_token(cast)
    _read_to_the_end(cast, token)  # what tests before have left has its places before ours, whenever it was made
    rows = [told(cast) for _ in range(3)]
    after = _read_to_the_end(cast, token)
    old, _ = ages()
    with citizen_scope(cast.cecilia.id):
        Delivery.objects.update(
            created_at=old, delivered_at=old, confirm_by=old, confirmed_at=None, deleted_at=None, due_at=None, state="delivered"
        )
    tasks.purge()
    assert [there(cast, row) for row in rows] == [False, False, True], "the newest stays"
    new = told(cast)
    page = feed(cast, token, f"?after={after}").json()
    assert [e["id"] for e in page["events"]] == [str(new.pk)]
    assert feeds.position_of(page["next"]) == feeds.position_of(after) + 1
