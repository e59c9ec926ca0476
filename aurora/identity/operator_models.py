"""How operators come to be, get roles, and lose them: one administrator asks, another agrees, and the history keeps both."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

TWO_PEOPLE = ("invite", "give", "reset", "restore")
ONE_PERSON = ("take", "suspend")


class OperatorRequest(models.Model):
    """That somebody shall be an operator, have a role, begin anew with password and second factor, or come back; and, done at once by one person, that
    somebody loses a role or is suspended. History, by trigger: only the decision is written, once.

    `subject_id` is whom it is about: of an invitation nobody until it is agreed to. `username`, `name`: of an invitation. `roles`: all first roles of an
    invitation, or the one that is given or taken.
    """

    class Kind(models.TextChoices):
        INVITE = "invite"
        GIVE = "give"
        RESET = "reset"
        RESTORE = "restore"
        TAKE = "take"
        SUSPEND = "suspend"

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    subject_id = models.UUIDField(null=True, db_index=True)
    username = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=120, blank=True)
    roles = ArrayField(models.CharField(max_length=16), default=list)
    reason = models.CharField(max_length=300)
    requested_by = models.UUIDField()
    requested_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", kind__in=TWO_PEOPLE, decided_by__isnull=True, decided_at__isnull=True)
                | Q(
                    state="withdrawn", kind__in=TWO_PEOPLE, decided_by__isnull=False, decided_by=F("requested_by"), decided_at__isnull=False
                )
                | (
                    Q(state__in=["approved", "declined"], kind__in=TWO_PEOPLE, decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(decided_by=F("requested_by"))
                )
                | Q(state="approved", kind__in=ONE_PERSON, decided_by__isnull=True, decided_at__isnull=False),
                name="operator_request_two_people",
            ),
            # Nobody raises themselves: neither asks for it nor agrees.
            models.CheckConstraint(
                condition=Q(kind__in=("invite", *ONE_PERSON))
                | (
                    Q(subject_id__isnull=False)
                    & ~Q(subject_id=F("requested_by"))
                    & (Q(decided_by__isnull=True) | ~Q(subject_id=F("decided_by")))
                ),
                name="operator_request_not_oneself",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="invite")
                    & ~Q(username="")
                    & ~Q(name="")
                    & (Q(state="approved", subject_id__isnull=False) | (~Q(state="approved") & Q(subject_id__isnull=True)))
                )
                | (~Q(kind="invite") & Q(username="", name="", subject_id__isnull=False)),
                name="operator_request_about_whom",
            ),
            models.UniqueConstraint(fields=["subject_id", "kind", "roles"], condition=Q(state="open"), name="operator_request_one_open"),
            models.UniqueConstraint(fields=["username"], condition=Q(state="open", kind="invite"), name="operator_invitation_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.kind} {self.pk}"


class Enrolment(models.Model):
    """That an operator may choose a password and enrol an authenticator, once, until a time, with two secrets together: who asked for the request is shown
    one of them, who agreed the other, each once. Kept are their digests; nobody who knows one half gets in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operator_id = models.UUIDField(db_index=True)
    request_id = models.UUIDField(null=True, unique=True, help_text="None: from manage.py create_operator.")
    asker_digest = models.BinaryField(max_length=32, null=True, help_text="None: not shown yet.")
    decider_digest = models.BinaryField(max_length=32, null=True, help_text="None: not shown yet.")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    password_at = models.DateTimeField(null=True, help_text="When the password was chosen: the secrets are good no more.")
    done_at = models.DateTimeField(null=True, help_text="When the authenticator was enrolled.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operator_id"], condition=Q(done_at__isnull=True), name="enrolment_one_open"),
            models.CheckConstraint(condition=Q(done_at__isnull=True) | Q(password_at__isnull=False), name="enrolment_password_first"),
        ]

    def __str__(self) -> str:
        return f"enrolment of operator {self.operator_id}"
