"""A citizen's rows in datasets for training: a copy of what they released, sealed under their key. In a `citizen_scope`.

A row goes with the consent and with the facts it was made of; what the dataset knows of it is a salted commitment, which says nothing, and which
is marked as forgotten in the same transaction. Each row is of one dataset and one citizen.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone

from aurora.identity import vault
from recommender.registry import datasets

PURPOSE = "model-training"
_SALT_BYTES = 32


class TrainingRow(models.Model):
    """One citizen's row of one dataset. `held_out`: models are measured on it and do not learn from it, in every dataset the same."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    dataset_id = models.UUIDField(help_text="In a registry that knows no citizens.")
    consent_id = models.UUIDField()
    entry_id = models.UUIDField(help_text="The ledger entry of the access.")
    categories = ArrayField(models.CharField(max_length=64), help_text="Of which it holds something.")
    commitment = models.CharField(max_length=64, unique=True)
    held_out = models.BooleanField()
    made_at = models.DateTimeField()
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["citizen", "dataset_id"], name="training_row_once")]
        indexes = [models.Index(fields=["dataset_id", "id"], name="training_row_of_dataset")]

    def __str__(self) -> str:
        return str(self.id)


class RowDamaged(RuntimeError):
    """A row cannot be opened, or is not the one that its commitment names."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A row's plain content, which side it is on, and its commitment."""

    content: bytes
    held_out: bool
    commitment: str

    def __repr__(self) -> str:
        return f"Opened({self.commitment[:16]})"


def keep(
    *, citizen_id: UUID, dataset_id: UUID, consent_id: UUID, entry_id: UUID, categories: Iterable[str], content: bytes, held_out: bool,
    now: datetime,
) -> str:  # fmt: skip
    """Seal a row, and write down in the dataset that it rests on this consent. Its commitment: SHA-256 over a random salt and the row.

    Once a citizen and dataset: a second one is an IntegrityError, and the caller's transaction does not stand.
    """
    row_id, salt = uuid.uuid4(), secrets.token_bytes(_SALT_BYTES)
    commitment = _commitment(salt, content)
    TrainingRow.objects.create(
        id=row_id, citizen_id=citizen_id, dataset_id=dataset_id, consent_id=consent_id, entry_id=entry_id, categories=sorted(categories),
        commitment=commitment, held_out=held_out, made_at=now,
        sealed=vault.seal(salt + content, citizen_id=citizen_id, context=_context(row_id)),
    )  # fmt: skip
    datasets.rest_on(dataset_id=dataset_id, consent_id=consent_id, commitment=commitment)
    return commitment


def opened(*, citizen_id: UUID, row_id: UUID) -> Opened | None:
    """One row of the citizen in scope; None when it is gone. Raises `RowDamaged`."""
    row = TrainingRow.objects.filter(pk=row_id).first()
    if row is None:
        return None
    try:
        plain = vault.open_sealed(row.sealed, citizen_id=citizen_id, context=_context(row.pk))
    except vault.VaultClosed:
        raise RowDamaged("A training row cannot be opened.") from None
    salt, content = plain[:_SALT_BYTES], plain[_SALT_BYTES:]
    if not secrets.compare_digest(_commitment(salt, content), row.commitment):
        raise RowDamaged("A training row is not the one that its dataset rests on.")
    return Opened(content, row.held_out, row.commitment)


def forget(*, citizen_id: UUID, categories: Iterable[str] | None = None, dataset_id: UUID | None = None) -> int:
    """Delete the citizen's rows that hold something of these categories (None: all), and mark them where datasets rest on them. How many.

    `dataset_id`: in this one only, which has been given up.
    """
    rows = TrainingRow.objects.filter(citizen_id=citizen_id)
    if dataset_id is not None:
        rows = rows.filter(dataset_id=dataset_id)
    if categories is not None:
        rows = rows.filter(categories__overlap=list(categories))
    commitments = list(rows.values_list("commitment", flat=True))
    if commitments:
        TrainingRow.objects.filter(commitment__in=commitments).delete()
        datasets.forgotten(commitments=commitments, now=timezone.now(), share=settings.AURORA_RETRAINING_SHARE)
    return len(commitments)


def to_collect(*, dataset_id: UUID, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(consent, citizen) of live consents to training that have no row in the dataset yet, over all citizens, by a function that gives ids only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_id, citizen_id FROM training_to_collect(%s, %s, %s)", [dataset_id, now, most])
        return [(consent, citizen) for consent, citizen in cursor.fetchall()]


def rows_of(*, dataset_id: UUID) -> list[tuple[UUID, UUID]]:
    """(row, citizen) of a dataset, over all citizens, in the order of their commitments, by a function that gives ids only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_id, citizen_id FROM training_rows_of(%s)", [dataset_id])
        return [(row, citizen) for row, citizen in cursor.fetchall()]


def _commitment(salt: bytes, content: bytes) -> str:
    return hashlib.sha256(b"training-row\0" + salt + content).hexdigest()


def _context(row_id: UUID) -> bytes:
    return b"training-row:" + row_id.bytes
