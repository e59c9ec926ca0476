"""The access log's tables. Rows of LedgerEntry and Head are one citizen's (row-level security); the others carry no
personal data.

Nothing here is written through the ORM: entries come from `append.append` by the function `ledger_append`, the tree
from `sequence.py`. The service's role may only read these tables (migration 0001).
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from consent.ledger.note import encode
from consent.ledger.witness_models import Alarm, Cosignature, Former, Witness

__all__ = ["Alarm", "Cosignature", "Former", "Witness"]


class LedgerEntry(models.Model):
    """One access or change of consent, as it was decided. Append-only, by trigger and by privilege. Partitioned by month on `id`, a UUIDv7
    of the time that `at` says (migration 0002); what was decided on a permit bears the permit's id.

    `seq` runs 1, 2, 3, ... for a citizen and `prev` is the commitment of the entry before (32 zero bytes in the
    first), so that an entry left out of the citizen's view leaves a gap. `actor` is an agency's code, `aurora` or
    `citizen`; `source` the code of the agency that the data came from. `decision` is `permit` or the refusal's code.
    `sealed` holds {salt, access} for the citizen alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen_id = models.UUIDField()
    seq = models.BigIntegerField()
    prev = models.BinaryField()
    commitment = models.BinaryField()
    at = models.DateTimeField()
    event = models.TextField()
    actor = models.TextField()
    purpose = models.TextField(null=True)
    categories = ArrayField(models.TextField())
    consent_ids = ArrayField(models.UUIDField())
    decision = models.TextField()
    permit_id = models.UUIDField(null=True)
    source = models.TextField(null=True)
    sealed = models.BinaryField()

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        # Each month has a unique index on (citizen_id, seq), which is also the index of "my newest 50": the running number is the order,
        # whatever a clock said. No index spans the months but the primary key's; that no number is given twice is the head's row lock's work.
        constraints = [models.CheckConstraint(condition=Q(seq__gte=1), name="ledger_entry_seq_positive")]

    def __str__(self) -> str:
        return f"ledger entry {self.id}"


class Head(models.Model):
    """The newest link of a citizen's chain; its row lock puts the citizen's appends in order."""

    citizen_id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField()
    prev = models.BinaryField()
    commitment = models.BinaryField()

    def __str__(self) -> str:
        return f"head at {self.seq}"


class Pending(models.Model):
    """A commitment that waits for its leaf index; committed with its entry, taken by the sequencer."""

    id = models.BigAutoField(primary_key=True)
    entry_id = models.UUIDField(null=True, help_text="None once its citizen's log is erased.")
    commitment = models.BinaryField()

    def __str__(self) -> str:
        return f"pending {self.id}"


class Leaf(models.Model):
    """A leaf of the tree: indices are contiguous from 0."""

    index = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField(unique=True, null=True, help_text="None once its citizen's log is erased.")
    commitment = models.BinaryField()

    def __str__(self) -> str:
        return f"leaf {self.index}"


class Tile(models.Model):
    """Up to 256 hashes of the tree (C2SP tlog-tiles); only the last tile of a level is shorter, and it only grows."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed tree head; `note` is its text as published (C2SP tlog-checkpoint)."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    at = models.DateTimeField()
    note = models.TextField()

    def __str__(self) -> str:
        return f"checkpoint at {self.size}"

    @property
    def origin(self) -> str:
        """The log's name, with which the note begins."""
        return self.note.partition("\n")[0]

    @property
    def root_text(self) -> str:
        """The root hash as the note states it, in base64."""
        return encode(bytes(self.root))


class Key(models.Model):
    """A verifier key that the sequencer signs or has signed with, as published (C2SP signed-note). The private key is
    in its file only.
    """

    vkey = models.TextField(primary_key=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.vkey


class KeptBack(models.Model):
    """A report that a law lets the citizen be told of later. The service may neither read nor write this table: only the functions of the
    migration `kept_back`, which go by the database's clock.

    `id` and `longer_id` are the ids of its leaves. `sealed` is for the citizen alone. Erased: the citizen is gone, and so is what was kept.
    """

    class State(models.TextChoices):
        KEPT = "kept"
        DISCLOSED = "disclosed"
        ERASED = "erased"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen_id = models.UUIDField(null=True)
    agency = models.TextField()
    law = models.TextField()
    kept_at = models.DateTimeField()
    until = models.DateTimeField()
    state = models.TextField(choices=State.choices)
    sealed = models.BinaryField(null=True)
    longer_id = models.UUIDField(null=True, unique=True)
    longer_at = models.DateTimeField(null=True)
    longer_from = models.DateTimeField(null=True)
    longer_sealed = models.BinaryField(null=True)
    disclosed_at = models.DateTimeField(null=True)
    entry_id = models.UUIDField(null=True)

    class Meta:
        verbose_name_plural = "kept back"
        indexes = [models.Index(fields=["until"], condition=Q(state="kept"), name="ledger_kept_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="erased", citizen_id__isnull=True, sealed__isnull=True)
                | (~Q(state="erased") & Q(citizen_id__isnull=False, sealed__isnull=False)),
                name="ledger_kept_erased_is_gone",
            ),
            models.CheckConstraint(
                condition=~Q(state="disclosed") | Q(disclosed_at__isnull=False, entry_id__isnull=False), name="ledger_kept_disclosed_where"
            ),
        ]

    def __str__(self) -> str:
        return f"kept back {self.id}"


class DelayPermission(models.Model):
    """That an agency may have reports kept back by one law: one agency officer asks, another agrees, and either ends it at once."""

    class State(models.TextChoices):
        ASKED = "asked"
        STANDING = "standing"
        DECLINED = "declined"
        ENDED = "ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.TextField()
    law = models.TextField()
    reason = models.TextField()
    state = models.TextField(choices=State.choices, default=State.ASKED)
    asked_by = models.UUIDField(help_text="The operator's id.")
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "law"], condition=Q(state__in=["asked", "standing"]), name="ledger_delay_one_open"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True)
                | Q(state="declined", decided_by__isnull=False)
                | (Q(state__in=["standing", "ended"], decided_by__isnull=False) & ~Q(decided_by=models.F("asked_by"))),
                name="ledger_delay_by_two",
            ),
            models.CheckConstraint(
                condition=~Q(state="ended") | Q(ended_by__isnull=False, ended_at__isnull=False), name="ledger_delay_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} permission {self.id}"


class Erasure(models.Model):
    """That a citizen's log is to be erased once it is due, and afterwards, without the citizen, that one was: `entries` of them, `head` the
    newest commitment. Written by functions of migration 0005 only.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    citizen_id = models.UUIDField(null=True, unique=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    entries = models.BigIntegerField(null=True)
    head = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, citizen_id__isnull=False) | Q(done_at__isnull=False, citizen_id__isnull=True),
                name="ledger_erased_is_nobodys",
            )
        ]

    def __str__(self) -> str:
        return f"erasure {self.id}"
