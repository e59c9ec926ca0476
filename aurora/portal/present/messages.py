"""Messages as rows and pages, and the page about e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.urls import reverse

from aurora.messages import address, letters, mails, outbox
from aurora.messages.models import Message
from aurora.portal.present.sources import field_errors
from aurora.ui import formats
from aurora.ui import letters as sentences
from aurora.ui.contexts import EmailPage, MessageLink, MessagePage, MessageRow, MessagesPage, NewsItem, Pagination

PAGE = 30
NEWS = 3


def page(*, citizen_id: UUID, number: int) -> MessagesPage:
    """One page of the box, newest first. In the citizen's scope."""
    found = list(outbox.for_citizen(citizen_id=citizen_id)[(number - 1) * PAGE : number * PAGE + 1])
    held = address.held(citizen_id=citizen_id) if mails.offered() else None
    return MessagesPage(
        messages=tuple(_row(m) for m in found[:PAGE]),
        pagination=Pagination(number, 1, previous_url=_url(1) if number > 1 else "", next_url=_url(number + 1) if found[PAGE:] else ""),
        email_url=reverse("portal:email") if held else "",
        email=sentences.mail_use(held.confirmed, bool(held.address)) if held else "",
    )


def message_page(message: outbox.Opened) -> MessagePage:
    """One message, in the page's language."""
    letter = letters.compose(message, language=formats.language())
    return MessagePage(
        title=letter.title,
        at=message.row.created_at,
        sentences=letter.sentences,
        links=tuple(MessageLink(words, url) for words, url in letter.links),
        messages_url=reverse("portal:messages"),
        mail=_mail(message.row),
    )


def email_page(*, citizen_id: UUID, typed: str = "", whole: bool | None = None, errors: Mapping[str, str] | None = None) -> EmailPage:
    """The citizen's address and what they chose; what was sent before an error comes back as it was. In their scope."""
    held = address.held(citizen_id=citizen_id)
    return EmailPage(
        address=held.address,
        confirmed=held.confirmed,
        whole=held.whole if whole is None else whole,
        messages_url=reverse("portal:messages"),
        typed=typed,
        errors=field_errors(errors or {}),
    )


def news(*, citizen_id: UUID) -> tuple[NewsItem, ...]:
    """The newest messages that were not opened yet, for the home page. In the citizen's scope."""
    unread = outbox.for_citizen(citizen_id=citizen_id).filter(read_at__isnull=True)[:NEWS]
    return tuple(NewsItem(row.title, row.at, row.url) for row in map(_row, unread))


def _row(row: Message) -> MessageRow:
    title = letters.compose(outbox.open_row(row), language=formats.language()).title
    return MessageRow(title, row.created_at, reverse("portal:message", args=[row.pk]), row.read_at is None, _mail(row))


def _mail(row: Message) -> str:
    mail = getattr(row, "mail", None)
    return sentences.mail_state(mail.state, mail.error) if mail else ""


def _url(number: int) -> str:
    return f"{reverse('portal:messages')}?page={number}" if number > 1 else reverse("portal:messages")
