"""Messages, and being told by e-mail. See the package for the conventions."""

from dataclasses import dataclass
from datetime import datetime

from aurora.ui.contexts.shared import Banner, FieldError, Pagination


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message in the list; `title` is translated. `new` until it was opened. `mail` says what came of its mail, "" for none."""

    title: str
    at: datetime
    url: str
    new: bool = False
    mail: str = ""


@dataclass(frozen=True, slots=True)
class MessagesPage:
    """`portal/messages.html`. `email_url` "" where this service sends no mail; `email` says whether mails go out, translated."""

    messages: tuple[MessageRow, ...]
    pagination: Pagination
    email_url: str = ""
    email: str = ""
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class MessageLink:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """`portal/message.html`. Everything is translated. `mail` as in the list."""

    title: str
    at: datetime
    sentences: tuple[str, ...]
    links: tuple[MessageLink, ...]
    messages_url: str
    mail: str = ""
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class EmailPage:
    """`portal/email.html`: POST forms to itself, each with its button `action`.

    `save` with `address` (text) and `content` (`notice` or `whole`); for an address that is there also `choose` with `content`, `again` and
    `remove`. `address` is the stored one, "" for none; `typed` what was sent before an error.
    """

    address: str
    confirmed: bool
    whole: bool
    messages_url: str
    typed: str = ""
    errors: tuple[FieldError, ...] = ()
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class EmailConfirmPage:
    """`portal/email_confirm.html`: a POST form to itself with one button; opening the link alone confirms nothing."""

    email_url: str
    banner: Banner | None = None
