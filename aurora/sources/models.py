"""Where data comes from: a system that holds it, a citizen's link to it, and the runs that fetch."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from consent.models import Agency


class DataSource(models.Model):
    """An agency's system: its OAuth issuer, and Aurora's registration there. The private key is sealed for the platform."""

    agency = models.OneToOneField(Agency, on_delete=models.PROTECT, primary_key=True, related_name="data_source")
    connector = models.SlugField(max_length=32, default="json_oauth")
    issuer = models.URLField()
    client_id = models.CharField(max_length=200)
    key_sealed = models.BinaryField()
    settings = models.JSONField(default=dict, blank=True, help_text="What its connector must know of it, declared by operators. No secret.")
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.agency_id.hex


class Connection(models.Model):
    """A citizen's live link to a source. Tokens are sealed under the citizen's own key."""

    class State(models.TextChoices):
        LIVE = "live"
        BROKEN = "broken"  # the source no longer takes our tokens: the citizen must connect again
        ENDED = "ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.LIVE)
    access_token_sealed = models.BinaryField()
    refresh_token_sealed = models.BinaryField(null=True)
    access_expires_at = models.DateTimeField()
    connected_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    tokens_returned_at = models.DateTimeField(null=True, help_text="When the source was told that we are done (RFC 7009).")
    return_due_at = models.DateTimeField(null=True, help_text="Once ended: when to try again to tell the source. Null: at once.")

    class Meta:
        indexes = [
            models.Index(
                "source",
                Coalesce("return_due_at", "ended_at"),
                condition=Q(state="ended", tokens_returned_at__isnull=True),
                name="connection_return_due",
            )
        ]
        constraints = [models.UniqueConstraint(fields=["citizen", "source"], condition=~Q(state="ended"), name="one_standing_connection")]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class ConnectAttempt(models.Model):
    """A citizen on their way to a source and back: what they chose on our page waits here, and becomes consent only on return."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="+")
    state_digest = models.BinaryField(max_length=32, unique=True)
    verifier_sealed = models.BinaryField()
    choices = models.JSONField(help_text="Purposes, categories, until, notices: codes only.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class Pull(models.Model):
    """One run that fetches. The row is the truth: a message only wakes a worker up, a lease says who works, the sweep finds the rest."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="pulls")
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="queued"), name="pull_queued_by_due"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="pull_running_by_lease"),
            models.Index(fields=["citizen", "-created_at"], name="pull_of_citizen"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["connection"], condition=Q(state__in=["queued", "running"]), name="one_open_pull"),
            models.CheckConstraint(
                condition=(Q(state="running") & Q(lease_token__isnull=False) & Q(lease_until__isnull=False))
                | (~Q(state="running") & Q(lease_token__isnull=True)),
                name="pull_lease_only_while_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class PullPart(models.Model):
    """One category of a pull, for the citizen to watch."""

    class State(models.TextChoices):
        WAITING = "waiting"
        FETCHED = "fetched"
        DONE = "done"
        FAILED = "failed"

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="parts")
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    facts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pull", "category"], name="one_part_a_category")]
        ordering = ["category"]

    def __str__(self) -> str:
        return f"{self.category} {self.state}"
