"""Export: one copy of all that Aurora holds of a citizen, from the wish to its end."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Export(models.Model):
    """The row is the truth: a message only wakes a worker up, a lease says who works, the sweep finds the rest.

    `file_id` names the file of this attempt, before its first byte is written. `key_sealed` is the file's key under the citizen's own, until the file
    goes; `lock` is the same key wrapped by the passphrase, which is kept nowhere (`seal.py`). Whoever asked on a mandate (`mandate_id`) has a copy
    of their own, and nobody else sees it.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        EXPIRED = "expired"  # or deleted, by whomever

    OPEN = (State.QUEUED, State.RUNNING)
    LIVE = (State.QUEUED, State.RUNNING, State.DONE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    mandate_id = models.UUIDField(null=True, help_text="On which somebody else asked; null: the citizen.")
    asked_by = models.UUIDField(null=True, help_text="That attorney, guardian or administrator.")
    language = models.CharField(max_length=2)
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=32, blank=True, help_text="Why it failed, or why the file went before its time.")
    part = models.CharField(max_length=32, blank=True, help_text="What is being written.")
    percent = models.PositiveSmallIntegerField(default=0)
    entry_id = models.UUIDField(null=True, help_text="The ledger entry of the access.")
    file_id = models.UUIDField(null=True, unique=True)
    size = models.BigIntegerField(null=True, help_text="Bytes of the file.")
    sha256 = models.CharField(max_length=64, blank=True)
    salt = models.BinaryField(null=True, max_length=32, help_text="With the file's key it gives the key of this attempt's pieces.")
    expires_at = models.DateTimeField(null=True)
    downloads = models.PositiveSmallIntegerField(default=0)
    key_sealed = models.BinaryField(null=True)
    lock = models.JSONField(null=True, help_text="Derivation, salt and the wrapped key.")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="queued"), name="export_queued_by_due"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="export_running_by_lease"),
            models.Index(fields=["expires_at"], condition=Q(state="done"), name="export_done_by_end"),
            models.Index(fields=["finished_at"], condition=Q(state__in=["failed", "expired"]), name="export_over_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "mandate_id"],
                condition=Q(state__in=["queued", "running", "done"]),
                nulls_distinct=False,
                name="one_live_export",
            ),
            models.CheckConstraint(condition=Q(state__in=["queued", "running", "done", "failed", "expired"]), name="export_state_known"),
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False, file_id__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True, lease_until__isnull=True)),
                name="export_lease_only_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state="done", file_id__isnull=False, size__isnull=False, expires_at__isnull=False, entry_id__isnull=False)
                & ~Q(sha256="")
                | ~Q(state="done"),
                name="export_done_has_a_file",
            ),
            # Nothing opens what is left of a file, wherever a copy of it may lie.
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], key_sealed__isnull=False, lock__isnull=False, finished_at__isnull=True)
                | Q(state="done", key_sealed__isnull=False, lock__isnull=False, finished_at__isnull=False)
                | Q(
                    state__in=["failed", "expired"],
                    key_sealed__isnull=True,
                    lock__isnull=True,
                    file_id__isnull=True,
                    finished_at__isnull=False,
                ),
                name="export_over_has_no_key",
            ),
            models.CheckConstraint(condition=~Q(state="failed", code=""), name="export_says_why_not"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="export_percent"),
            models.CheckConstraint(
                condition=Q(mandate_id__isnull=True, asked_by__isnull=True) | Q(mandate_id__isnull=False, asked_by__isnull=False),
                name="export_asked_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"
