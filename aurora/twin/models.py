"""What is known: facts with provenance, and what was derived from them. Every value is sealed under the citizen's key."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Provenance(models.TextChoices):
    """How far a value can be relied on (design, section 2)."""

    ATTESTED = "attested"
    REPORTED = "reported"
    DECLARED = "declared"
    DERIVED = "derived"


class Fact(models.Model):
    """One value of one category, as one source gave it. `valid_*` is when it holds in the world, `recorded_at` when we learnt it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=64)
    category_version = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=64)
    sealed = models.BinaryField()
    provenance = models.CharField(max_length=8, choices=Provenance.choices)
    source = models.CharField(max_length=64, help_text="The agency's code.")
    pull_id = models.UUIDField(null=True)
    observed_at = models.DateTimeField()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    kept_at = models.DateTimeField(null=True, help_text="When the citizen chose to keep it though no consent covers its fetching any more.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "category", "key", "source"], condition=Q(superseded_at__isnull=True), name="one_current_fact"
            ),
            models.UniqueConstraint(fields=["pull_id", "category", "key"], name="fact_once_a_pull"),
        ]

    def __str__(self) -> str:
        return f"{self.category}.{self.key}"


class SuggestionRun(models.Model):
    """The suggestions last made for a citizen, sealed: a derived thing that goes when the facts or the consents go."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    basis = models.CharField(max_length=64, help_text="Digest of model, catalogue, consents and facts that it was made from.")
    entry_id = models.UUIDField(help_text="The ledger entry of the access.")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return str(self.id)
