"""An agency is told: signed, again until it arrives, under one id; what it says it did is noted once."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from aurora.identity.keys import pairwise
from aurora.journeys import _wake, tell_agencies
from consent.errors import NotFound
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.webhooks import keys, queue, signature
from consent.webhooks.models import Delivery
from tests.support.cast import Cast, browser
from tests.support.hostile_peer import Peer
from tests.withdrawals.told import HOUSEHOLD, INCOME, PATH, change, delivery, entries, feed, granted, only, own_token, tell, withdrawn

DELIVERED, FAILED = "aurora:notice:delivered", "aurora:notice:failed"


def told_once(cast: Cast, **how: Any) -> Delivery:
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent, **how)
    return delivery(cast.cecilia, consent)


def again(cast: Cast, row: Delivery) -> Delivery:
    with citizen_scope(cast.cecilia.id):
        return Delivery.objects.get(pk=row.pk)


def test_the_notice_is_signed_with_the_published_key_and_names_nobody(cast: Cast, office_server: Peer) -> None:
    row = told_once(cast)
    tell(row)
    [request] = office_server.asked(PATH)
    published = browser().get("/webhooks/keys").json()["keys"]
    assert browser().get("/.well-known/oauth-authorization-server").json()["webhook_keys_uri"].endswith("/webhooks/keys")
    assert signature.verify(request.headers, request.body, public_keys=published, now=int(time.time()))
    assert request.headers["webhook-id"] == str(row.pk) and request.headers["content-type"] == "application/json"
    text = json.loads(request.body)
    assert text["type"] == "consent.withdrawn" and text["data"]["categories"] == [HOUSEHOLD, INCOME]
    assert text["data"]["subject"] == pairwise(citizen_id=cast.cecilia.id, agency=cast.office.client_id)
    for secret in (*cast.personal(), str(cast.cecilia.id), str(row.consent_id)):
        assert secret not in request.body.decode()
    done = again(cast, row)
    assert (done.state, done.attempts, done.error, done.lease_token) == ("delivered", 1, "", None) and done.delivered_at
    assert len(entries(cast.cecilia, DELIVERED, consent=row.consent_id)) == 1


def test_a_second_message_makes_no_second_attempt(cast: Cast, office_server: Peer) -> None:
    row = told_once(cast)
    tell(row)
    tell(row)
    assert len(office_server.asked(PATH)) == 1


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (500, {}, "receiver_failed"),
        (503, {"Retry_After": "7200"}, "receiver_failed"),
        (429, {"Retry_After": "7200"}, "too_many_requests"),
        (302, {"Location": "http://127.0.0.1/else"}, "redirected"),
        (404, {}, "refused"),
    ],
)
def test_what_is_not_taken_is_tried_later_under_the_same_id(
    cast: Cast, office_server: Peer, status: int, headers: dict[str, str], error: str
) -> None:
    office_server.says(PATH, {"anything": "x" * 5000}, status, **headers)
    row = told_once(cast)
    before = timezone.now()
    tell(row)
    waiting = again(cast, row)
    assert (waiting.state, waiting.error, waiting.attempts) == ("pending", error, 1) and waiting.due_at is not None
    if headers.get("Retry_After"):
        assert waiting.due_at >= before + timedelta(seconds=7200)
    assert not entries(cast.cecilia, DELIVERED, FAILED, consent=row.consent_id)
    office_server.says(PATH, {}, 204)
    change(cast.cecilia, row, due_at=timezone.now())
    tell(row)
    assert again(cast, row).state == "delivered" and len(office_server.asked(PATH)) == 2
    assert {r.headers["webhook-id"] for r in office_server.asked(PATH)} == {str(row.pk)}


def test_an_address_that_nobody_answers_at_is_tried_again(cast: Cast, office_server: Peer) -> None:
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri="http://127.0.0.1:9/notices")
    row = told_once(cast)
    tell(row)
    assert again(cast, row).error == "receiver_down"


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest", "http://10.0.0.1/x", "ftp://127.0.0.1/x", "http://a@127.0.0.1/x"])
def test_an_address_inside_our_own_network_is_never_called(cast: Cast, office_server: Peer, address: str) -> None:
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri=address)
    row = told_once(cast)
    tell(row)
    assert again(cast, row).error == "address_refused"


def test_who_says_gone_is_not_called_again_and_it_stays_to_be_seen(cast: Cast, office_server: Peer) -> None:
    office_server.says(PATH, {}, 410)
    row = told_once(cast)
    tell(row)
    gone = again(cast, row)
    assert (gone.state, gone.error, gone.due_at) == ("failed", "gone", None)
    assert len(entries(cast.cecilia, FAILED, consent=row.consent_id)) == 1
    assert row.pk not in queue.due(now=timezone.now() + timedelta(days=9), most=10_000)
    assert row.pk in {t.delivery_id for t in queue.troubled(now=timezone.now(), most=10_000)}
    office_server.says(PATH, {}, 204)
    assert tell_agencies.try_anew(delivery_id=row.pk, now=timezone.now()) and not tell_agencies.try_anew(
        delivery_id=row.pk, now=timezone.now()
    )
    tell(row)
    assert again(cast, row).state == "delivered"
    with pytest.raises(NotFound):
        tell_agencies.try_anew(delivery_id=uuid4(), now=timezone.now())


def test_after_three_days_it_is_given_up_and_said(cast: Cast, office_server: Peer) -> None:
    office_server.says(PATH, {}, 500)
    row = told_once(cast)
    change(cast.cecilia, row, queued_at=timezone.now() - queue.TRY_FOR + timedelta(seconds=1), attempts=40)
    tell(row)
    assert again(cast, row).state == "failed" and len(entries(cast.cecilia, FAILED, consent=row.consent_id)) == 1


def test_the_three_days_count_from_the_first_attempt_whatever_held_it_up(cast: Cast, office_server: Peer) -> None:
    office_server.says(PATH, {}, 503)
    row = told_once(cast)
    change(cast.cecilia, row, queued_at=timezone.now() - queue.TRY_FOR - timedelta(hours=1))  # no worker was there over a long weekend
    before = timezone.now()
    tell(row)
    waiting = again(cast, row)
    assert (waiting.state, waiting.attempts) == ("pending", 1) and waiting.queued_at >= before
    change(cast.cecilia, row, due_at=timezone.now())
    tell(row)
    assert again(cast, row).queued_at == waiting.queued_at, "the second attempt begins nothing anew"


def test_what_only_dying_workers_tried_is_given_up_and_what_nobody_tried_is_not(
    cast: Cast, office_server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = told_once(cast)
    only(row)
    monkeypatch.setattr(tell_agencies, "post", broken)
    long_ago = timezone.now() - queue.TRY_FOR - queue.LONGEST_WAIT - timedelta(seconds=1)
    change(cast.cecilia, row, queued_at=long_ago)
    with pytest.raises(ValueError, match="broken"):
        tell(row)
    assert again(cast, row).state == "pending", "the first attempt is made, however late"
    change(cast.cecilia, row, lease_until=timezone.now(), queued_at=long_ago)
    tell(row)
    gone = again(cast, row)
    assert (gone.state, gone.error, gone.due_at) == ("failed", "gave_up", None)
    assert len(entries(cast.cecilia, FAILED, consent=row.consent_id)) == 1


def broken(*_: object, **__: object) -> None:
    raise ValueError("broken")


def test_a_worker_that_died_has_its_turn_taken_when_its_lease_is_over(cast: Cast, office_server: Peer, settings: Any) -> None:
    row, now = told_once(cast), timezone.now()
    only(row)  # of one client only so many are tried at once
    with citizen_scope(cast.cecilia.id):
        dead = queue.claim(delivery_id=row.pk, now=now)
    assert dead is not None and row.pk not in queue.due(now=now, most=10_000)
    tell(row)
    assert not office_server.asked(PATH), "it is another's"
    later = now + settings.AURORA_PULL_LEASE
    assert row.pk in queue.due(now=later, most=10_000)
    with citizen_scope(cast.cecilia.id):
        mine = queue.claim(delivery_id=row.pk, now=later)
        assert mine is not None and mine.attempt == 2
        assert queue.delivered(mine, now=later) and not queue.delivered(dead, now=later), "the dead one comes back: it moves nothing"


def test_an_agency_whose_server_hangs_holds_up_no_other(cast: Cast, office_server: Peer) -> None:
    """Of one client no more are tried at once than `AT_ONCE`, however many wait and whoever woke them."""
    rows = [told_once(cast) for _ in range(queue.AT_ONCE + 2)]
    only(*rows)
    now = timezone.now()
    with citizen_scope(cast.cecilia.id):
        for row in rows[: queue.AT_ONCE]:
            assert queue.claim(delivery_id=row.pk, now=now)
    mine = {row.pk for row in rows}
    assert not mine & set(queue.due(now=now, most=10_000))
    for row in rows[queue.AT_ONCE :]:
        tell(row)  # its own message, sent when it was made
        waiting = again(cast, row)
        assert (waiting.state, waiting.attempts, waiting.lease_token) == ("pending", 0, None) and waiting.due_at is not None
    assert not office_server.asked(PATH)


def test_of_two_workers_at_once_one_tells_a_client(cast: Cast, office_server: Peer) -> None:
    rows = [told_once(cast) for _ in range(4)]
    only(*rows)
    together = Barrier(4)

    def one(row: Delivery) -> bool:
        try:
            together.wait()
            with citizen_scope(cast.cecilia.id):
                return queue.claim(delivery_id=row.pk, now=timezone.now()) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, rows)) == queue.AT_ONCE


def test_who_has_answered_is_told_the_next_without_waiting_for_a_sweep(
    cast: Cast, office_server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (told_once(cast) for _ in range(2))
    only(first, second)
    woken: list[object] = []
    monkeypatch.setattr(tell_agencies, "_send", lambda delivery_id, **_: woken.append(delivery_id))
    tell(first)
    assert woken == [second.pk]
    office_server.says(PATH, {}, 500)
    tell(second)
    assert woken == [second.pk], "who does not answer is left to the sweep"


def test_a_sweeps_messages_do_not_pile_up(cast: Cast, office_server: Peer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = told_once(cast)
    only(row)
    sent: list[tuple[object, dict[str, Any]]] = []
    celery = SimpleNamespace(send_task=lambda task, args, **options: sent.append((args, options)))
    monkeypatch.setattr(_wake, "current_app", celery)
    assert tell_agencies.sweep(now=timezone.now()) >= 1
    assert ((str(row.pk),), {"expires": settings.AURORA_SWEEP_EVERY.total_seconds()}) in sent


def test_who_waits_longest_is_tried_first(cast: Cast, office_server: Peer) -> None:
    rows = [told_once(cast) for _ in range(3)]
    now = timezone.now()
    only(*rows)
    for row, minutes in zip(rows, (5, 15, 10), strict=True):
        change(cast.cecilia, row, due_at=now - timedelta(minutes=minutes))
    assert queue.AT_ONCE == 1 and queue.due(now=now, most=10_000) == [rows[1].pk]
    change(cast.cecilia, rows[1], due_at=now + timedelta(seconds=1))
    assert queue.due(now=now, most=10_000) == [rows[2].pk], "what is not due is not woken"


@pytest.mark.parametrize(("attempt", "longest"), [(1, 5), (2, 10), (5, 80), (12, 10_240), (13, 20_480), (14, 21_600), (60, 21_600)])
def test_pauses_grow_from_five_seconds_to_six_hours_with_jitter(attempt: int, longest: int) -> None:
    waits = [queue.wait_after(attempt).total_seconds() for _ in range(200)]
    assert longest * 0.05 <= min(waits) and max(waits) <= longest
    assert len(set(waits)) > 100 and max(waits) - min(waits) > longest * 0.5, "agencies' notices must not come back all at once"
    assert queue.wait_after(attempt, retry_after=30_000) == timedelta(seconds=30_000)


def test_the_pause_is_that_of_the_attempt(cast: Cast, office_server: Peer) -> None:
    office_server.says(PATH, {}, 500)
    row = told_once(cast)
    change(cast.cecilia, row, attempts=11)
    before = timezone.now()
    tell(row)
    waiting = again(cast, row)
    assert waiting.attempts == 12 and waiting.due_at is not None
    assert before + timedelta(seconds=512) <= waiting.due_at <= timezone.now() + timedelta(seconds=10_240)


def test_who_has_no_address_is_not_called_and_reads_the_feed(cast: Cast, office_server: Peer) -> None:
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri="")
    row = told_once(cast)
    assert row.due_at is None and row.pk not in queue.due(now=timezone.now(), most=10_000)


def test_who_gets_an_address_is_told_what_waited_but_not_what_the_feed_has_handed_over(cast: Cast, office_server: Peer) -> None:
    office = Client.objects.filter(client_id=cast.office.client_id)
    office.update(notice_uri="")
    token, had = own_token(cast), told_once(cast)
    more, after = True, ""
    while more:
        page = feed(cast, token, f"?after={after}" if after else "").json()
        more, after = page["more"], page["next"]
    feed(cast, token, f"?after={after}")  # who goes on has received
    waits = told_once(cast)
    assert again(cast, had).state == "delivered" and waits.due_at is None
    assert waits.pk not in queue.due(now=timezone.now(), most=500) and again(cast, waits).due_at is None
    office.update(notice_uri=office_server.url + PATH)
    assert waits.pk in queue.due(now=timezone.now(), most=500) and again(cast, had).due_at is None
    tell(waits)
    assert again(cast, waits).state == "delivered" and len(office_server.asked(PATH)) == 1


def test_a_newer_consent_tells_that_the_older_is_replaced_and_asks_for_what_it_drops(cast: Cast) -> None:
    _, first = granted(cast)
    _, second = granted(cast)
    row = delivery(cast.cecilia, first)
    assert (row.kind, row.categories, row.confirm_by) == ("consent.replaced", [], None) and second.pk != first.pk
    categories, cast.office.categories = cast.office.categories, [HOUSEHOLD]
    try:
        granted(cast)
    finally:
        cast.office.categories = categories
    row = delivery(cast.cecilia, second)
    assert (row.kind, row.categories) == ("consent.replaced", [INCOME]) and row.confirm_by is not None


def test_a_stranger_sees_no_delivery(cast: Cast) -> None:
    row = told_once(cast)
    with citizen_scope(cast.aino.id):
        assert not Delivery.objects.filter(pk=row.pk).exists()
    assert not Delivery.objects.filter(pk=row.pk).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prosecdef "
            "AND p.proname ~ '^(consent_webhooks|consents_|consent_meant)' "
            "AND EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)"
        )
        assert cursor.fetchall() == [], "a function that sees all rows is for the service alone"


def test_the_keys_are_of_a_file_of_their_own(settings: Any) -> None:
    assert settings.AURORA_WEBHOOK_KEY_FILE.path != settings.AURORA_LEDGER_KEY_FILE
    assert keys.published()["keys"] == [signature.public_text(key) for key in keys.private()]
