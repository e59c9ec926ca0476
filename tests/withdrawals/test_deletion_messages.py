"""The citizen is told what came of a deletion: confirmed, in part, not at all, or not in time; each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from aurora.journeys import tasks, tell_agencies, tell_overdue
from aurora.messages import letters, outbox
from aurora.messages.models import MessageKind
from consent.errors import NotFound
from consent.scope import citizen_scope
from consent.webhooks import queue
from consent.webhooks.feed import Confirmation
from consent.webhooks.models import Delivery
from tests.support.cast import Cast
from tests.withdrawals.told import HOUSEHOLD, INCOME, change, delivery, granted, withdrawn

LAW = "Social Assistance Act, section 23"


def told(cast: Cast) -> Delivery:
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent)
    return delivery(cast.cecilia, consent)


def confirm(cast: Cast, row: Delivery, *, deleted: bool = True, kept: tuple[str, ...] = ()) -> None:
    said = Confirmation(timezone.now() if deleted else None, tuple((category, LAW) for category in kept))
    client = cast.office.client_id
    tell_agencies.confirm(client_id=client, agency_code=client, delivery_id=row.pk, said=said, now=timezone.now())


def messages(cast: Cast, kind: MessageKind, row: Delivery) -> list[outbox.Opened]:
    with citizen_scope(cast.cecilia.id):
        opened = [outbox.open_row(m) for m in outbox.for_citizen(citizen_id=cast.cecilia.id).filter(kind=kind)]
        return [m for m in opened if m.about[0]["delivery"] == str(row.pk)]


def late(cast: Cast, row: Delivery, **values: Any) -> Delivery:
    change(cast.cecilia, row, confirm_by=timezone.now(), **values)
    return row


def text(message: outbox.Opened, language: str = "en") -> str:
    letter = letters.compose(message, language=language)
    return " ".join([letter.title, *letter.sentences])


@pytest.mark.parametrize(
    ("how", "title", "says", "tag"),
    [
        ({}, "An agency confirmed that it deleted your data", "is deleted", "Deletion confirmed"),
        (
            {"kept": (INCOME,)},
            "An agency deleted a part of your data and keeps the rest by law",
            "must keep the rest by law",
            "Deleted in part",
        ),
        (
            {"deleted": False, "kept": (HOUSEHOLD, INCOME)},
            "An agency says that it must keep your data by law",
            "must keep by law all",
            "Kept by law",
        ),
    ],
)
def test_a_confirmation_is_told_as_what_it_says_and_once(cast: Cast, how: dict[str, Any], title: str, says: str, tag: str) -> None:
    row = told(cast)
    confirm(cast, row, **how)
    [message] = messages(cast, MessageKind.AGENCY_CONFIRMED_DELETION, row)
    letter = letters.compose(message, language="en")
    assert letter.title == title and says in text(message)
    assert letter.links[-1][1] == f"/en/consents/{row.consent_id}/"
    assert len({text(message, language) for language in ("fi", "sv", "en")}) == 3
    page = cast.cecilia.browser().get(f"/en/messages/{message.row.pk}/")
    assert page.status_code == 200 and says in page.content.decode()
    shown = cast.cecilia.browser().get(f"/en/consents/{row.consent_id}/").content.decode()
    assert {t for t in ("Deletion confirmed", "Deleted in part", "Kept by law") if t in shown} == {tag}


def test_a_confirmation_said_twice_is_told_once(cast: Cast) -> None:
    row, said = told(cast), Confirmation(timezone.now(), ())
    client = cast.office.client_id
    for _ in range(2):
        tell_agencies.confirm(client_id=client, agency_code=client, delivery_id=row.pk, said=said, now=timezone.now())
    assert len(messages(cast, MessageKind.AGENCY_CONFIRMED_DELETION, row)) == 1


def test_a_confirmation_that_is_refused_tells_nothing(cast: Cast) -> None:
    row = told(cast)
    with pytest.raises(NotFound):
        tell_agencies.confirm(
            client_id="another", agency_code="another", delivery_id=row.pk, said=Confirmation(timezone.now(), ()), now=timezone.now()
        )
    assert messages(cast, MessageKind.AGENCY_CONFIRMED_DELETION, row) == []


@pytest.mark.parametrize(("state", "says"), [("delivered", "has not answered in time"), ("failed", "has not been able to tell the agency")])
def test_what_is_overdue_is_told_once_for_each_notice(cast: Cast, state: str, says: str) -> None:
    in_time, first, second = (told(cast) for _ in range(3))
    for row in (first, second):
        late(cast, row, state=state, delivered_at=timezone.now())
    for _ in range(2):
        tasks.remind()
    for row in (first, second):
        [message] = messages(cast, MessageKind.AGENCY_OVERDUE, row)
        assert says in text(message) and letters.compose(message, language="en").links[-1][1] == f"/en/consents/{row.consent_id}/"
    assert messages(cast, MessageKind.AGENCY_OVERDUE, in_time) == []
    assert not {first.pk, second.pk} & {found for found, _ in queue.overdue(now=timezone.now(), most=1000)}, "it is not looked for again"


def test_it_is_overdue_from_the_instant_on_and_not_before(cast: Cast) -> None:
    row = told(cast)
    assert row.confirm_by is not None
    before, then = row.confirm_by - timedelta(microseconds=1), row.confirm_by
    assert not tell_overdue.tell(citizen_id=cast.cecilia.id, delivery_id=row.pk, now=before)
    assert row.pk not in {found for found, _ in queue.overdue(now=before, most=1000)}
    assert row.pk in {found for found, _ in queue.overdue(now=then, most=1000)}


def test_what_was_confirmed_meanwhile_is_not_told_as_overdue(cast: Cast) -> None:
    row = late(cast, told(cast))
    confirm(cast, row)
    assert not tell_overdue.tell(citizen_id=cast.cecilia.id, delivery_id=row.pk, now=timezone.now())
    assert messages(cast, MessageKind.AGENCY_OVERDUE, row) == []


def test_a_late_confirmation_is_told_after_the_one_that_it_was_late(cast: Cast) -> None:
    row = late(cast, told(cast))
    assert tell_overdue.tell(citizen_id=cast.cecilia.id, delivery_id=row.pk, now=timezone.now())
    confirm(cast, row)
    assert len(messages(cast, MessageKind.AGENCY_OVERDUE, row)) == len(messages(cast, MessageKind.AGENCY_CONFIRMED_DELETION, row)) == 1


def test_where_nothing_was_asked_nothing_is_overdue(cast: Cast) -> None:
    _, first = granted(cast)
    granted(cast)
    row = delivery(cast.cecilia, first)
    assert row.kind == "consent.replaced" and row.confirm_by is None
    assert row.pk not in {found for found, _ in queue.overdue(now=timezone.now() + timedelta(days=900), most=10_000)}


def test_one_whose_message_fails_keeps_no_other_and_is_found_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, well = (late(cast, told(cast), state="delivered", delivered_at=timezone.now()) for _ in range(2))
    real = outbox.queue

    def failing(*, about: dict[str, Any], **rest: Any) -> Any:
        if about.get("delivery") == broken.pk:
            raise RuntimeError("the vault is closed")
        return real(about=about, **rest)

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "queue", failing)
        tell_overdue.sweep(now=timezone.now())
    assert messages(cast, MessageKind.AGENCY_OVERDUE, broken) == [] and len(messages(cast, MessageKind.AGENCY_OVERDUE, well)) == 1
    tell_overdue.sweep(now=timezone.now())
    assert len(messages(cast, MessageKind.AGENCY_OVERDUE, broken)) == 1
