"""The first administrators, by whoever may run commands on the machine: while there are fewer than two who could decide on anything."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from aurora.audit import trail
from aurora.identity import enrolments
from aurora.identity.models import Operator
from aurora.journeys.manage_operators import USERNAME
from consent.errors import Conflict, InvalidInput

logger = logging.getLogger(__name__)
ENOUGH = 2
_LOCK = 0x6F706572  # "oper": of two commands at once the second counts what the first one made


class EnoughAdministrators(Conflict):
    code = "enough_administrators"
    sentence = "There are two administrators or more. They invite others in the console."


@dataclass(frozen=True, slots=True)
class First:
    """`halves` are the two halves of the secret, in the clear, this once; `administrators`: how many there are now."""

    halves: tuple[str, str] = field(repr=False)
    until: datetime
    join_url: str
    administrators: int


def create(*, username: str, name: str) -> First:
    """Make one. Raises `EnoughAdministrators`, `InvalidInput`."""
    now = timezone.now()
    if not USERNAME.fullmatch(username) or not 1 <= len(name.strip()) <= 120 or Operator.objects.filter(username=username).exists():
        raise InvalidInput(
            {"username": "operator_username"},
            "Give a user name that is free, of 3 to 64 small letters, digits, dots or hyphens, and a name.",
        )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        before = Operator.objects.filter(is_active=True, roles__contains=[Operator.Role.ADMINISTRATOR]).count()
        if before >= ENOUGH:
            raise EnoughAdministrators()
        made = Operator.objects.create(
            pk=uuid4(), username=username, name=name.strip(), roles=[Operator.Role.ADMINISTRATOR], password=make_password(None)
        )
        enrolment = enrolments.begin(operator_id=made.pk, request_id=None, now=now)
        halves = tuple(enrolments.show(enrolment=enrolment, half=half, now=now) or "" for half in (enrolments.ASKER, enrolments.DECIDER))
        # By nobody of the console: auditors find it beside the sign-ins of nobody.
        trail.did(operator_id=trail.NOBODY, deed="operator:created_by_command", about=[made.pk, Operator.Role.ADMINISTRATOR])
    logger.warning("Operator %s was made an administrator by a command.", made.pk)
    return First(
        (halves[0], halves[1]), enrolment.expires_at.astimezone(UTC), settings.AURORA_BASE_URL + reverse("console:join"), before + 1
    )
