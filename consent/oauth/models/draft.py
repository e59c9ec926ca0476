"""ClientDraft: what somebody wants a client to be, who asked, who agreed. The history of all clients; append-only, by trigger."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class ClientDraft(models.Model):
    """A wish for a client, open until a second person decides; then it stays as it was decided, for ever.

    `requested_by` and `decided_by` are operators' ids, whom this package does not know; both are None for what a management command did.
    `before`: the client as it was when the draft was made (None: there was none); `content`: as it shall be. Keys are public keys.
    """

    class Kind(models.TextChoices):
        REGISTER = "register"
        CHANGE = "change"
        SUSPEND = "suspend"
        REACTIVATE = "reactivate"

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    client_id = models.CharField(max_length=64, db_index=True)
    agency_code = models.CharField(max_length=64, db_index=True)
    before = models.JSONField(null=True)
    content = models.JSONField()
    reason = models.CharField(max_length=300)
    requested_by = models.UUIDField(null=True)
    requested_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client_id"], condition=Q(state="open"), name="client_draft_one_open"),
            models.CheckConstraint(condition=Q(state="open") ^ Q(decided_at__isnull=False), name="client_draft_decided_at"),
            # Two people: who asks does not agree. Suspending is one person's act; a command is nobody's here.
            models.CheckConstraint(
                condition=Q(requested_by__isnull=False)
                & (
                    Q(state="open", decided_by__isnull=True)
                    | Q(state="withdrawn", decided_by__isnull=False, decided_by=F("requested_by"))
                    | Q(state__in=("approved", "declined"), decided_by__isnull=False) & ~Q(decided_by=F("requested_by"))
                    | Q(state="approved", kind="suspend", decided_by__isnull=True)
                )
                | Q(requested_by__isnull=True, decided_by__isnull=True, state="approved"),
                name="client_draft_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.client_id}"
