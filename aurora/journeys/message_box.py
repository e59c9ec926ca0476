"""What a citizen does with their messages: opens one, gives an address for mails, confirms, changes and removes it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from aurora.messages import address, mails, outbox
from aurora.messages.models import MailAddress
from consent.errors import NotFound
from consent.scope import citizen_scope


def read(*, citizen_id: UUID, message_id: UUID, now: datetime, mark: bool = True) -> outbox.Opened:
    """Open a message; the first time, it is marked read. Raises `NotFound`."""
    with citizen_scope(citizen_id):
        return outbox.read(citizen_id=citizen_id, message_id=message_id, now=now, mark=mark)


def give_address(*, citizen_id: UUID, typed: str, whole: bool, now: datetime) -> None:
    """Keep an address and send it a link. Raises `InvalidInput`, `TooManyRequests`, and `NotFound` where no mail is sent at all."""
    _offered()
    with citizen_scope(citizen_id):
        address.give(citizen_id=citizen_id, typed=typed, whole=whole, now=now)


def send_again(*, citizen_id: UUID, now: datetime) -> None:
    """Send the link once more to an address that is not confirmed; to one that is, nothing. Raises `TooManyRequests`."""
    _offered()
    with citizen_scope(citizen_id):
        held = address.held(citizen_id=citizen_id)
        if held.state is MailAddress.State.UNCONFIRMED:
            address.give(citizen_id=citizen_id, typed=held.address, whole=held.whole, now=now)


def choose_content(*, citizen_id: UUID, whole: bool) -> None:
    """What a mail says: that there is a message, or the whole of it."""
    with citizen_scope(citizen_id):
        address.choose(citizen_id=citizen_id, whole=whole)


def remove_address(*, citizen_id: UUID, now: datetime) -> None:
    """Forget the address at once."""
    with citizen_scope(citizen_id):
        address.remove(citizen_id=citizen_id, now=now)


def confirm_address(*, citizen_id: UUID, secret: str, now: datetime) -> None:
    """The citizen came with the secret from their mail. Raises `SecretInvalid`."""
    with citizen_scope(citizen_id):
        address.confirm(citizen_id=citizen_id, secret=secret, now=now)


def _offered() -> None:
    if not mails.offered():
        raise NotFound()
