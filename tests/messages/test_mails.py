"""Mails over a real SMTP conversation: what they say and do not say, refusals, retries, and an address that is gone."""

from __future__ import annotations

import re
import socket
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from consent_world import NOW, World
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from aurora.identity.models import Citizen
from aurora.journeys import message_box, send_mail
from aurora.messages import address, mails
from aurora.messages.address import SecretInvalid, TooManyRequests
from aurora.messages.models import Mail, MailAddress
from consent import signing
from consent.errors import InvalidInput, NotFound
from consent.models import ConsentRecord
from consent.scope import citizen_scope
from tests.support.mail_server import MailServer

LINK = re.compile(r"http://localhost:8000/en/messages/email/confirm/([A-Za-z0-9_-]{43})/")
AINO = "aino@example.org"


def decide(world: World) -> ConsentRecord:
    """A consent given now: its mail is due now."""
    return world.give(now=timezone.now())[0]


def send_all(world: World) -> None:
    """What the worker does, woken for each mail that is there."""
    with citizen_scope(world.aino):
        waiting = list(Mail.objects.filter(citizen_id=world.aino, state="queued").values_list("pk", flat=True))
    for mail_id in waiting:
        send_mail.run(mail_id=mail_id)


def rows(world: World) -> list[Mail]:
    with citizen_scope(world.aino):
        return list(Mail.objects.filter(citizen_id=world.aino).order_by("created_at"))


def make_due(world: World, **changes: Any) -> None:
    with citizen_scope(world.aino):
        Mail.objects.filter(citizen_id=world.aino, state="queued").update(due_at=timezone.now(), **changes)


def give_address(world: World, typed: str = AINO, *, whole: bool = False, now: datetime | None = None) -> None:
    message_box.give_address(citizen_id=world.aino, typed=typed, whole=whole, now=now or timezone.now())


def body(server: MailServer) -> str:
    part = server.mails[-1].get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def secret_of(server: MailServer) -> str:
    found = LINK.search(body(server))
    assert found
    return found[1]


def confirmed(world: World, server: MailServer, *, whole: bool = False) -> None:
    give_address(world, whole=whole)
    send_all(world)
    message_box.confirm_address(citizen_id=world.aino, secret=secret_of(server), now=timezone.now())
    server.taken.clear()


def state(world: World) -> str:
    with citizen_scope(world.aino):
        return address.held(citizen_id=world.aino).state.value


# The address


def test_an_address_is_in_use_when_its_owner_has_come_back_with_the_secret(world: World, post: MailServer) -> None:
    give_address(world)
    decide(world)
    send_all(world)
    assert [to for to, _ in post.taken] == [AINO]  # the request to confirm, and nothing else
    assert state(world) == "unconfirmed"
    message_box.confirm_address(citizen_id=world.aino, secret=secret_of(post), now=timezone.now())
    assert state(world) == "confirmed"
    with pytest.raises(SecretInvalid):
        message_box.confirm_address(citizen_id=world.aino, secret=secret_of(post), now=timezone.now())


@pytest.mark.parametrize("case", ["another secret", "a stranger", "too late", "nothing", "of an address before"])
def test_no_other_secret_confirms(world: World, post: MailServer, case: str) -> None:
    give_address(world)
    send_all(world)
    secret, who, now = secret_of(post), world.aino, timezone.now()
    if case == "another secret":
        secret = "A" * 43
    elif case == "nothing":
        secret = ""
    elif case == "a stranger":
        who = world.cecilia
    elif case == "too late":
        now += timedelta(hours=24, seconds=5)
    else:
        give_address(world, "other@example.org")
    with pytest.raises(SecretInvalid):
        message_box.confirm_address(citizen_id=who, secret=secret, now=now)
    assert state(world) == "unconfirmed"


def test_neither_address_nor_secret_is_kept_readable(world: World, post: MailServer) -> None:
    give_address(world)
    send_all(world)
    with citizen_scope(world.aino):
        row = repr(MailAddress.objects.filter(pk=world.aino).values().get()) + repr(Mail.objects.filter(citizen_id=world.aino).values())
        held = repr(address.held(citizen_id=world.aino))
    assert AINO not in row + held and secret_of(post) not in row


