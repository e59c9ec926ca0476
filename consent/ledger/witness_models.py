"""Who else watches the log: its witnesses, what they cosigned, alarms, and the heads of its former names. No personal data.

The worker writes witnesses, cosignatures and alarms; alarms and former heads come from the sequencer too.
"""

from __future__ import annotations

import uuid

from django.db import models


class Witness(models.Model):
    """How things stand with one witness and one name of the log. A row that is due is work, and its lease says who does it.

    `size` is the largest tree that it cosigned for us. `stated_at` is POSIX seconds by its clock, `cosigned_at` when that came by ours. `trouble` is
    the code of what went wrong last, empty once it cosigns.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    origin = models.TextField()
    vkey = models.TextField()
    size = models.BigIntegerField(default=0)
    stated_at = models.BigIntegerField(null=True)
    cosigned_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    trouble = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "vkey"], name="ledger_witness_once")]

    def __str__(self) -> str:
        return f"witness {self.name}"

    @property
    def name(self) -> str:
        return self.vkey.partition("+")[0]


class Cosignature(models.Model):
    """A witness's signature line (C2SP tlog-cosignature, with its newline) under the tree of this size, as verified when it came."""

    origin = models.TextField()
    size = models.BigIntegerField()
    witness = models.ForeignKey(Witness, on_delete=models.PROTECT, related_name="cosignatures")
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "size", "witness"], name="ledger_cosignature_once")]

    def __str__(self) -> str:
        return f"cosignature at {self.size}"


class Alarm(models.Model):
    """Something that must not happen to a log. It stands until an operator says that they have looked.

    `witness` is its name, empty where the sequencer itself raised the alarm; `size` the tree size that it is about. The same is raised once.
    """

    class Kind(models.TextChoices):
        INCONSISTENT = "inconsistent"  # a witness says that our tree does not extend what it has seen of us
        UNKNOWN_SIZE = "unknown_size"  # a witness has seen a larger tree of us than we have
        WITNESS_WENT_BACK = "witness_went_back"  # a witness has forgotten what it had cosigned
        TREE_DAMAGED = "tree_damaged"  # the sequencer found the stored tree changed, or set back

    kind = models.TextField(choices=Kind.choices)
    origin = models.TextField()
    witness = models.TextField(default="")
    size = models.BigIntegerField()
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "origin", "witness", "size"], name="ledger_alarm_once"),
            models.CheckConstraint(
                condition=models.Q(seen_at__isnull=True, seen_by__isnull=True) | models.Q(seen_at__isnull=False, seen_by__isnull=False),
                name="ledger_alarm_seen_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"alarm {self.kind}"


class Former(models.Model):
    """The last head of the log under a name that it had before its database was restored to an older state, as the file beside the head file says it."""

    origin = models.TextField(primary_key=True)
    size = models.BigIntegerField()
    note = models.TextField()
    told = models.JSONField()

    def __str__(self) -> str:
        return f"former head {self.origin} at {self.size}"
