"""What two officers decide of an agency: that it is here, and who it is."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class AgencyDraft(models.Model):
    """A wish for an agency or for its next version, open until a second person decides; then it stays as it was decided, by trigger.

    `content` is the document that a file would hold (docs/agency/versions.md); `before` the one of the newest version when it was made, None where
    there was none. `requested_by` and `decided_by` are operators' ids, whom this package does not know.
    """

    class Kind(models.TextChoices):
        REGISTER = "register"
        CHANGE = "change"

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    code = models.CharField(max_length=64, db_index=True)
    before = models.JSONField(null=True)
    content = models.JSONField()
    reason = models.CharField(max_length=300)
    requested_by = models.UUIDField()
    requested_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(state="open"), name="agency_draft_one_open"),
            # Two people: who asks does not agree. Written out, since a comparison with an empty field is not false.
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="withdrawn", decided_by__isnull=False, decided_at__isnull=False, decided_by=F("requested_by"))
                | Q(state__in=("approved", "declined"), decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decided_by=F("requested_by")),
                name="agency_draft_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"