def test_removing_it_stops_what_waits_and_confirms_nothing_later(world: World, post: MailServer) -> None:
    confirmed(world, post)
    decide(world)
    message_box.remove_address(citizen_id=world.aino, now=timezone.now())
    for mail in rows(world):
        send_mail.run(mail_id=mail.pk)
    assert post.taken == [] and state(world) == "none"
    with citizen_scope(world.aino):
        assert MailAddress.objects.get(pk=world.aino).sealed is None


def test_confirmations_are_counted_also_over_a_removal(world: World, post: MailServer) -> None:
    now = timezone.now()
    for _ in range(address.ASKED_A_DAY):
        give_address(world, now=now)
        message_box.remove_address(citizen_id=world.aino, now=now)
    with pytest.raises(TooManyRequests):
        give_address(world, now=now)
    give_address(world, now=now + timedelta(days=1))


def test_a_citizen_who_has_none_asks_again_for_nothing(world: World, post: MailServer) -> None:
    message_box.send_again(citizen_id=world.aino, now=timezone.now())
    assert rows(world) == []
    confirmed(world, post)
    message_box.send_again(citizen_id=world.aino, now=timezone.now())
    assert state(world) == "confirmed"


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "aino", "aino@", "@example.org", "a b@example.org", "aino@example.org\r\nBcc: all@example.org", "aino@example.org,b@example.org",
        "Aino <aino@example.org>", "aino@example.org\x00", f"{'a' * 65}@example.org", f"aino@{'a' * 250}.org", "å@example.org", "aino@exa mple.org",
        '"aino bcc"@example.org', "aino@example.org;b@example.org", "aino@\u202eexample.org", "aino@-example.org", "aino@localhost",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(world: World, typed: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        give_address(world, typed)
    assert set(wrong.value.fields) == {"address"}
    assert rows(world) == []


def test_a_domain_of_other_letters_is_written_as_mail_servers_read_it(world: World, post: MailServer) -> None:
    give_address(world, "aino@påske.example")
    send_all(world)
    assert [to for to, _ in post.taken] == ["aino@xn--pske-qoa.example"]


def test_a_service_without_mail_offers_none(world: World, settings: Any) -> None:
    settings.AURORA_MAIL_FROM = ""
    with pytest.raises(NotFound):
        give_address(world)
    decide(world)
    assert rows(world) == []


# What a mail says


def test_by_default_it_says_what_happened_and_neither_agency_nor_data(world: World, post: MailServer) -> None:
    confirmed(world, post)
    decide(world)
    send_all(world)
    [mail] = post.mails
    said = body(post)
    assert mail["Subject"] == "Aurora: You gave a consent" and mail["From"] == "aurora@aurora.test" and mail["To"] == AINO
    assert "http://localhost:8000/en/messages/" in said and "Text" not in said and world.office.code not in said
    assert list(mail.iter_attachments()) == []
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "en")


def test_the_whole_message_has_the_receipt_and_it_verifies(world: World, post: MailServer) -> None:
    confirmed(world, post, whole=True)
    record = decide(world)
    send_all(world)
    [mail] = post.mails
    assert "Purpose: Text. Recipient: Text." in body(post) and "http://localhost:8000/oauth/jwks" in body(post)
    [receipt] = mail.iter_attachments()
    assert receipt.get_content_type() == "application/jwt" and receipt.get_filename().startswith("receipt-given-")
    token = jwt.decode(receipt.get_content().decode(), KeySet.import_key_set(signing.jwks()), algorithms=["ES256"])
    assert token.claims["receipt"]["dpv:hasRecordOfActivity"]["dct:identifier"] == str(record.pk)


