"""Messages: in the transaction of what they tell, sealed, the citizen's own, each thing once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from consent_world import NOW, World
from django.db import connections

from aurora.messages import letters, outbox
from aurora.messages.models import Message, MessageKind
from aurora.ui import letters as sentences
from consent import services
from consent.errors import NotFound, OutsideTransaction
from consent.models import ConsentEventKind
from consent.scope import citizen_scope

KINDS = sorted(set(MessageKind) - {MessageKind.RECEIPT})


def box(world: World) -> list[outbox.Opened]:
    with citizen_scope(world.aino):
        return [outbox.open_row(m) for m in outbox.for_citizen(citizen_id=world.aino)]


def test_a_decision_is_told_with_its_receipt(world: World) -> None:
    record, _ = world.give()
    [message] = box(world)
    assert message.row.kind == MessageKind.RECEIPT and message.row.read_at is None
    letter = letters.compose(message, language="en")
    assert letter.title == "You gave a consent"
    assert letter.links[0][1] == f"/en/consents/{record.pk}/receipts/{message.about[0]['receipt']}/"


def test_what_a_newer_consent_replaced_is_in_the_same_message(world: World) -> None:
    world.give()
    world.give(now=NOW + timedelta(hours=1))
    newest, _ = box(world)
    assert sorted(a["event"] for a in newest.about) == ["given", "replaced"]
    assert letters.compose(newest, language="en").title == "You gave a consent"


def test_a_consent_that_ran_out_is_told_once_however_often(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino):
        services.end(consent_id=record.pk, now=record.expires_at, by="aurora")
        for _ in range(2):
            outbox.queue(citizen_id=world.aino, kind=MessageKind.CONSENT_EXPIRED, about={"consent": record.pk}, now=record.expires_at)
    told = [m for m in box(world) if m.row.kind == MessageKind.CONSENT_EXPIRED]
    assert len(told) == 1 and "receipt" in told[0].about[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_kind_has_its_words_and_names_nobody_in_its_title(world: World, kind: MessageKind, language: str) -> None:
    record, _ = world.give()
    about = {"days": 7, "delivery": uuid4(), "who": "Bertil Berg", "mandate": uuid4(), "path": "mandates/", "outcome": "corrected"}
    if not kind.startswith("mandate"):
        about["consent"] = record.pk
    with citizen_scope(world.aino):
        row = outbox.queue(citizen_id=world.aino, kind=kind, about=about, now=NOW)
        letter = letters.compose(outbox.open_row(row), language=language)
    assert letter.title and letter.title != "Something was recorded" and "Bertil" not in letter.title
    assert letter.sentences and all("%(" not in s for s in letter.sentences) and letter.links
    assert all(url.startswith(f"/{language}/") for _, url in letter.links)


def test_every_event_of_a_consent_has_a_title() -> None:
    assert {k.value for k in ConsentEventKind} <= sentences.TITLES


@pytest.mark.parametrize(
    ("by", "title"),
    [
        ("citizen", "You withdrew a consent"),
        ("operator", "Aurora ended a consent"),
        ("office", "An agency gave back your consent"),
        ("population-register", "A consent ended because of what a source told"),
    ],
)
def test_the_title_says_whose_deed_it_was(world: World, by: str, title: str) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino):
        services.end(consent_id=record.pk, now=NOW + timedelta(hours=1), by=world.office.code if by == "office" else by)
    assert letters.compose(box(world)[0], language="en").title == title


def test_nothing_of_it_stands_in_the_open(world: World) -> None:
    with citizen_scope(world.aino):
        row = outbox.queue(citizen_id=world.aino, kind="mandate_offered", about={"mandate": uuid4(), "who": "Bertil Berg"}, now=NOW)
        values = repr(Message.objects.filter(pk=row.pk).values().get())
        opened = outbox.open_row(row)
    assert "Bertil" not in values + repr(opened) + repr(letters.compose(opened, language="en"))
    assert opened.about[0]["who"] == "Bertil Berg"


def test_it_is_written_in_the_transaction_or_not_at_all(world: World) -> None:
    with pytest.raises(ValueError, match="stop"), citizen_scope(world.aino):
        outbox.queue(citizen_id=world.aino, kind="mandate_changed", about={}, now=NOW)
        raise ValueError("stop")
    assert box(world) == []


def test_outside_a_transaction_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "in_atomic_block", False)
    with pytest.raises(OutsideTransaction):
        outbox.queue(citizen_id=uuid4(), kind="mandate_changed", about={}, now=NOW)


def test_another_ones_consent_is_none_to_tell_of(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.cecilia), pytest.raises(NotFound):
        outbox.queue(citizen_id=world.cecilia, kind="consent_expired", about={"consent": record.pk}, now=NOW)


def test_reading_marks_it_once_and_a_stranger_finds_none(world: World) -> None:
    world.give()
    [message] = box(world)
    with citizen_scope(world.cecilia), pytest.raises(NotFound):
        outbox.read(citizen_id=world.cecilia, message_id=message.row.pk, now=NOW)
    with citizen_scope(world.aino):
        assert outbox.unread(citizen_id=world.aino) == 1
        outbox.read(citizen_id=world.aino, message_id=message.row.pk, now=NOW, mark=False)
        assert outbox.unread(citizen_id=world.aino) == 1
        for minutes in (1, 2):
            outbox.read(citizen_id=world.aino, message_id=message.row.pk, now=NOW + timedelta(minutes=minutes))
        assert outbox.unread(citizen_id=world.aino) == 0
        assert Message.objects.get(pk=message.row.pk).read_at == NOW + timedelta(minutes=1)
