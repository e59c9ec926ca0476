"""A new operator comes in, or one who lost the second factor: with two secrets, each from another administrator, they choose a password. The authenticator
is enrolled next, on the page that signing in leads to.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from aurora.audit import trail
from aurora.identity import enrolments
from aurora.identity.models import Operator
from consent.errors import AuroraError


class NotInvited(AuroraError):
    """The name, either secret or the time is wrong: not told apart, so that nobody finds out who was invited."""

    code = "not_invited"
    sentence = "The user name and the two secrets do not fit together, or their time is over."
    status = 400


class PasswordRefused(AuroraError):
    """`sentences`: what is wrong with the password, in the active language."""

    code = "password_refused"
    sentence = "Choose another password."
    status = 400

    def __init__(self, sentences: list[str]) -> None:
        self.sentences = sentences
        super().__init__()


def join(*, username: str, halves: tuple[str, str], password: str, now: datetime) -> Operator:
    """The account, with its new password. The secrets are used up then, and not by a password that is refused. Raises `NotInvited`, `PasswordRefused`."""
    found = enrolments.of(username, now=now)
    if found is None or not enrolments.fits(found[1], halves=halves):
        raise NotInvited()
    operator, enrolment = found
    digest = digest_of(operator=operator, password=password)  # slow, so not while anything is locked
    with transaction.atomic():
        if not enrolments.chosen(enrolment, now=now):
            raise NotInvited()
        Operator.objects.filter(pk=operator.pk).update(password=digest)
        trail.did(operator_id=operator.pk, deed="operator:joined", about=[enrolment.pk])
    operator.refresh_from_db()
    return operator


def digest_of(*, operator: Operator, password: str) -> str:
    """What is kept of a password that may be theirs. Raises `PasswordRefused`."""
    try:
        validate_password(password, user=operator)  # type: ignore[arg-type] # the validators ask for attributes
    except ValidationError as error:
        raise PasswordRefused([str(sentence) for sentence in error.messages]) from None
    return make_password(password)
