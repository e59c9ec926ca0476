"""What agencies report of their uses, what is known to have been delivered to them, and how the two compare. Rows of one citizen (row-level security)
but for `Batch` and `Scanned`, which name nobody.

Reports and notes are never changed: the service's role may not (migration 0002). Notes are written by the database function `consent_uses_note`, which
takes them of reads that stand in the access log only.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from consent.models import Agency
from consent.oauth.models import Client

from .match import State


def _citizen() -> models.ForeignKey[models.Model, models.Model]:
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")


def _agency() -> models.ForeignKey[Agency, Agency]:
    return models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")


class Account(models.Model):
    """One citizen and one agency that knows them: what is to be reconciled between the two, and when the agency is to be asked.

    `subject_digest` finds the citizen by the name that the agency has for them; null until it has been worked out. `version` grows with all that
    changes what there is to reconcile: who has reconciled an older one has not done it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = _citizen()
    agency = _agency()
    subject_digest = models.BinaryField(null=True)
    version = models.BigIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True, help_text="When to reconcile. Null: nothing waits.")

    poll_due_at = models.DateTimeField(null=True, help_text="When to ask the agency. Null: it has read nothing since it last said all.")
    polled_to = models.DateTimeField(null=True, help_text="Until when it has told its uses.")
    poll_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    poll_error = models.CharField(max_length=32, blank=True, default="", db_default="")
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citizen", "agency"], name="one_account_of_uses"),
            models.UniqueConstraint(fields=["agency", "subject_digest"], name="one_citizen_a_subject"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="uses_due"),
            models.Index(fields=["agency", "poll_due_at"], condition=Q(poll_due_at__isnull=False), name="uses_poll_due"),
            models.Index(fields=["agency"], condition=Q(lease_until__isnull=False), name="uses_under_way"),
            models.Index(fields=["agency"], condition=Q(subject_digest__isnull=True), name="uses_unnamed"),
        ]

    def __str__(self) -> str:
        return f"account of uses {self.id}"


class Batch(models.Model):
    """A batch that was taken, so that the same again is the same. `digest` is of what was reported, not of the signature around it."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    batch_id = models.UUIDField()
    digest = models.BinaryField()
    uses = models.PositiveIntegerField()
    kept_back = models.JSONField(default=list, help_text="What a law lets the agency keep back: [{position, id}].")
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "batches"
        constraints = [models.UniqueConstraint(fields=["client", "batch_id"], name="one_batch_an_id")]

    def __str__(self) -> str:
        return f"batch {self.batch_id}"


class UsageReport(models.Model):
    """One use as the agency told it. `sealed` holds its words (action, receiver's name, system) for the citizen alone; `logged_id` is its entry.

    `categories` and `purpose` are empty where an answer of findUsage said nothing of them. The two digests know a use again that is told twice.
    """

    class Came(models.TextChoices):
        PUSH = "push"
        POLL = "poll"
        DISCLOSED = "disclosed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = _citizen()
    agency = _agency()
    used_at = models.DateTimeField()
    receiver_code = models.CharField(max_length=64)
    purpose = models.CharField(max_length=64, blank=True)
    categories = ArrayField(models.CharField(max_length=64))
    entry_id = models.UUIDField(null=True, help_text="Aurora's entry of the read that it names.")
    came = models.CharField(max_length=9, choices=Came.choices)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="+")
    logged_id = models.UUIDField(unique=True, help_text="Its entry in the citizen's log.")
    received_at = models.DateTimeField()
    digest = models.BinaryField()
    core_digest = models.BinaryField()
    sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["citizen", "agency", "used_at"], name="report_of_account")]
        constraints = [
            models.UniqueConstraint(fields=["citizen", "agency", "digest"], condition=Q(came="poll"), name="one_report_a_polled_use"),
            models.CheckConstraint(condition=Q(came="push", batch__isnull=False) | ~Q(came="push"), name="pushed_report_has_a_batch"),
        ]

    def __str__(self) -> str:
        return f"report {self.id}"


class DeliveryNote(models.Model):
    """The last byte of the answer to this read was handed to the operating system. Without a note it is in doubt whether the agency has it."""

    entry_id = models.UUIDField(primary_key=True)
    citizen = _citizen()
    agency = _agency()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["citizen", "agency", "at"], name="note_of_account"),
            models.Index(fields=["at"], name="note_by_age"),
        ]

    def __str__(self) -> str:
        return f"note of {self.entry_id}"


class Finding(models.Model):
    """How it stands with one read (`entry_id`), or with one report that means none; of a pair both are named. `since`: when it came to stand so."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = _citizen()
    agency = _agency()
    entry_id = models.UUIDField(null=True, unique=True)
    report = models.OneToOneField(UsageReport, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=13, choices=[(s.value, s.name) for s in State])
    differs = ArrayField(models.CharField(max_length=10), default=list)
    at = models.DateTimeField(help_text="Of the read, else of the use.")
    since = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["citizen", "agency", "at"], name="finding_of_account"),
            models.Index(fields=["agency", "state", "at"], name="finding_by_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(entry_id__isnull=False) | Q(report__isnull=False), name="finding_is_of_something"),
            models.CheckConstraint(
                condition=Q(state__in=["matched", "differing"], entry_id__isnull=False, report__isnull=False)
                | Q(state="not_delivered", entry_id__isnull=True)
                | Q(state__in=["not_reported", "in_doubt", "open"], report__isnull=True),
                name="finding_names_what_its_state_says",
            ),
            models.CheckConstraint(
                condition=Q(state="differing", differs__len__gt=0) | ~Q(state="differing") & Q(differs__len=0),
                name="finding_differs_in_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class Tally(models.Model):
    """How many uses of one citizen an agency has reported on one day, what a law keeps back included: so nobody reads it, not in the citizen's scope either.

    One row a pair; `consent_uses_count_in` (migration 0004) is the only way to it.
    """

    # Ids alone: Django would look into a table that is shut whenever it deletes an agency.
    citizen_id = models.UUIDField()
    agency_id = models.UUIDField()
    day = models.DateField()
    uses = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(fields=["citizen_id", "agency_id"], name="one_tally_of_uses")]

    def __str__(self) -> str:
        return f"tally {self.pk}"


class Scanned(models.Model):
    """Until when the access log has been looked through for reads without a note: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()

    class Meta:
        verbose_name_plural = "scanned"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="scanned_once")]

    def __str__(self) -> str:
        return f"scanned until {self.until}"
