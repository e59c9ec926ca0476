"""Erasure: one wish of a citizen that data of theirs be erased (GDPR art. 17), from the wish to its certificate."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Erasure(models.Model):
    """The row is the truth: a message only wakes a worker up, a lease says who works, the sweep finds the rest.

    `steps` are those that are done, each written down in the transaction that did it or found nothing left to do. Nothing in the row is personal
    but whose it is, and of one that is done of everything that is gone too: what is left is found by the secret address alone (`secret_digest`).
    """

    class Scope(models.TextChoices):
        SOURCE = "source"
        CATEGORY = "category"
        EVERYTHING = "everything"

    class State(models.TextChoices):
        RUNNING = "running"
        WAITING = "waiting"  # of everything: the thirty days in which it may be called off
        DONE = "done"
        CANCELLED = "cancelled"

    OPEN = (State.RUNNING, State.WAITING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No foreign key: the row outlives the citizen's.
    citizen_id = models.UUIDField(null=True)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    code = models.CharField(max_length=64, blank=True, help_text="The source's or the category's.")
    language = models.CharField(max_length=2)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    steps = ArrayField(models.CharField(max_length=32), default=list)
    counts = models.JSONField(default=dict, help_text="By room how many rows went.")
    attempt = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, help_text="Done, or called off.")
    key = models.JSONField(null=True, help_text="Which key was destroyed: its version, the name of the one that wrapped it, when.")
    held = models.JSONField(default=list, help_text="What agencies had read and may still hold, as it stood at the end.")
    secret_digest = models.BinaryField(
        null=True, max_length=32, unique=True, help_text="Of the address at which the certificate is to be had."
    )
    certificate = models.TextField(blank=True, help_text="A compact JWS. It names no person.")
    kept_until = models.DateTimeField(null=True, help_text="When a certificate of everything goes.")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=["running", "waiting"]), name="erasure_due"),
            models.Index(fields=["citizen_id", "-asked_at"], name="erasure_of_citizen"),
            models.Index(fields=["kept_until"], condition=Q(kept_until__isnull=False), name="erasure_kept"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["citizen_id", "scope", "code"], condition=Q(state__in=["running", "waiting"]), name="one_open_erasure"
            ),
            models.CheckConstraint(condition=Q(scope="everything", code="") | ~Q(scope="everything") & ~Q(code=""), name="erasure_of_what"),
            models.CheckConstraint(
                condition=Q(lease_token__isnull=True, lease_until__isnull=True)
                | Q(state="running", lease_token__isnull=False, lease_until__isnull=False),
                name="erasure_lease_only_while_running",
            ),
            models.CheckConstraint(condition=~Q(state="waiting") | Q(scope="everything"), name="erasure_waits_of_everything"),
            models.CheckConstraint(
                condition=(Q(state="done") & ~Q(certificate="")) | (~Q(state="done") & Q(certificate="")), name="erasure_done_is_certified"
            ),
            models.CheckConstraint(condition=Q(citizen_id__isnull=False) | Q(state="done", scope="everything"), name="erasure_of_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.state} {self.id}"


class Leaver(models.Model):
    """A citizen who is closed: nothing more is fetched, derived, allowed or kept of them, by trigger on each table that would. `gone`: their key is
    destroyed, and nothing at all may be written.
    """

    citizen_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    gone = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.citizen_id)