@pytest.mark.parametrize(("language", "subject"), [("fi", "Aurora: Annoit suostumuksen"), ("sv", "Aurora: Du gav ett samtycke")])
def test_it_is_in_the_citizens_language(world: World, post: MailServer, language: str, subject: str) -> None:
    confirmed(world, post)
    with citizen_scope(world.aino):
        Citizen.objects.filter(pk=world.aino).update(language=language)
    decide(world)
    send_all(world)
    assert post.mails[-1]["Subject"] == subject and f"/{language}/messages/" in body(post)


def test_a_name_cannot_become_a_header(world: World, post: MailServer) -> None:
    confirmed(world, post, whole=True)
    with citizen_scope(world.aino):
        from aurora.messages import outbox

        outbox.queue(
            citizen_id=world.aino,
            kind="mandate_offered",
            about={"who": "Bertil\r\nBcc: all@example.org\r\n\r\n.\r\nMAIL FROM:<x>"},
            now=timezone.now(),
        )
    send_all(world)
    [(to, mail)] = post.taken
    assert to == AINO and mail["Bcc"] is None and "all@example.org" in body(post)


# Refusals, outages, and workers that die


def test_an_outage_is_waited_for_and_then_it_is_sent_once(world: World, post: MailServer) -> None:
    confirmed(world, post)
    decide(world)
    for verb, answer in (("MAIL", "451 later"), ("RCPT", "450 box is busy"), ("END", "452 full"), ("DATA", "HANG UP"), ("EHLO", "HANG UP")):
        post.answers = {verb: answer}
        make_due(world)
        send_all(world)
        mail = rows(world)[-1]
        assert (mail.state, mail.error) == ("queued", "server_away"), verb
        assert mail.due_at > timezone.now()
    post.answers = {}
    make_due(world)
    send_all(world)
    send_all(world)
    assert rows(world)[-1].state == "sent" and len(post.taken) == 1


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"RCPT": "550 no such box"}, "address_refused"),
        ({"END": "554 not wanted"}, "mail_refused"),
        ({"MAIL": "550 not from you"}, "mail_refused"),
    ],
)
def test_what_no_time_mends_is_not_tried_again(world: World, post: MailServer, answers: dict[str, str], error: str) -> None:
    confirmed(world, post)
    decide(world)
    post.answers = answers
    send_all(world)
    mail = rows(world)[-1]
    assert (mail.state, mail.error, mail.attempt) == ("failed", error, 1)


def test_nobody_at_home_is_an_outage(world: World, settings: Any) -> None:
    with socket.socket() as taken:  # by nobody who listens: a port that was given back may be somebody else's a moment later
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = taken.getsockname()
        give_address(world)
        send_all(world)
    assert rows(world)[-1].error == "server_away"


def test_after_three_days_it_has_failed_and_says_so(world: World, post: MailServer) -> None:
    confirmed(world, post)
    decide(world)
    post.answers = {"RCPT": "450 busy"}
    make_due(world, created_at=timezone.now() - mails.GIVE_UP_AFTER + timedelta(seconds=5))
    send_all(world)
    mail = rows(world)[0]
    assert (mail.state, mail.error) == ("failed", "gave_up") and mail.finished_at is not None


