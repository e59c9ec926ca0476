"""What a citizen holds to be right where facts disagree: a row a concept, sealed. In a `citizen_scope`; written by journeys only."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef

from aurora.identity import vault
from aurora.twin.sealing import mark_of, plain, unsealed
from aurora.twin.values import Choice


class FactChoice(models.Model):
    """One choice of a citizen's: that this source's statement is right, as it was when they chose. A choice never makes a value of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    concept = models.CharField(max_length=64)
    category = models.CharField(max_length=64)
    mark = models.BinaryField(max_length=16, help_text="The chosen fact's: finds its key again, and does not say it.")
    source = models.CharField(max_length=64)
    chosen_at = models.DateTimeField()
    sealed = models.BinaryField(help_text="Key and value, as for a fact.")

    class Meta:
        app_label = "twin"
        constraints = [models.UniqueConstraint(fields=["citizen", "concept"], name="one_choice_a_concept")]

    def __str__(self) -> str:
        return f"{self.concept} {self.id}"


def of(*, citizen_id: UUID) -> tuple[Choice, ...]:
    """All that the citizen has chosen. One query; none is opened where there are none."""
    rows = FactChoice.objects.filter(citizen_id=citizen_id).order_by("concept")
    return tuple(_choice(row) for row in rows)


def put(*, citizen_id: UUID, choice: Choice) -> None:
    """In place of what was chosen of that concept before."""
    FactChoice.objects.filter(citizen_id=citizen_id, concept=choice.concept).delete()
    mark = mark_of(citizen_id=citizen_id, category=choice.category, key=choice.key)
    row = FactChoice(
        id=uuid.uuid4(), citizen_id=citizen_id, concept=choice.concept, category=choice.category, mark=mark, source=choice.source,
        chosen_at=choice.chosen_at,
    )  # fmt: skip
    row.sealed = vault.seal(plain(choice.key, choice.value), citizen_id=citizen_id, context=_context(row.pk, choice.category, mark))
    row.save(force_insert=True)


def drop(*, citizen_id: UUID, concept: str) -> bool:
    """The citizen leaves it to the concept's own rule again. Whether there was a choice."""
    return FactChoice.objects.filter(citizen_id=citizen_id, concept=concept).delete()[0] > 0


def forget_unsaid(*, citizen_id: UUID) -> int:
    """A choice goes with the last version of the statement that it chose. How many."""
    from aurora.twin.models import Fact  # whose module names this table

    said = Fact.objects.filter(
        citizen_id=OuterRef("citizen_id"), category=OuterRef("category"), mark=OuterRef("mark"), source=OuterRef("source")
    )
    return FactChoice.objects.filter(~Exists(said), citizen_id=citizen_id).delete()[0]


def exported(*, citizen_id: UUID) -> list[dict[str, Any]]:
    """All choices as plain JSON, for the citizen's own copy."""
    return [
        {
            "concept": one.concept, "category": one.category, "key": one.key, "source": one.source, "value": one.value,
            "chosen_at": one.chosen_at.isoformat(),
        }
        for one in of(citizen_id=citizen_id)
    ]  # fmt: skip


def _choice(row: FactChoice) -> Choice:
    key, value = unsealed(row.sealed, citizen_id=row.citizen_id, context=_context(row.pk, row.category, bytes(row.mark)))
    return Choice(row.concept, row.category, key, row.source, row.chosen_at, value)


def _context(choice_id: UUID, category: str, mark: bytes) -> bytes:
    """What a choice is sealed for: this row, of a fact of this category and mark."""
    return b"fact-choice:" + choice_id.bytes + f":{category}:".encode() + mark
