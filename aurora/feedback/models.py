"""The table of feedback on accessibility."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Report(models.Model):
    """What somebody said of Aurora's pages. Nothing in the row says who: no citizen, no session, no address of a network.

    `sealed` is JSON, {"page", "text", "address"}, for the platform's key; `address` is a mail address, "" for none. Of the time the day alone is
    kept: a minute could be laid beside a proxy's log. The id is random for the same reason. The row goes after `reports.KEPT`.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=9, unique=True, help_text="What the writer can name it by.")
    language = models.CharField(max_length=2, help_text="Of the page on which it was written.")
    received_on = models.DateField()
    sealed = models.BinaryField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    answered_by = models.UUIDField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer_sealed = models.BinaryField(null=True, help_text="What the operator noted of the answer.")
    closed_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)
    closing_sealed = models.BinaryField(null=True, help_text="Why it was closed.")

    class Meta:
        indexes = [models.Index(fields=["received_on"], name="accessibility_received")]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True, answered_at__isnull=True, answer_sealed__isnull=True)
                | Q(answered_by__isnull=False, answered_at__isnull=False, answer_sealed__isnull=False),
                name="accessibility_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_by__isnull=False, closed_at__isnull=False, closing_sealed__isnull=False)
                | (~Q(state="closed") & Q(closed_by__isnull=True, closed_at__isnull=True, closing_sealed__isnull=True)),
                name="accessibility_closed_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True) | Q(state="answered", answered_at__isnull=False) | Q(state="closed"),
                name="accessibility_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.reference}"
