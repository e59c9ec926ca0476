"""findUsage: who is asked, how, and what comes of the answers, honest and not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.journeys import ask_uses
from consent.models import Agency
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.uses import accounts, find_usage
from consent.uses.models import Account
from consent.webhooks import keys, signature
from tests.support.cast import Cast
from tests.support.hostile_peer import Peer, Request, answer
from tests.uses.telling import HOUSEHOLD, PURPOSE, account, ago, entries, of_entry, pushed, read, reconciled, reports, subject, use

ADDRESS = "/find-usage"


@pytest.fixture
def asked(cast: Cast, peer: Peer) -> Iterator[Peer]:
    """The office has an address, and something of Aino's is due."""
    Client.objects.filter(client_id=cast.office.client_id).update(usage_uri=peer.url + ADDRESS)
    read(cast, cast.aino)
    says(peer)
    change(cast, poll_due_at=ago(minutes=1), polled_to=None, poll_attempts=0, poll_error="", lease_token=None, lease_until=None)
    yield peer
    Client.objects.filter(client_id=cast.office.client_id).update(usage_uri="")


def change(cast: Cast, **values: Any) -> None:
    with citizen_scope(cast.aino.id):
        Account.objects.filter(citizen_id=cast.aino.id).update(**values)


def record(at: datetime | None = None, **changes: Any) -> dict[str, Any]:
    whole = {
        "logtime": (at or ago(seconds=5)).isoformat(),
        "action": "Decided on support",
        "receiver": "benefits-office",
        "receiver_name": "Benefits office",
        "system": "cases",
    }
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def says(peer: Peer, *records: Any, **more: Any) -> None:
    peer.says(ADDRESS, {"usage": list(records), **more})


def ask(cast: Cast) -> Account:
    """The worker's attempt; the account after it."""
    change(cast, poll_due_at=ago(minutes=1))
    ask_uses.run(account_id=account(cast, cast.aino).pk)
    return account(cast, cast.aino)


def questions(peer: Peer) -> list[Request]:
    return peer.asked(ADDRESS)


def test_it_is_asked_about_one_citizen_by_the_agencys_own_name_for_them_and_signed(cast: Cast, asked: Peer) -> None:
    before = timezone.now()
    found = ask(cast)
    [question] = questions(asked)
    told = json.loads(question.body)
    assert question.method == "POST" and set(told) == {"subject", "from", "to", "offset", "limit"}
    assert (told["subject"], told["offset"], told["limit"]) == (subject(cast, cast.aino), 1, 100)
    assert datetime.fromisoformat(told["from"]) < ago(days=365) and abs(datetime.fromisoformat(told["to"]) - before) < timedelta(minutes=1)
    public = [signature.public_text(key) for key in keys.private()]
    assert signature.verify(question.headers, question.body, public_keys=public, now=int(timezone.now().timestamp()))
    assert str(cast.aino.id) not in question.body.decode() and not [
        secret for secret in cast.personal() if secret in question.body.decode()
    ]
    assert found.poll_error == "" and found.polled_to is not None and found.poll_due_at and found.poll_due_at > before + timedelta(hours=23)


def test_what_it_tells_is_a_report_and_means_the_read(cast: Cast, asked: Peer) -> None:
    entry = read(cast, cast.aino)
    says(asked, record(), record(ago(days=2), system=...))
    before = len(entries(cast.aino))
    ask(cast)
    told = reports(cast.aino, came="poll")
    assert [(r.receiver_code, r.categories, r.purpose) for r in told[-2:]] == [("benefits-office", [], "")] * 2
    assert len(entries(cast.aino)) == before + 2 and entries(cast.aino)[-1].purpose is None
    reconciled(cast, cast.aino)
    assert of_entry(cast, cast.aino, entry).state in ("matched", "open")


def test_told_again_it_is_none_and_neither_is_what_was_pushed(cast: Cast, asked: Peer) -> None:
    at = ago(hours=3).replace(microsecond=0)
    says(asked, record(at), record(at, receiver="police"), record(at))
    ask(cast)
    count = len(reports(cast.aino))
    ask(cast)
    assert len(reports(cast.aino)) == count
    change(cast, polled_to=None)
    ask(cast)
    assert len(reports(cast.aino)) == count
    pushed(cast, use(cast, cast.aino, used_at=(at - timedelta(hours=1)).isoformat(), action="Decided on support"))
    says(asked, record(at - timedelta(hours=1)), record(at - timedelta(hours=1), categories=[HOUSEHOLD], purpose=PURPOSE))
    ask(cast)
    assert len(reports(cast.aino)) == count + 1


