"""The tables of the operators' trail. Nothing here is written through the ORM: rows come from `trail` by the function `audit_note` (migration 0001)."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

NOBODY = uuid.UUID(int=0)
"""Whose trail a failed sign-in is in whose name nobody has. The name that was typed is kept nowhere: it may be a password."""


class OperatorDeed(models.Model):
    """One thing that an operator did or tried. Append-only, by trigger and by privilege.

    `number` runs 1, 2, 3, ... for an operator and `prev` is the commitment of the row before (32 zero bytes in the first). `route` is the name of the
    address, `deed` what was done in the grammar `thing:done`, `about` codes and ids of agencies, models, requests or operators. Never a citizen's id,
    and no text that anybody wrote. `outcome`: `done`, `shown`, `begun`, or the code of why not. `commitment` is what stands in the public tree:
    SHA-256(salt || `verify.text_of(row)`).
    """

    class Kind(models.TextChoices):
        OPENED = "opened"
        SENT = "sent"
        DEED = "deed"
        SIGN_IN = "sign_in"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operator_id = models.UUIDField()
    number = models.BigIntegerField()
    prev = models.BinaryField()
    commitment = models.BinaryField()
    at = models.DateTimeField(help_text="By the database's clock.")
    kind = models.TextField(choices=Kind.choices)
    route = models.TextField()
    deed = models.TextField()
    about = ArrayField(models.TextField())
    outcome = models.TextField()
    salt = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(fields=["-id"], name="audit_newest"),
            models.Index(fields=["deed", "-id"], name="audit_by_deed"),
        ]
        constraints = [models.UniqueConstraint(fields=["operator_id", "number"], name="audit_one_number")]

    def __str__(self) -> str:
        return f"{self.kind} {self.deed} of operator {self.operator_id}"


class TrailHead(models.Model):
    """The newest link of an operator's trail; its row lock puts their rows in order. `first`: the oldest number that is still kept."""

    operator_id = models.UUIDField(primary_key=True)
    first = models.BigIntegerField(default=1)
    number = models.BigIntegerField()
    commitment = models.BinaryField()

    def __str__(self) -> str:
        return f"head at {self.number}"
