"""Messages to citizens, their mail address, the mails that carry messages, and the reminders that were given. All under row-level security."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class MessageKind(models.TextChoices):
    """What a message is about; its text is composed from this and from what is sealed in it (`aurora.messages.letters`)."""

    RECEIPT = "receipt"
    REMINDER_ONGOING = "reminder_ongoing"
    REMINDER_ENDING = "reminder_ending"
    CONSENT_EXPIRED = "consent_expired"
    AGENCY_CONFIRMED_DELETION = "agency_confirmed_deletion"
    AGENCY_OVERDUE = "agency_overdue"
    MANDATE_OFFERED = "mandate_offered"
    MANDATE_CHANGED = "mandate_changed"
    RECONSENT_NEEDED = "reconsent_needed"
    ESTIMATE_RECALLED = "estimate_recalled"
    BREAK_GLASS = "break_glass"
    CONCERN_ANSWERED = "concern_answered"
    CONCERN_PUT_OFF = "concern_put_off"
    CONCERN_OVERDUE = "concern_overdue"
    CORRECTION_ANSWERED = "correction_answered"
    CORRECTION_OVERDUE = "correction_overdue"
    USE_DISCLOSED = "use_disclosed"
    ERASURE_ASKED = "erasure_asked"
    ERASURE_DONE = "erasure_done"


class Message(models.Model):
    """One message. `sealed` holds what it is about, for the citizen only; it is kept when read, as an archive."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=32, choices=MessageKind.choices)
    key = models.CharField(max_length=100, help_text="What makes it the same message: told again, it is not made again.")
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["citizen", "kind", "key"], name="message_once")]
        indexes = [
            models.Index(fields=["citizen", "-created_at", "-id"], name="message_newest"),
            models.Index(fields=["citizen"], condition=Q(read_at__isnull=True), name="message_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class MailAddress(models.Model):
    """Where a citizen wants to be told, if they want to. The row stays when the address goes, since it counts the confirmations asked for.

    `digest` is that of the one-time secret in the newest confirmation; the secret itself is kept nowhere.
    """

    class State(models.TextChoices):
        NONE = "none"
        UNCONFIRMED = "unconfirmed"
        CONFIRMED = "confirmed"

    citizen = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+")
    state = models.CharField(max_length=11, choices=State.choices, default=State.NONE)
    sealed = models.BinaryField(null=True)
    whole = models.BooleanField(default=False, help_text="The whole message with its receipt, not only that there is one.")
    digest = models.BinaryField(null=True, max_length=32)
    expires_at = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField(default=0, help_text="Confirmations asked for since `asked_since`.")
    asked_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state="none", sealed__isnull=True) | ~Q(state="none"), name="mail_address_gone_is_gone")
        ]

    def __str__(self) -> str:
        return f"{self.state} address of {self.citizen_id}"


class Mail(models.Model):
    """One mail that is to leave the house: a message's, or (without one) the request to confirm an address. The row is the truth."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SENT = "sent"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    message = models.OneToOneField(Message, on_delete=models.PROTECT, null=True, related_name="mail")
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="queued"), name="mail_due"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="mail_leased"),
        ]

    def __str__(self) -> str:
        return f"{self.state} mail {self.id}"


class Reminder(models.Model):
    """That a citizen was reminded of a consent, so that they are not again. `skipped`: a newer one took its place before it was sent."""

    consent = models.ForeignKey("consent.ConsentRecord", on_delete=models.PROTECT, related_name="+")
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, help_text="As `consent.rules.reminders` names it, such as `ongoing-90` or `ending-7`.")
    at = models.DateTimeField()
    skipped = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consent", "kind"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.consent_id}"
