"""One mail: claim, compose, hand over, note what came of it. Safe to repeat, to lose, to kill; tried for three days, then shown as failed.

No transaction is open while a mail server is spoken to. A worker that dies in between leaves the row running, and the sweep has it sent again: a
mail may then come twice, under the same Message-ID; but for one that asks to confirm, which has another secret each time.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime
from uuid import UUID

from django.core.mail import EmailMessage
from django.utils import timezone
from kombu.exceptions import OperationalError

from aurora.identity.models import Citizen
from aurora.messages import address, compose, letters, mails, outbox
from aurora.messages.mails import Lease
from aurora.messages.models import Mail
from consent import receipts
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
SWEEP_MOST = 500


class Undeliverable(Exception):
    """The mail server will never take this one. `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def sweep(*, now: datetime) -> int:
    """Wake every mail that is overdue: its message was lost, its worker died, or its time to try again has come. How many."""
    overdue = mails.overdue(now=now, most=SWEEP_MOST)
    for mail_id in overdue:
        try:
            mails.send_task(mail_id)
        except OperationalError:
            logger.warning("The broker is away; mails wait for the next sweep.")
            break
    return len(overdue)


def run(*, mail_id: UUID) -> None:
    """Send one mail, or nothing if it is another worker's, finished, or no longer wanted."""
    citizen_id = mails.citizen_of(mail_id)
    if citizen_id is None:
        return
    with citizen_scope(citizen_id):
        now = timezone.now()
        lease = mails.claim(mail_id=mail_id, now=now)
    if lease is None:
        return
    if mails.spent(lease, now=now):
        _end(lease, Mail.State.FAILED, "gave_up")
        return
    try:
        with citizen_scope(citizen_id):
            mail = _composed(lease, now)
        if mail is None:
            return
        _hand_over(mail)
    except Undeliverable as error:
        _end(lease, Mail.State.FAILED, error.code)
    except OSError as error:  # smtplib's errors are OSErrors too
        logger.info("Mail %s could not be handed over: %s", mail_id, type(error).__name__)
        _wait(lease, "server_away")
    except Exception as error:  # of ours: another version of the program may know better, and the others go on meanwhile
        logger.error("Mail %s could not be made: %s", mail_id, type(error).__name__)
        _wait(lease, "not_made")
    else:
        _end(lease, Mail.State.SENT)


def _composed(lease: Lease, now: datetime) -> EmailMessage | None:
    """The mail as it is to leave, with its secret in one transaction. None: it is not wanted any more, and has ended."""
    held = address.held(citizen_id=lease.citizen_id)
    language = Citizen.objects.get(pk=lease.citizen_id).language
    to_all = {"mail_id": lease.mail_id, "to": held.address, "language": language, "at": lease.created_at}
    if lease.message_id is None:
        secret = address.new_secret(citizen_id=lease.citizen_id, now=now)
        if secret is not None:
            return compose.of_confirmation(secret=secret, attempt=lease.attempt, **to_all)  # type: ignore[arg-type]
    elif held.confirmed:
        message = outbox.read(citizen_id=lease.citizen_id, message_id=lease.message_id, now=now, mark=False)
        attached = _receipts(message) if held.whole else ()
        letter = letters.compose(message, language=language)
        return compose.of_message(letter=letter, whole=held.whole, receipts=attached, **to_all)  # type: ignore[arg-type]
    mails.finish(lease, state=Mail.State.CANCELLED, now=now)
    return None


def _receipts(message: outbox.Opened) -> tuple[tuple[str, str], ...]:
    citizen_id = message.row.citizen_id
    named = [(UUID(a["consent"]), UUID(a["receipt"])) for a in message.about if "receipt" in a]
    found = [receipts.opened(citizen_id=citizen_id, consent_id=c, receipt_id=r) for c, r in named]
    return tuple((f"receipt-{r.row.kind}-{r.row.pk}.jwt", r.token) for r in found)


def _hand_over(mail: EmailMessage) -> None:
    """Raises `Undeliverable` for what no time mends, `OSError` for what it may (RFC 5321, 4.2.1: 5yz and 4yz)."""
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        if all(code >= 500 for code, _ in error.recipients.values()):
            raise Undeliverable("address_refused") from None
        raise
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        if error.smtp_code >= 500:
            raise Undeliverable("mail_refused") from None
        raise


def _end(lease: Lease, state: Mail.State, error: str = "") -> None:
    with citizen_scope(lease.citizen_id):
        mails.finish(lease, state=state, error=error, now=timezone.now())


def _wait(lease: Lease, error: str) -> None:
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        if not mails.postpone(lease, error=error, now=now):
            mails.finish(lease, state=Mail.State.FAILED, error="gave_up", now=now)
