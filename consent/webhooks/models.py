"""Delivery: one thing that one client must be told, until it is told, and until it has said that it did what follows."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from consent.models import Agency, ConsentRecord
from consent.oauth.models import Client, Grant


class Delivery(models.Model):
    """The row is the truth. Its id is the webhook's id, the same at every attempt, and the event's id in the feed.

    `failed`: no more attempts of ours; it stays in the feed and is shown as undelivered. Nothing here says who the citizen is but the key.
    """

    class Kind(models.TextChoices):
        WITHDRAWN = "consent.withdrawn"
        NARROWED = "consent.narrowed"
        EXPIRED = "consent.expired"
        REPLACED = "consent.replaced"
        # Not of a consent: a citizen's case that the agency must answer.
        CONCERN_RAISED = "concern.raised"
        CONCERN_REPLIED = "concern.replied"
        CONCERN_CLOSED = "concern.closed"
        # Of no consent either: a request to correct a fact, to its source; and, to those that had read the fact, that it was corrected.
        CORRECTION_ASKED = "correction.asked"
        CORRECTION_CLOSED = "correction.closed"
        FACT_CORRECTED = "fact.corrected"
        # Of a consent that stands: what was read on it is erased (GDPR art. 19).
        ERASED = "data.erased"

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+", null=True)
    consent = models.ForeignKey(ConsentRecord, on_delete=models.PROTECT, related_name="+", null=True)
    concern_id = models.UUIDField(null=True, help_text="The citizen's case, where this tells of one; then it is of no consent.")
    correction_id = models.UUIDField(
        null=True, help_text="The request to correct a fact, where this tells of one; then it is of no consent."
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    categories = ArrayField(models.CharField(max_length=64), help_text="Those that are no longer covered.")
    payload = models.JSONField(help_text="What is sent, without any personal value.")
    position = models.BigIntegerField(null=True, help_text="Place in its client's feed, given when the feed is first read after it.")
    created_at = models.DateTimeField()

    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(
        help_text="From when the days of trying count: its first attempt, or when an operator asked for a new try; until then its making."
    )
    due_at = models.DateTimeField(null=True, help_text="When to try next. Null: the client has no address, and reads the feed.")
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=32, blank=True)
    delivered_at = models.DateTimeField(null=True)

    confirm_by = models.DateTimeField(null=True, help_text="Null: nothing is asked.")
    confirmed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="When the agency says that it deleted. Null though confirmed: it kept all.")
    kept = models.JSONField(default=list, help_text="What it says it must keep: [{category, legal_basis}].")
    overdue_told_at = models.DateTimeField(null=True, help_text="When the citizen was told that no confirmation came in time.")

    class Meta:
        indexes = [
            models.Index(fields=["client", "due_at"], condition=Q(state="pending", due_at__isnull=False), name="delivery_due"),
            models.Index(fields=["client"], condition=Q(state="pending", due_at__isnull=True), name="delivery_unaddressed"),
            models.Index(fields=["client"], condition=Q(state="pending", lease_until__isnull=False), name="delivery_under_way"),
            models.Index(
                fields=["client", "position"], condition=Q(position__isnull=False) & ~Q(state="delivered"), name="delivery_not_had"
            ),
            models.Index(fields=["client", "created_at"], condition=Q(position__isnull=True), name="delivery_without_position"),
            models.Index(fields=["consent"], name="delivery_of_consent"),
            models.Index(fields=["concern_id"], condition=Q(concern_id__isnull=False), name="delivery_of_concern"),
            models.Index(
                fields=["confirm_by"],
                condition=Q(confirm_by__isnull=False, confirmed_at__isnull=True, overdue_told_at__isnull=True),
                name="delivery_overdue",
            ),
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["client", "position"], name="one_delivery_a_position"),
            models.CheckConstraint(condition=~Q(state="delivered") | Q(delivered_at__isnull=False), name="delivery_delivered_has_a_time"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, deleted_at__isnull=True) | Q(confirmed_at__isnull=False),
                name="delivery_deleted_is_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(concern_id__isnull=True, correction_id__isnull=True, consent__isnull=False, grant__isnull=False)
                | Q(concern_id__isnull=False, correction_id__isnull=True, consent__isnull=True, grant__isnull=True, confirm_by__isnull=True)
                | Q(
                    concern_id__isnull=True, correction_id__isnull=False, consent__isnull=True, grant__isnull=True, confirm_by__isnull=True
                ),
                name="delivery_of_consent_or_concern",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Ping(models.Model):
    """A test notice to the address of one client, on the wish of an operator (`asked_by`) or of a sandbox client's developer (None).

    It is of no citizen, stands in no feed and is tried once: whoever asked looks at what came of it. `sent`: the signature's headers.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    asked_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="What the address answered; null if it did not.")
    error = models.CharField(max_length=32, blank=True)
    sent = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["client", "-created_at"], name="ping_of_client")]
        constraints = [
            models.UniqueConstraint(fields=["client"], condition=Q(state="pending"), name="one_ping_under_way"),
            models.CheckConstraint(condition=Q(state="pending") ^ Q(finished_at__isnull=False), name="ping_finished_has_a_time"),
        ]

    def __str__(self) -> str:
        return f"ping {self.id}"


class SourceEnding(models.Model):
    """An operator's order to end every consent that lets Aurora fetch from one source: the agency gives no more. It names no citizen.

    It ends nothing before another operator has confirmed it. `finished_at` without `confirmed_at`: it was declined, or taken back.
    """

    source = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=32)
    case = models.CharField(max_length=32)
    ordered_by = models.UUIDField(help_text="The operator's id.")
    ordered_at = models.DateTimeField()
    confirmed_by = models.UUIDField(null=True, help_text="Another operator's id.")
    confirmed_at = models.DateTimeField(null=True)
    declined_by = models.UUIDField(null=True, help_text="Who declined it, or took their own order back.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=Q(finished_at__isnull=True), name="one_open_ending_a_source"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(~Q(confirmed_by=F("ordered_by")), confirmed_at__isnull=False, confirmed_by__isnull=False, declined_by__isnull=True),
                name="source_ending_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"ending of {self.source_id}"
