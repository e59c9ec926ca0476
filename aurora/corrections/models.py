"""Correction: a citizen's request to a source to correct one fact (GDPR art. 16). Under row-level security; what is said in it is sealed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from consent.models import Mandate


class Correction(models.Model):
    """The row is the truth of where a request stands. Which fact it is about never changes: the service may not write those columns."""

    class State(models.TextChoices):
        OPEN = "open"
        CORRECTED = "corrected"
        REFUSED = "refused"
        CLOSED = "closed"  # taken back by the citizen

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, help_text="UUIDv7: later requests have larger ones.")
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=64, help_text="The agency's code: it answers.")
    category = models.CharField(max_length=64)
    category_version = models.PositiveSmallIntegerField()
    mark = models.BinaryField(max_length=16, help_text="The fact's: finds its key again, and does not say it.")
    since = models.DateTimeField(help_text="When Aurora learnt what is said to be wrong: who has read it since is told of a correction.")
    language = models.CharField(max_length=2, help_text="In which the citizen wrote: fi, sv or en.")
    mandate = models.ForeignKey(
        Mandate,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="On which a guardian asked for a child. Null: the citizen did.",
    )
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    sealed = models.BinaryField(help_text="Which fact, what the source says, what the citizen says is right, and why.")

    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    read_at = models.DateTimeField(null=True, help_text="When the source first read it.")
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    overdue_told_at = models.DateTimeField(null=True, help_text="When the citizen was told that no answer came in time.")
    answer_sealed = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["source", "state", "id"], name="correction_of_whom"),
            models.Index(fields=["citizen", "-id"], name="correction_of_citizen"),
            models.Index(fields=["due_at"], condition=Q(state="open", overdue_told_at__isnull=True), name="correction_overdue"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "category", "mark", "source"], condition=Q(state="open"), name="one_open_correction_a_fact"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "closed"], answered_at__isnull=True, answer_sealed__isnull=True)
                | Q(state__in=["corrected", "refused"], answered_at__isnull=False, answer_sealed__isnull=False),
                name="correction_answered_with_an_answer",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at__isnull=True)),
                name="correction_closed_when",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("asked_at")), name="correction_due_after"),
        ]

    def __str__(self) -> str:
        return f"{self.state} correction {self.id}"
