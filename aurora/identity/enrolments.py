"""The two secrets by which a new operator comes in, and somebody who lost a second factor comes in again. Each is made when it is shown, and shown once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from aurora.identity.models import Enrolment, Operator

LASTS = timedelta(hours=72)
# Without letters and digits that are taken for each other: 16 of 32 are 80 bits.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 4, 4
ASKER, DECIDER = "asker", "decider"


def begin(*, operator_id: UUID, request_id: UUID | None, now: datetime) -> Enrolment:
    """A new one in the place of any that is open."""
    Enrolment.objects.filter(operator_id=operator_id, done_at__isnull=True).delete()
    return Enrolment.objects.create(operator_id=operator_id, request_id=request_id, made_at=now, expires_at=now + LASTS)


def show(*, enrolment: Enrolment, half: str, now: datetime) -> str | None:
    """One of the two secrets, in the clear, this once. None if it has been shown, or the time is over."""
    text = "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    column = f"{half}_digest"
    open_still = Enrolment.objects.filter(pk=enrolment.pk, password_at__isnull=True, expires_at__gt=now, **{f"{column}__isnull": True})
    return text if open_still.update(**{column: _digest(enrolment.pk, text)}) == 1 else None


def of(username: str, *, now: datetime) -> tuple[Operator, Enrolment] | None:
    """Who may come in by two secrets now."""
    found = Operator.objects.filter(username=username, is_active=True).first()
    one = Enrolment.objects.filter(operator_id=found.pk, password_at__isnull=True, expires_at__gt=now).first() if found else None
    return (found, one) if found and one else None


def fits(enrolment: Enrolment, *, halves: tuple[str, str]) -> bool:
    """Whether these are the two secrets, in either order."""
    wanted = [bytes(digest) for digest in (enrolment.asker_digest, enrolment.decider_digest) if digest is not None]
    given = [_digest(enrolment.pk, half) for half in halves]
    return len(wanted) == 2 and any(
        hmac.compare_digest(first, wanted[0]) & hmac.compare_digest(second, wanted[1]) for first, second in (given, given[::-1])
    )


def chosen(enrolment: Enrolment, *, now: datetime) -> bool:
    """The password is chosen, and the secrets are good no more; False if another request was faster."""
    return Enrolment.objects.filter(pk=enrolment.pk, password_at__isnull=True, expires_at__gt=now).update(password_at=now) == 1


def may_enrol(operator_id: UUID, *, now: datetime) -> bool:
    """Whether an operator without an authenticator may enrol one: not before the two secrets were given, nor after their time.

    Those of whom there never was an enrolment were made by `seed_demo`.
    """
    of_theirs = Enrolment.objects.filter(operator_id=operator_id)
    return of_theirs.filter(done_at__isnull=True, password_at__isnull=False, expires_at__gt=now).exists() or not of_theirs.exists()


def done(operator_id: UUID, *, now: datetime) -> None:
    """The authenticator is enrolled."""
    Enrolment.objects.filter(Q(operator_id=operator_id, done_at__isnull=True, password_at__isnull=False)).update(done_at=now)


def _digest(enrolment_id: UUID, half: str) -> bytes:
    plain = "".join(half.upper().split()).replace("-", "")
    return hashlib.sha256(b"enrolment:" + enrolment_id.bytes + plain[:64].encode(errors="replace")).digest()
