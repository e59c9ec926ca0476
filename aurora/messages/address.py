"""The citizen's mail address: given, confirmed by a one-time secret sent to it, changed, removed at once. In their scope.

Addresses belong to nobody else's row: two citizens may give the same one, and nothing tells either so.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from aurora.identity import vault
from aurora.messages import mails
from aurora.messages.models import MailAddress
from consent.errors import AuroraError, InvalidInput
from consent.oauth import digests

LONGEST = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1
CONFIRM_WITHIN = timedelta(hours=24)
ASKED_A_DAY = 5
_CONTEXT = b"mail-address"


class TooManyRequests(AuroraError):
    """More confirmations were asked for than a day may have: nobody's box is to be filled through us."""

    code = "too_many_confirmations"
    sentence = "A confirmation was asked for too often today. Try again tomorrow."
    status = 429
    retryable = True


class SecretInvalid(AuroraError):
    """The link's secret is none that is open for this citizen: used, too old, or another's."""

    code = "confirmation_invalid"
    sentence = "This link is no longer in force. Ask for a new one."
    status = 400


@dataclass(frozen=True)
class Held:
    """A citizen's address as it stands; `address` "" for none."""

    state: MailAddress.State
    address: str = field(repr=False, default="")
    whole: bool = False

    @property
    def confirmed(self) -> bool:
        return self.state is MailAddress.State.CONFIRMED


def held(*, citizen_id: UUID) -> Held:
    """The citizen's address."""
    row = MailAddress.objects.filter(pk=citizen_id).first()
    if row is None or row.sealed is None:
        return Held(MailAddress.State.NONE, whole=bool(row and row.whole))
    plain = vault.open_sealed(row.sealed, citizen_id=citizen_id, context=_CONTEXT).decode()
    return Held(MailAddress.State(row.state), plain, row.whole)


def checked(typed: str) -> str:
    """The address as it can be written to. Raises `InvalidInput` for `address`: none, too long, not one, or one that would be two headers."""
    address = typed.strip()
    if not address:
        raise InvalidInput({"address": "address_required"})
    if len(address) > LONGEST or not address.isprintable() or any(c in address for c in '<>,;"'):
        raise InvalidInput({"address": "address_invalid"})
    local, _, domain = address.rpartition("@")
    try:
        if len(local) > LONGEST_LOCAL:
            raise ValidationError("too long")
        address = f"{local}@{domain.encode('idna').decode('ascii')}"
        EmailValidator(allowlist=[])(address)
    except (ValidationError, UnicodeError):
        raise InvalidInput({"address": "address_invalid"}) from None
    return address


def give(*, citizen_id: UUID, typed: str, whole: bool, now: datetime) -> None:
    """Keep an address, and send it a request to confirm. Until then nothing else is sent there, nor to the one before.

    Raises `InvalidInput`, `TooManyRequests`.
    """
    address = checked(typed)
    row, _ = MailAddress.objects.select_for_update().get_or_create(pk=citizen_id)
    _count(row, now)
    row.state, row.whole, row.digest, row.expires_at = MailAddress.State.UNCONFIRMED, whole, None, None
    row.sealed = vault.seal(address.encode(), citizen_id=citizen_id, context=_CONTEXT)
    row.save()
    mails.enqueue_confirmation(citizen_id=citizen_id, now=now)


def choose(*, citizen_id: UUID, whole: bool) -> None:
    """What a mail says: that there is a message, or the whole of it."""
    MailAddress.objects.filter(pk=citizen_id).update(whole=whole)


def remove(*, citizen_id: UUID, now: datetime) -> None:
    """Forget the address at once; what waits to be sent there is not."""
    MailAddress.objects.filter(pk=citizen_id).update(state=MailAddress.State.NONE, sealed=None, whole=False, digest=None, expires_at=None)
    mails.cancel_open(citizen_id=citizen_id, now=now)


def new_secret(*, citizen_id: UUID, now: datetime) -> str | None:
    """A secret for the confirmation that is about to be sent; the one before it is dead. None: there is nothing to confirm any more."""
    secret = digests.new_secret()
    waiting = MailAddress.objects.filter(pk=citizen_id, state=MailAddress.State.UNCONFIRMED)
    return secret if waiting.update(digest=digests.digest_of(secret), expires_at=now + CONFIRM_WITHIN) == 1 else None


def check_form(secret: str) -> None:
    """Raises `SecretInvalid` for what can be no secret of ours."""
    if not digests.looks_like_secret(secret):
        raise SecretInvalid()


def confirm(*, citizen_id: UUID, secret: str, now: datetime) -> None:
    """The citizen came back with the secret from their mail. Raises `SecretInvalid`. A secret counts once."""
    row = MailAddress.objects.filter(pk=citizen_id, state=MailAddress.State.UNCONFIRMED, expires_at__gt=now).first()
    known = bytes(row.digest) if row is not None and row.digest is not None else bytes(32)
    same = digests.looks_like_secret(secret) and hmac.compare_digest(known, digests.digest_of(secret))
    if row is None or not same:
        raise SecretInvalid()
    unchanged = MailAddress.objects.filter(pk=citizen_id, state=MailAddress.State.UNCONFIRMED, digest=row.digest)
    if unchanged.update(state=MailAddress.State.CONFIRMED, digest=None, expires_at=None) != 1:
        raise SecretInvalid()


def _count(row: MailAddress, now: datetime) -> None:
    if row.asked_since is None or row.asked_since <= now - timedelta(days=1):
        row.asked, row.asked_since = 0, now
    if row.asked >= ASKED_A_DAY:
        raise TooManyRequests()
    row.asked += 1
