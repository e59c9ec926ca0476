"""MeaningChange: that a purpose, category or recipient means something else from a version on, and how far citizens were told."""

from __future__ import annotations

from django.db import models


class MeaningChange(models.Model):
    """Work for the worker: it goes through the consents in the order of their ids, in batches, under a lease, until all were seen.

    `after` is the last consent seen. The row names nobody: which citizens are concerned, `consent_outdated_untold` says.
    """

    class Kind(models.TextChoices):
        PURPOSE = "purpose"
        CATEGORY = "category"
        RECIPIENT = "recipient"

    kind = models.CharField(max_length=9, choices=Kind.choices)
    code = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField()
    loaded_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not before; while it is worked on, until when the lease runs.")
    after = models.UUIDField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "code", "version"], name="meaning_changes_once")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(done_at__isnull=True), name="meaning_change_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code} v{self.version}"
