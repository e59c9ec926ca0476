"""Concern: a citizen's case about one entry; ConcernPart: what was said in it, in order. Both under row-level security."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from consent.models import Mandate


class Concern(models.Model):
    """The row is the truth of where a case stands; what was said is sealed in its parts.

    What it is about never changes (trigger): the entry, with its facts as whoever answers knows them, and `about`, who answers: an agency's
    code, or `aurora` for its privacy officers. While it is open, `due_at` is when the answer is due.
    """

    class Kind(models.TextChoices):
        UNKNOWN = "unknown"  # the citizen does not know this organisation
        UNEXPECTED = "unexpected"
        WRONG = "wrong"  # the data
        OTHER = "other"

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        CLOSED = "closed"

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        NOT_SATISFIED = "not_satisfied"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, help_text="UUIDv7: later cases have larger ones.")
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    about = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    language = models.CharField(max_length=2, help_text="In which the citizen wrote: fi, sv or en.")
    raised_at = models.DateTimeField()
    mandate = models.ForeignKey(
        Mandate,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="On which a guardian reported it for a child. Null: the citizen did.",
    )

    entry_id = models.UUIDField()
    entry_at = models.DateTimeField()
    event = models.CharField(max_length=64)
    decision = models.CharField(max_length=64)
    purpose = models.CharField(max_length=64, blank=True)
    categories = ArrayField(models.CharField(max_length=64), default=list)

    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(max_length=13, choices=Outcome.choices, blank=True)
    due_at = models.DateTimeField()
    put_off_at = models.DateTimeField(null=True, help_text="When a later day was named for the answer: once.")
    answered_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True, help_text="When the citizen replied to the answer: once.")
    closed_at = models.DateTimeField(null=True)
    overdue_told_at = models.DateTimeField(null=True, help_text="When the citizen was told that no answer came in time.")

    class Meta:
        indexes = [
            models.Index(fields=["about", "state", "id"], name="concern_of_whom"),
            models.Index(fields=["citizen", "-id"], name="concern_of_citizen"),
            models.Index(fields=["due_at"], condition=Q(state="open", overdue_told_at__isnull=True), name="concern_overdue"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["entry_id"], condition=~Q(state="closed"), name="one_open_concern_an_entry"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(outcome="")
                | ~Q(state="closed") & Q(closed_at__isnull=True, outcome=""),
                name="concern_closed_with_an_outcome",
            ),
            models.CheckConstraint(condition=~Q(state="answered") | Q(answered_at__isnull=False), name="concern_answered_when"),
            models.CheckConstraint(condition=~Q(outcome="accepted") | Q(answered_at__isnull=False), name="concern_accepts_an_answer"),
            models.CheckConstraint(condition=Q(due_at__gt=F("raised_at")), name="concern_due_after"),
        ]

    def __str__(self) -> str:
        return f"{self.state} concern {self.id}"


class ConcernPart(models.Model):
    """One thing that was said, sealed under the citizen's key. Append-only."""

    class By(models.TextChoices):
        CITIZEN = "citizen"
        AGENCY = "agency"
        AURORA = "aurora"

    class Kind(models.TextChoices):
        RAISED = "raised"
        REPLY = "reply"
        LAWFUL = "lawful"  # with the ground
        MISTAKE = "mistake"  # with what was done
        LATER = "later"  # no answer yet: with a new day

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    concern = models.ForeignKey(Concern, on_delete=models.PROTECT, related_name="parts")
    number = models.PositiveSmallIntegerField()
    by = models.CharField(max_length=7, choices=By.choices)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, help_text="By when the answer is to come, where this says that it comes later.")
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["concern", "number"], name="concern_part_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.concern_id}"
