"""The operators' second factor: TOTP (RFC 6238), the arithmetic by django-otp."""

from __future__ import annotations

import base64
import os
import time
from urllib.parse import quote, urlencode
from uuid import UUID

from django_otp.oath import TOTP

from aurora.identity import keys
from aurora.identity.models import Operator

SECRET_BYTES = 20
DRIFT_STEPS = 1


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 4 recommends."""
    return os.urandom(SECRET_BYTES)


def as_text(secret: bytes) -> str:
    """The secret as an authenticator app takes it."""
    return base64.b32encode(secret).decode()


def from_text(text: str) -> bytes:
    """The reverse of `as_text`."""
    return base64.b32decode(text)


def uri(*, secret: bytes, username: str) -> str:
    """The key URI that authenticator apps open."""
    return f"otpauth://totp/{quote(f'Aurora:{username}')}?{urlencode({'secret': as_text(secret), 'issuer': 'Aurora'})}"


def sealing_context(operator_id: UUID) -> bytes:
    """What an operator's secret is sealed for."""
    return b"totp:" + operator_id.bytes


def enrol(*, operator: Operator, secret: bytes) -> bool:
    """Keep the secret, sealed; False when an authenticator is enrolled already: of two at once, the first stays.

    The last time step used stays: the code that proved the authenticator does not count again.
    """
    sealed = keys.seal_for_platform(secret, context=sealing_context(operator.pk))
    return bool(Operator.objects.filter(pk=operator.pk, totp_secret_sealed__isnull=True).update(totp_secret_sealed=sealed))


def verify(*, operator: Operator, code: str, secret: bytes | None = None) -> bool:
    """Whether the code is right now, and had not been used: a compare-and-set on the time step lets one request through."""
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return False
    if secret is None:
        if operator.totp_secret_sealed is None:
            return False
        secret = keys.open_for_platform(operator.totp_secret_sealed, context=sealing_context(operator.pk))
    totp = TOTP(secret)
    totp.time = time.time()
    if not totp.verify(int(code), tolerance=DRIFT_STEPS):
        return False
    step = totp.t()
    return bool(Operator.objects.filter(pk=operator.pk, totp_last_step__lt=step).update(totp_last_step=step))