def test_page_by_page_until_one_is_not_full(cast: Cast, asked: Peer) -> None:
    at = ago(hours=4)
    whole = [record(at - timedelta(seconds=2 * n), action=f"Step {n}") for n in range(130)]

    def page(handler: Any) -> None:
        told = json.loads(asked.seen[-1].body)
        answer({"usage": whole[told["offset"] - 1 :][: told["limit"]]})(handler)

    asked.answers[ADDRESS] = page
    before = len(reports(cast.aino))
    ask(cast)
    assert [json.loads(q.body)["offset"] for q in questions(asked)] == [1, 101] and len(reports(cast.aino)) == before + 130


def test_the_second_time_it_is_asked_from_where_it_has_told(cast: Cast, asked: Peer) -> None:
    ask(cast)
    ask(cast)
    assert datetime.fromisoformat(json.loads(questions(asked)[-1].body)["from"]) > ago(days=3)


LIES = [
    ([record()], {"more": 1}, "answer_invalid"),
    (["x"], {}, "answer_invalid"),
    ([record(logtime="today")], {}, "answer_invalid"),
    ([record(logtime=...)], {}, "answer_invalid"),
    ([record(action="")], {}, "answer_invalid"),
    ([record(action="a\u202eb")], {}, "answer_invalid"),
    ([record(receiver={"code": "x"})], {}, "answer_invalid"),
    ([record(personcode="010101-0101")], {}, "answer_invalid"),
    ([record(categories=["no.such"])], {}, "answer_invalid"),
    ([record(purpose="no-such")], {}, "answer_invalid"),
    ([record(entry="x")], {}, "answer_invalid"),
    ([record(entry="00000000-0000-7000-8000-000000000000")], {}, "answer_entry_unknown"),
    ([record(datetime(1970, 1, 1, tzinfo=UTC))], {}, "answer_out_of_period"),
    ([record(datetime(2100, 1, 1, tzinfo=UTC))], {}, "answer_out_of_period"),
    ([record(ago(days=2)), record(ago(days=1))], {}, "answer_unordered"),
    ([record()] * 101, {}, "answer_too_many"),
]


@pytest.mark.parametrize(("records", "more", "code"), LIES)
def test_an_answer_that_cannot_be_true_is_refused_whole_and_asked_for_again(
    cast: Cast, asked: Peer, records: list[Any], more: Any, code: str
) -> None:
    before = len(reports(cast.aino))
    says(asked, *records, **more)
    found = ask(cast)
    assert (found.poll_error, found.poll_attempts, len(reports(cast.aino))) == (code, 1, before)
    assert found.poll_due_at and ago(minutes=0) < found.poll_due_at < timezone.now() + timedelta(minutes=2) and found.polled_to is None
    says(asked)
    assert ask(cast).poll_error == ""


