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
    context_sealed = models.BinaryField(null=True, help_text="What the source told with its tokens that questions need: `Manner.context`.")
    connected_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    tokens_returned_at = models.DateTimeField(null=True, help_text="When the source was told that we are done (RFC 7009).")
    return_due_at = models.DateTimeField(null=True, help_text="Once ended: when to try again to tell the source. Null: at once.")
    newest_pull = models.UUIDField(null=True, help_text="The last one made: that stays when old ones are deleted.")

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

    class Priority(models.IntegerChoices):
        WAITING = 0  # its citizen waits for it
        REFRESH = 1  # planned: `Feed`

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Whose, and of which source: the connection says it too, and its foreign keys hold. Each index or key less is a page less that a planned pull touches.
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="pulls")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.WAITING)
    woken_until = models.DateTimeField(null=True, help_text="Of a refresh: until then a message for it may be under way.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    kept_at = models.DateTimeField(null=True, help_text="When it was last found to be old, and the newest of its connection.")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="queued", priority=0), name="pull_waiting_by_due"),
            models.Index(fields=["source", "priority", "due_at"], condition=Q(state="queued"), name="pull_queued_of_source"),
            models.Index(fields=["woken_until"], condition=Q(state="queued", woken_until__isnull=False), name="pull_woken"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="pull_running_by_lease"),
            models.Index(fields=["source"], condition=Q(state="running"), name="pull_running_of_source"),
            models.Index(Coalesce("kept_at", "finished_at"), condition=Q(finished_at__isnull=False), name="pull_to_purge"),
            models.Index(fields=["source", "state", "finished_at"], condition=Q(finished_at__isnull=False), name="pull_ended_of_source"),
            models.Index(fields=["citizen", "-created_at"], name="pull_of_citizen"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(priority__in=[0, 1]), name="pull_priority_known"),
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
        SAME = "same"  # the source told nothing new
        FAILED = "failed"

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="parts", db_index=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    category = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    facts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pull", "category"], name="one_part_a_category")]
        ordering = ["category"]

    def __str__(self) -> str:
        return f"{self.category} {self.state}"


class Feed(models.Model):
    """One category of a connection, as long as the connection and a consent to the category last: where the last answer ended, and when to ask again."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="feeds", db_index=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.CharField(max_length=64)
    mark_sealed = models.BinaryField(null=True, help_text="Sealed: a source may make its ETag of what it tells.")
    seen_at = models.DateTimeField(null=True, help_text="When the source last answered, were it only that nothing is new.")
    due_at = models.DateTimeField(null=True, help_text="When it is asked again. Null: not by itself.")
    error = models.CharField(max_length=32, blank=True, help_text="Why the last fetch of it failed.")
    failed_at = models.DateTimeField(null=True, help_text="Since when none has succeeded.")

    class Meta:
        indexes = [
            models.Index(fields=["source", "due_at"], condition=Q(due_at__isnull=False), name="feed_due"),
            models.Index(fields=["source", "error", "category"], condition=~Q(error=""), name="feed_failing"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["connection", "category"], name="one_feed_a_category"),
            models.CheckConstraint(
                condition=Q(error="", failed_at__isnull=True) | (~Q(error="") & Q(failed_at__isnull=False)), name="feed_failing_since"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.connection_id}"


class Pace(models.Model):
    """When a source may next be asked, so that no more requests reach it than it bears. One row that all workers take turns at."""

    source = models.OneToOneField(DataSource, on_delete=models.CASCADE, primary_key=True, related_name="+")
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.source_id.hex


class Breaker(models.Model):
    """How a source has answered lately, for all workers. Open (`opened_at`): it is left alone until `retry_at`, when one may try."""

    source = models.OneToOneField(DataSource, on_delete=models.CASCADE, primary_key=True, related_name="breaker")
    failures = models.PositiveIntegerField(default=0, help_text="In a row, of the kind that time can mend.")
    opened_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Since it opened: each that fails makes the pause longer.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, retry_at__isnull=True) | Q(opened_at__isnull=False, retry_at__isnull=False),
                name="breaker_open_with_retry",
            ),
        ]

    def __str__(self) -> str:
        return f"{'open' if self.opened_at else 'closed'} {self.source_id.hex}"
