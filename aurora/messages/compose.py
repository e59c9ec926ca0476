"""A mail, ready to be handed over: plain text, in the citizen's language, saying no more than they asked for."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.utils import format_datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation

from aurora.messages.letters import Letter
from aurora.ui import letters

# RFC 3834, 5: no machine is to answer. RFC 8058 has no place here: ending it needs signing in.
_HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
RECEIPT_TYPE = "application/jwt"


def of_message(
    *, mail_id: UUID, to: str, letter: Letter, language: str, whole: bool, receipts: tuple[tuple[str, str], ...], at: datetime
) -> EmailMessage:
    """`whole`: sentences, links and receipts (file name, signed text); else the title, and that there is a message."""
    base = settings.AURORA_BASE_URL
    with translation.override(language):
        parts = [letter.title]
        if whole:
            parts += letter.sentences
            parts += [f"{words}:\n{base}{path}" for words, path in letter.links]
            if receipts:
                parts.append(letters.mail_receipt_attached(f"{base}/oauth/jwks"))
        else:
            parts.append(letters.mail_that_there_is_one(f"{base}/{language}/messages/"))
        parts.append(letters.mail_footer(f"{base}/{language}/messages/email/"))
        mail = _mail(mail_id, to, letters.mail_subject(letter.title), parts, language, at)
    for name, token in receipts if whole else ():
        mail.attach(name, token.encode("ascii"), RECEIPT_TYPE)
    return mail


def of_confirmation(*, mail_id: UUID, attempt: int, to: str, secret: str, language: str, at: datetime) -> EmailMessage:
    """The request to confirm an address. It says nothing of who asks. Each attempt has a secret of its own: it is another mail."""
    with translation.override(language):
        url = f"{settings.AURORA_BASE_URL}/{language}/messages/email/confirm/{secret}/"
        parts = [letters.confirm_body(url), letters.confirm_not_you()]
        return _mail(mail_id, to, letters.confirm_subject(), parts, language, at, attempt)


def _mail(mail_id: UUID, to: str, subject: str, parts: list[str], language: str, at: datetime, attempt: int = 0) -> EmailMessage:
    host = settings.AURORA_BASE_URL.split("://", 1)[1].rsplit(":", 1)[0]
    # The same for each attempt at the same text, so that a mail that was handed over twice shows once (RFC 5322, 3.6.4). The row's own id stays here.
    name = hashlib.sha256(b"mail:" + mail_id.bytes + (b":%d" % attempt if attempt else b"")).hexdigest()[:32]
    headers = {**_HEADERS, "Content-Language": language, "Date": format_datetime(at), "Message-ID": f"<{name}@{host}>"}
    return EmailMessage(subject, "\n\n".join(parts) + "\n", settings.AURORA_MAIL_FROM, [to], headers=headers)