@pytest.mark.parametrize(
    ("status", "body", "headers", "code"),
    [
        (302, {}, {"Location": "http://169.254.169.254/latest/meta-data/"}, "redirected"),
        (500, {}, {}, "receiver_failed"), (404, {}, {}, "refused"), (401, {}, {}, "refused"), (204, b"", {}, "refused"),
        (200, b"<html>", {}, "answer_invalid"), (200, b"\xff\xfe", {}, "answer_invalid"), (200, b"[" * 5_000, {}, "answer_invalid"),
        (200, b'{"usage": [], "usage": []}', {}, "answer_invalid"), (200, b"x" * (find_usage.LARGEST + 1), {}, "answer_too_large"),
        (200, b"{}", {"Content-Encoding": "gzip"}, "address_refused"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_named_for_what_it_is(
    cast: Cast, asked: Peer, status: int, body: Any, headers: dict[str, str], code: str
) -> None:
    asked.says(ADDRESS, body, status, **headers)
    found = ask(cast)
    assert found.poll_error == code and found.lease_token is None
    assert len(asked.seen) == 1, "no redirect is followed"


def test_it_comes_again_when_it_was_told_to(cast: Cast, asked: Peer) -> None:
    asked.says(ADDRESS, {}, 429, Retry_After="7200")
    found = ask(cast)
    assert found.poll_error == "too_many_requests" and found.poll_due_at and found.poll_due_at > timezone.now() + timedelta(hours=1)


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1/u", "http://169.254.169.254/latest/", "https://[::1]/u", "https://localhost.example.internal:1/u"]
)
def test_an_address_inside_our_network_is_never_asked(cast: Cast, asked: Peer, settings: Any, address: str) -> None:
    Client.objects.filter(client_id=cast.office.client_id).update(usage_uri=address)
    settings.AURORA_SANDBOX = False
    found = ask(cast)
    assert found.poll_error in ("address_refused", "receiver_down") and not asked.seen
    assert found.poll_error == "address_refused" or "internal" in address


def test_only_who_has_an_address_is_due_and_of_one_agency_one_at_a_time(cast: Cast, asked: Peer) -> None:
    mine = account(cast, cast.aino).pk
    assert mine in accounts.to_ask(now=timezone.now(), most=100)
    with citizen_scope(cast.aino.id):
        lease = accounts.claim(account_id=mine, now=timezone.now())
        assert lease and accounts.claim(account_id=mine, now=timezone.now()) is None
    assert mine not in accounts.to_ask(now=timezone.now(), most=100)
    assert mine in accounts.to_ask(now=timezone.now() + timedelta(hours=1), most=100), "its worker may be dead"
    Client.objects.filter(client_id=cast.office.client_id).update(usage_uri="")
    assert mine not in accounts.to_ask(now=timezone.now() + timedelta(hours=1), most=100)
    change(cast, lease_token=None, lease_until=None)
    ask_uses.run(account_id=mine)
    assert not asked.seen


def test_who_lost_the_lease_keeps_nothing(cast: Cast, asked: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    says(asked, record(action="Of a worker that was too slow"))
    before = len(reports(cast.aino))

    def taken_over(point: str) -> None:
        if point == "ask.after_post":
            change(cast, lease_token="00000000-0000-4000-8000-000000000001")

    monkeypatch.setattr(ask_uses.crash, "reach", taken_over)
    ask(cast)
    assert len(reports(cast.aino)) == before


def test_an_account_that_is_gone_is_no_trouble(cast: Cast, asked: Peer) -> None:
    ask_uses.run(account_id=cast.aino.id)
    assert not asked.seen


def test_who_lost_the_lease_between_two_pages_asks_no_further(cast: Cast, asked: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    says(asked, *[record(ago(seconds=n), action=f"Step {n} of a slow worker") for n in range(100)])
    before, parse = len(reports(cast.aino)), find_usage.parse

    def taken_over(*page: Any, **asked_for: Any) -> Any:
        change(cast, lease_token="00000000-0000-4000-8000-000000000001")
        return parse(*page, **asked_for)

    monkeypatch.setattr(ask_uses.find_usage, "parse", taken_over)
    ask(cast)
    assert len(questions(asked)) == 1 and len(reports(cast.aino)) == before


def test_an_agency_is_asked_at_its_own_address_of_one_citizen_at_a_time_while_it_and_its_client_stand(cast: Cast, asked: Peer) -> None:
    read(cast, cast.cecilia)
    mine, other, now = account(cast, cast.aino), account(cast, cast.cecilia), timezone.now()
    with citizen_scope(cast.cecilia.id):
        Account.objects.filter(pk=other.pk).update(poll_due_at=ago(minutes=1), lease_token=None, lease_until=None)

    def waits() -> bool:
        """Nobody is told to ask about Aino, and who asks all the same asks nothing."""
        ask_uses.run(account_id=mine.pk)
        return mine.pk not in accounts.to_ask(now=now, most=100) and not asked.seen

    for thing in (mine.agency, Client.objects.get(client_id=cast.office.client_id)):
        type(thing).objects.filter(pk=thing.pk).update(active=False)
        try:
            assert waits(), thing
        finally:
            type(thing).objects.filter(pk=thing.pk).update(active=True)
    stranger = Agency.objects.create(code=f"stranger-{uuid4().hex[:8]}", name={"en": "Stranger"}, roles=["data_user"])
    with citizen_scope(cast.aino.id):
        made = Account.objects.create(citizen_id=cast.aino.id, agency=stranger, poll_due_at=ago(minutes=1))
        assert accounts.claim(account_id=made.pk, now=now) is None, "the office's address is for what is the office's"
        made.delete()
    stranger.delete()
    with citizen_scope(cast.cecilia.id):
        assert accounts.claim(account_id=other.pk, now=now)
    assert waits(), "one that hangs must not hold all workers"
    with citizen_scope(cast.cecilia.id):
        Account.objects.filter(pk=other.pk).update(lease_token=None, lease_until=None, poll_due_at=None)
