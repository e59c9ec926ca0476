"""ConsentRecord: the record of a citizen's decision (ISO/IEC TS 27560:2023). History is added to, never overwritten."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from .agency import Agency
from .mandate import Mandate
from .notice import Notice
from .vocabulary import Purpose, PurposeVersion


class ConsentState(models.TextChoices):
    """`given` says what was decided last, not that the consent is alive: expiry is decided at the read, by `consent.rules`.

    `expired` is what the expiry journey makes of it later, when what follows from the end has been seen to.
    """

    GIVEN = "given"
    DECLINED = "declined"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class ConsentRecord(models.Model):
    """One purpose, one recipient, the categories that the citizen ticked, until a date."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", null=True, help_text="Whose data is pulled; null: from the twin."
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    purpose_version = models.ForeignKey(PurposeVersion, on_delete=models.PROTECT, related_name="+")
    categories = ArrayField(models.CharField(max_length=64))
    category_versions = models.JSONField(help_text="Version of each category as shown.")
    recipient_version = models.PositiveSmallIntegerField(default=1, db_default=1, help_text="Version of the recipient as shown.")
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ConsentState.choices)
    once = models.BooleanField(default=False, help_text="For one reading of each category.")
    spent = ArrayField(models.CharField(max_length=64), default=list, help_text="Categories that a consent for one use has opened.")
    withdrawn = ArrayField(
        models.CharField(max_length=64),
        default=list,
        help_text="Categories that were withdrawn while the rest stands: they are no longer covered.",
    )
    outdated_told = ArrayField(
        models.CharField(max_length=64),
        default=list,
        db_default=models.Value([], output_field=ArrayField(models.CharField(max_length=64))),
        help_text="Categories of which the citizen was told that a change of meaning has left this consent behind.",
    )
    decided_at = models.DateTimeField()
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    mandate = models.ForeignKey(
        Mandate, on_delete=models.PROTECT, related_name="+", null=True, help_text="On which somebody else decided for the citizen."
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        help_text="That attorney or guardian; null: the citizen.",
    )

    class Meta:
        indexes = [models.Index(fields=["expires_at"], condition=Q(state="given"), name="consent_running_out")]
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "recipient", "purpose", "source"],
                condition=Q(state="given"),
                nulls_distinct=False,
                name="one_live_consent",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("not_before")), name="consent_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(state__in=["given"], ended_at__isnull=True)
                | Q(state__in=["declined", "replaced", "withdrawn", "expired"], ended_at__isnull=False),
                name="consent_ended_has_a_time",
            ),
            models.CheckConstraint(condition=~Q(categories=[]) | Q(state="declined"), name="consent_covers_something"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose_id} {self.state} {self.id}"

    @property
    def covered(self) -> list[str]:
        """The categories that were not withdrawn again, sorted. Whether the consent is alive, it does not say."""
        return sorted(set(self.categories) - set(self.withdrawn))


class ConsentEventKind(models.TextChoices):
    """Every state that a consent comes to, and what changes it without ending it."""

    GIVEN = "given"
    DECLINED = "declined"
    REPLACED = "replaced"
    NARROWED = "narrowed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class ConsentEvent(models.Model):
    """What happened to a consent. Append-only, by trigger and by privilege. `categories`: those withdrawn, if it was narrowed."""

    consent = models.ForeignKey(ConsentRecord, on_delete=models.PROTECT, related_name="events")
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=ConsentEventKind.choices)
    categories = ArrayField(models.CharField(max_length=64), default=list)
    by = models.CharField(max_length=64, help_text="`citizen`, `aurora` (it ran out), `operator`, or an agency's code.")
    reason = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Why somebody else than the citizen ended it."
    )
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="+", null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, help_text="Who did it for the citizen."
    )

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.consent_id}"