def test_it_is_tried_often_enough_and_not_too_often(world: World) -> None:
    """The delays of three days without luck: the first within a minute, none longer than six hours."""
    lease = mails.Lease(UUID(int=1), world.aino, None, UUID(int=2), 1, NOW)
    now, attempt, gaps = NOW, 1, []
    while True:
        before = now
        delay = min(mails.LONGEST_DELAY_SECONDS, mails.FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
        now += timedelta(seconds=delay)
        if now > NOW + mails.GIVE_UP_AFTER:
            break
        gaps.append(now - before)
        attempt += 1
    assert gaps[0] <= timedelta(minutes=1) and max(gaps) <= timedelta(hours=6) and 15 < attempt < 40
    with citizen_scope(world.aino):
        assert mails.postpone(lease, error="x", now=NOW) is False  # a lease of nothing


def test_a_worker_that_died_is_followed_by_another_and_only_one_sends(world: World, post: MailServer) -> None:
    confirmed(world, post)
    decide(world)
    mail, now = rows(world)[-1], timezone.now()
    with citizen_scope(world.aino):
        dead = mails.claim(mail_id=mail.pk, now=now)
        assert dead is not None and mails.claim(mail_id=mail.pk, now=now) is None
    send_mail.run(mail_id=mail.pk)
    assert post.taken == []
    assert mail.pk in mails.overdue(now=now + mails.LEASE, most=10_000)
    with citizen_scope(world.aino):
        Mail.objects.filter(pk=mail.pk).update(lease_until=now)
    send_mail.run(mail_id=mail.pk)
    with citizen_scope(world.aino):
        assert mails.finish(dead, state=Mail.State.FAILED, now=now) is False
    assert rows(world)[-1].state == "sent" and len(post.taken) == 1


def test_the_same_mail_sent_twice_is_one_to_a_mailbox(world: World, post: MailServer) -> None:
    confirmed(world, post)
    decide(world)
    send_all(world)
    with citizen_scope(world.aino):
        Mail.objects.filter(citizen_id=world.aino).update(state="queued", due_at=timezone.now(), finished_at=None)
    send_all(world)
    first, second = [m["Message-ID"] for m in post.mails if m["Subject"] == "Aurora: You gave a consent"]
    assert first == second and str(rows(world)[-1].pk) not in first


def test_a_confirmation_sent_again_has_another_secret_and_is_another_mail(world: World, post: MailServer) -> None:
    give_address(world)
    send_all(world)
    first = secret_of(post)
    with citizen_scope(world.aino):
        Mail.objects.filter(citizen_id=world.aino).update(state="queued", due_at=timezone.now(), finished_at=None)
    send_all(world)
    assert secret_of(post) != first
    one, two = [m["Message-ID"] for m in post.mails]
    assert one != two


@pytest.mark.parametrize("where", ["_composed", "_hand_over"])
def test_a_mail_that_cannot_be_made_waits_and_is_given_up_in_the_end(
    world: World, post: MailServer, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    confirmed(world, post)
    decide(world)
    monkeypatch.setattr(send_mail, where, broken)
    before = timezone.now()
    send_all(world)
    mail = rows(world)[-1]
    assert (mail.state, mail.error, mail.attempt, mail.lease_token) == ("queued", "not_made", 1, None) and mail.due_at > before
    make_due(world, created_at=timezone.now() - mails.GIVE_UP_AFTER)
    send_all(world)
    mail = next(m for m in rows(world) if m.message_id)
    assert (mail.state, mail.error) == ("failed", "gave_up")


def broken(*_: object) -> None:
    raise ValueError("broken")


def test_a_mail_whose_workers_die_is_given_up_and_one_never_tried_is_not(world: World, post: MailServer) -> None:
    confirmed(world, post)
    decide(world)
    old = timezone.now() - mails.GIVE_UP_AFTER - timedelta(hours=1)
    make_due(world, created_at=old)
    mail = next(m for m in rows(world) if m.message_id)
    with citizen_scope(world.aino):
        assert mails.claim(mail_id=mail.pk, now=timezone.now())  # and it dies
        Mail.objects.filter(pk=mail.pk).update(lease_until=timezone.now())
    send_mail.run(mail_id=mail.pk)
    again = next(m for m in rows(world) if m.message_id)
    assert (again.state, again.error) == ("failed", "gave_up") and post.taken == []
    with citizen_scope(world.aino):
        Mail.objects.filter(pk=mail.pk).update(state="queued", due_at=timezone.now(), finished_at=None, attempt=0)
    send_mail.run(mail_id=mail.pk)
    assert [m.state for m in rows(world) if m.message_id] == ["sent"], "the service was down for days"


def test_a_message_of_a_mail_that_is_not_there_does_nothing(post: MailServer, world: World) -> None:
    send_mail.run(mail_id=UUID(int=3))
    assert post.taken == []


def test_a_stranger_sees_no_mail_and_no_address(world: World, post: MailServer) -> None:
    confirmed(world, post)
    decide(world)
    with citizen_scope(world.cecilia):
        assert not Mail.objects.exists() and not MailAddress.objects.exists()
