"""The feed and the confirmation, over HTTP, by the agency itself: its own events only, in order, each at least once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from aurora.journeys import tell_agencies
from consent.errors import NotFound
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.webhooks import feed as feeds
from consent.webhooks.models import Delivery
from tests.support.cast import Cast, browser
from tests.withdrawals.told import HOUSEHOLD, INCOME, confirmed, deliveries, delivery, entries, feed, granted, own_token, withdrawn

BASIS = "Social Assistance Act, section 23"


@pytest.fixture(autouse=True)
def by_feed_only(cast: Cast) -> None:
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri="")


@pytest.fixture
def token(cast: Cast) -> str:
    return own_token(cast)


def told(cast: Cast, **how: Any) -> Delivery:
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent, **how)
    return deliveries(cast.cecilia, consent)[-1]


def all_of(cast: Cast, token: str, after: str = "") -> tuple[list[str], str]:
    """Every event from a place on, page by page."""
    found: list[str] = []
    while True:
        page = feed(cast, token, f"?limit=2{'&after=' + after if after else ''}").json()
        found += [event["id"] for event in page["events"]]
        after = page["next"]
        if not page["more"]:
            return found, after


def test_events_come_in_order_once_each_and_going_on_tells_that_they_arrived(cast: Cast, token: str) -> None:
    _, end = all_of(cast, token)
    rows = [told(cast) for _ in range(3)]
    ids, after = all_of(cast, token, end)
    wanted = {str(row.pk) for row in rows}
    assert [i for i in ids if i in wanted] == [str(row.pk) for row in rows] and len(ids) == len(set(ids))
    answer = feed(cast, token, f"?after={after}")
    assert answer.json() == {"events": [], "next": after, "more": False} and answer["Retry-After"] and answer["Cache-Control"] == "no-store"
    for row in rows:
        assert delivery_state(cast, row) == "delivered"
        assert len(entries(cast.cecilia, "aurora:notice:delivered", consent=row.consent_id)) == 1
    again, _ = all_of(cast, token, end)
    assert again == ids, "at least once: who lost its place reads it again"


def delivery_state(cast: Cast, row: Delivery) -> str:
    with citizen_scope(cast.cecilia.id):
        return Delivery.objects.get(pk=row.pk).state


def test_an_event_is_the_webhooks_body_with_its_id(cast: Cast, token: str) -> None:
    row = told(cast)
    events = [e for p in pages(cast, token) for e in p["events"] if e["id"] == str(row.pk)]
    assert events == [{"id": str(row.pk), **row.payload}]
    text = json.dumps(events)
    assert not [secret for secret in (*cast.personal(), str(cast.cecilia.id)) if secret in text]


def pages(cast: Cast, token: str) -> list[dict[str, Any]]:
    found, after = [], ""
    while True:
        page = feed(cast, token, f"?after={after}" if after else "").json()
        found.append(page)
        if not page["more"]:
            return found
        after = page["next"]


def test_an_event_committed_late_is_not_stepped_over(cast: Cast, token: str) -> None:
    """The row of a transaction that began first and ended last comes behind what was read meanwhile."""
    _, first = granted(cast)
    with citizen_scope(cast.cecilia.id), transaction.atomic():
        withdrawn(cast.cecilia, first)
        with ThreadPoolExecutor(1) as other:
            _, place = other.submit(lambda: (all_of(cast, token), connection.close())[0]).result()
    row = delivery(cast.cecilia, first)
    later, _ = all_of(cast, token, place)
    assert str(row.pk) in later


@pytest.fixture
def other(cast: Cast) -> Iterator[tuple[Client, Delivery]]:
    """Another client, with an event of its own in its feed."""
    client = Client.objects.get(client_id=cast.office.client_id)
    client.pk, client.client_id = None, "another-office"
    client.save(force_insert=True)
    mine = told(cast)
    with citizen_scope(cast.cecilia.id):
        row = Delivery.objects.get(pk=mine.pk)
        row.pk, row.client, row.position = uuid4(), client, None
        row.save(force_insert=True)
    yield client, row
    with citizen_scope(cast.cecilia.id):
        Delivery.objects.filter(client=client).delete()
    client.delete()


def test_another_client_sees_nothing_of_it(cast: Cast, token: str, other: tuple[Client, Delivery]) -> None:
    client, theirs = other
    mine = told(cast)
    ids, after = all_of(cast, token)
    assert str(mine.pk) in ids and str(theirs.pk) not in ids
    assert [e["id"] for e in feeds.page(client_id=client.client_id, after=0, most=100).events] == [str(theirs.pk)]
    assert feeds.page(client_id="no-client", after=0, most=100).events == ()

    feed(cast, token, f"?after={after}")
    assert delivery_state(cast, mine) == "delivered" and delivery_state(cast, theirs) == "pending", "going on tells of one's own only"
    found = [d for d, _ in feeds.fetched(client_id=client.client_id, up_to=10_000)]
    assert found == [theirs.pk]


def test_another_client_confirms_nothing_of_it(cast: Cast, token: str, other: tuple[Client, Delivery]) -> None:
    client, theirs = other
    at = timezone.now()
    for wanted in (theirs.pk, uuid4()):
        assert confirmed(cast, token, wanted, said(deleted_at=at.isoformat())).status_code == 404
    own = told(cast)
    with pytest.raises(NotFound):
        tell_agencies.confirm(
            client_id=client.client_id, agency_code=cast.office.client_id, delivery_id=own.pk, said=feeds.Confirmation(at, ()), now=at
        )
    with citizen_scope(cast.cecilia.id):
        assert {d.confirmed_at for d in Delivery.objects.filter(pk__in=[theirs.pk, own.pk])} == {None}


@pytest.mark.parametrize(
    "query", ["?after=", "?after=AAAA", "?after=ZXZlbnRzOng", "?limit=0", "?limit=101", "?limit=x", "?wait=30", "?after=a&after=b"]
)
def test_an_odd_question_is_refused(cast: Cast, token: str, query: str) -> None:
    answer = feed(cast, token, query)
    assert answer.status_code == 400 and answer["Content-Type"] == "application/problem+json"


def test_it_takes_the_agencys_own_token_with_the_scope(cast: Cast, token: str) -> None:
    citizens, _ = granted(cast)
    assert feed(cast, citizens["access_token"]).status_code == 401
    other = own_token(cast, "grant_management_query")
    assert feed(cast, other).status_code == 403 and feed(cast, other).json()["code"] == "insufficient_scope"
    assert browser().get("/api/v1/events").status_code == 401
    assert browser().get("/api/v1/events", HTTP_AUTHORIZATION=f"DPoP {token}").status_code == 401, "a stolen token without its key"


def said(**body: Any) -> str:
    return json.dumps(body)


def test_deletion_is_confirmed_once_and_the_same_again_changes_nothing(cast: Cast, token: str) -> None:
    row, at = told(cast), timezone.now().isoformat()
    first, second = (confirmed(cast, token, row.pk, said(deleted_at=at)) for _ in range(2))
    assert first.status_code == second.status_code == 200 and first.json() == second.json()
    assert len(entries(cast.cecilia, "agency:deletion:confirmed", consent=row.consent_id)) == 1
    other = confirmed(cast, token, row.pk, said(kept=[{"category": c, "legal_basis": BASIS} for c in (HOUSEHOLD, INCOME)]))
    assert other.status_code == 409 and other.json()["code"] == "confirmed_otherwise"


def test_what_is_kept_by_law_is_said_by_category_and_shown(cast: Cast, token: str) -> None:
    row = told(cast)
    kept = [{"category": INCOME, "legal_basis": BASIS}]
    assert confirmed(cast, token, row.pk, said(kept=kept)).status_code == 400, "and the other category?"
    answer = confirmed(cast, token, row.pk, said(deleted_at=timezone.now().isoformat(), kept=kept))
    assert answer.status_code == 200 and answer.json()["kept"] == kept
    page = cast.cecilia.browser().get(f"/en/consents/{row.consent_id}/").content.decode()
    assert BASIS in page and "Deleted in part" in page


def test_markup_in_a_legal_basis_is_text(cast: Cast, token: str) -> None:
    row, nasty = told(cast), "<script>alert(1)</script>"
    answer = confirmed(cast, token, row.pk, said(kept=[{"category": c, "legal_basis": nasty} for c in (HOUSEHOLD, INCOME)]))
    assert answer.status_code == 200
    page = cast.cecilia.browser().get(f"/en/consents/{row.consent_id}/").content.decode()
    assert nasty not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"deleted_at": None},
        {"deleted_at": "yesterday"},
        {"deleted_at": (timezone.now() + timedelta(days=1)).isoformat()},
        {"deleted_at": timezone.now().isoformat(), "more": 1},
        {"kept": [{"category": "no.such", "legal_basis": BASIS}], "deleted_at": timezone.now().isoformat()},
        {"kept": [{"category": INCOME, "legal_basis": ""}], "deleted_at": timezone.now().isoformat()},
        {"kept": [{"category": INCOME, "legal_basis": "x" * 501}], "deleted_at": timezone.now().isoformat()},
        {"kept": [{"category": INCOME, "legal_basis": "a\u202eb"}], "deleted_at": timezone.now().isoformat()},
        {"kept": [{"category": INCOME, "legal_basis": BASIS}] * 2, "deleted_at": timezone.now().isoformat()},
        {"kept": [{"category": c, "legal_basis": BASIS} for c in (HOUSEHOLD, INCOME)], "deleted_at": timezone.now().isoformat()},
        {"kept": "all"},
        [],
        "x",
        None,
    ],
)
def test_what_contradicts_itself_or_the_event_is_refused(cast: Cast, token: str, body: Any) -> None:
    row = told(cast)
    answer = confirmed(cast, token, row.pk, json.dumps(body))
    assert answer.status_code == 400, answer.content
    with citizen_scope(cast.cecilia.id):
        assert Delivery.objects.get(pk=row.pk).confirmed_at is None


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "a minute before"])
def test_nothing_is_deleted_before_it_was_asked_for(cast: Cast, token: str, at: str) -> None:
    row = told(cast)
    early = (row.created_at - timedelta(seconds=61)).isoformat() if at == "a minute before" else at
    answer = confirmed(cast, token, row.pk, said(deleted_at=early))
    assert answer.status_code == 400 and "before the consent ended" in answer.json()["detail"]
    assert confirmed(cast, token, row.pk, said(deleted_at=(row.created_at - timedelta(seconds=59)).isoformat())).status_code == 200


def test_who_confirms_has_been_told_and_is_not_called_again(cast: Cast, token: str) -> None:
    row = told(cast)
    with citizen_scope(cast.cecilia.id):
        at = timezone.now()
        Delivery.objects.filter(pk=row.pk).update(due_at=at, lease_token=uuid4(), lease_until=at + timedelta(minutes=1), error="timeout")
    for _ in range(2):
        assert confirmed(cast, token, row.pk, said(deleted_at=at.isoformat())).status_code == 200
    with citizen_scope(cast.cecilia.id):
        done = Delivery.objects.get(pk=row.pk)
    assert (done.state, done.due_at, done.lease_token, done.lease_until, done.error) == ("delivered", None, None, None, "")
    assert done.delivered_at == done.confirmed_at
    assert len(entries(cast.cecilia, "aurora:notice:delivered", consent=row.consent_id)) == 1


def test_a_cursor_beyond_the_end_is_refused_and_tells_of_nothing(cast: Cast, token: str) -> None:
    row = told(cast)
    _, end = all_of(cast, token)
    answer = feed(cast, token, f"?after={feeds.cursor_of(feeds.position_of(end) + 1)}")
    assert answer.status_code == 400 and "cursor from an earlier answer" in answer.json()["detail"]
    assert delivery_state(cast, row) == "pending"
    assert feed(cast, token, f"?after={end}").status_code == 200 and delivery_state(cast, row) == "delivered"


def test_an_event_that_cannot_be_noted_stops_no_feed(cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = told(cast), told(cast)
    whole = feeds.note_fetched

    def one_breaks(*, delivery_id: UUID, **how: Any) -> Delivery | None:
        if delivery_id == broken.pk:
            raise ValueError("broken")
        return whole(delivery_id=delivery_id, **how)

    monkeypatch.setattr(feeds, "note_fetched", one_breaks)
    _, end = all_of(cast, token)
    assert feed(cast, token, f"?after={end}").status_code == 200
    assert (delivery_state(cast, broken), delivery_state(cast, sound)) == ("pending", "delivered")


def test_where_nothing_was_asked_there_is_nothing_to_confirm(cast: Cast, token: str) -> None:
    _, first = granted(cast)
    granted(cast)
    row = delivery(cast.cecilia, first)
    answer = confirmed(cast, token, row.pk, said(deleted_at=timezone.now().isoformat()))
    assert answer.status_code == 409 and answer.json()["code"] == "nothing_asked"


def test_two_confirmations_at_once_are_one(cast: Cast, token: str) -> None:
    row, at = told(cast), timezone.now().isoformat()

    def one(_: int) -> int:
        try:
            return int(confirmed(cast, token, row.pk, said(deleted_at=at)).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(4))) == [200] * 4
    assert len(entries(cast.cecilia, "agency:deletion:confirmed", consent=row.consent_id)) == 1


def test_the_page_says_what_is_overdue(cast: Cast, token: str) -> None:
    row = told(cast)
    address = f"/en/consents/{row.consent_id}/"
    assert "Agency not told yet" in cast.cecilia.browser().get(address).content.decode()
    ids, after = all_of(cast, token)
    feed(cast, token, f"?after={after}")
    assert str(row.pk) in ids and "Deletion not confirmed yet" in cast.cecilia.browser().get(address).content.decode()
    with citizen_scope(cast.cecilia.id):
        Delivery.objects.filter(pk=row.pk).update(confirm_by=timezone.now())
    for page in (address, "/en/consents/"):
        assert "Confirmation overdue" in cast.cecilia.browser().get(page).content.decode()
