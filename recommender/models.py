"""Other organisations' locked models and the keys of those who may register them. No citizen is named here, nor is any of their data.

Owners are agency codes and operators are ids: this package knows neither. Rows are never deleted; a trigger lets only the state move on.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5
from django.utils.functional import cached_property

from recommender.evaluators.contract import Contract, of
from recommender.registry.tables import DatasetConsent, DatasetVersion, ModelEvaluation, ModelMove, ModelVersion, Retraining

__all__ = [
    "DatasetConsent",
    "DatasetVersion",
    "EvaluatorOwner",
    "EvaluatorVersion",
    "ModelEvaluation",
    "ModelMove",
    "ModelVersion",
    "Retraining",
]


class EvaluatorOwner(models.Model):
    """A signing key on the allow list: asked for by one person and approved by another. An agency has one approved key at a time.

    Or, in its place, an authority (`anchor`) and the `identity` that its certificates for signing must bear; `public_key` is then the authority's.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        APPROVED = "approved"
        DECLINED = "declined"
        REPLACED = "replaced"  # by a newer key; what it signed stays
        REVOKED = "revoked"  # what it signed is retired

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.CharField(max_length=64)
    public_key = models.TextField(help_text="PEM, SubjectPublicKeyInfo: P-256, or the authority's.")
    key_sha256 = models.CharField(max_length=64, help_text="Of the key's DER, hex.")
    anchor = models.TextField(blank=True, default="", help_text="The authority's certificate, PEM.")
    identity = models.CharField(max_length=300, blank=True, default="", help_text="subject:, dns:, email: or uri: and a name.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    reason = models.CharField(max_length=300, blank=True)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            # A key is registered once, for one agency, and never again after it was revoked; an authority's certificate once for each identity.
            models.UniqueConstraint(
                "key_sha256", "identity", MD5("anchor"), condition=~Q(state="declined"), name="evaluator_owner_key_once"
            ),
            models.CheckConstraint(
                condition=Q(anchor="", identity="") | ~Q(anchor="") & ~Q(identity=""), name="evaluator_owner_key_or_authority"
            ),
            models.UniqueConstraint(fields=["agency"], condition=Q(state="asked"), name="evaluator_owner_one_asked"),
            models.UniqueConstraint(fields=["agency"], condition=Q(state="approved"), name="evaluator_owner_one_approved"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="declined", decided_by__isnull=False, decided_at__isnull=False)
                # Two people. Written out, since a comparison with an empty field is not false.
                | Q(state__in=("approved", "replaced", "revoked"), decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decided_by=F("asked_by")),
                name="evaluator_owner_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("replaced", "revoked"), closed_by__isnull=False, closed_at__isnull=False)
                | Q(state__in=("asked", "approved", "declined"), closed_by__isnull=True, closed_at__isnull=True),
                name="evaluator_owner_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency} {self.key_sha256[:16]}"


class EvaluatorVersion(models.Model):
    """One locked version: the contract as registered, the hash of every file, the signature. At most one of an identifier is released."""

    class State(models.TextChoices):
        REGISTERED = "registered"
        ASKED = "asked"
        RELEASED = "released"
        RETIRED = "retired"
        DECLINED = "declined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(EvaluatorOwner, on_delete=models.PROTECT, related_name="versions", help_text="The key that signed it.")
    agency = models.CharField(max_length=64)
    identifier = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    purpose = models.CharField(max_length=64)
    contract_json = models.JSONField()
    package_sha256 = models.CharField(max_length=64)
    files = models.JSONField(help_text="SHA-256 in hex by file name; the files lie in the default storage under it.")
    signature = models.BinaryField()
    vectors_run = models.PositiveIntegerField()
    vectors_difference = models.FloatField(help_text="The largest difference from the owner's own numbers.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.REGISTERED)
    registered_at = models.DateTimeField()
    asked_by = models.UUIDField(null=True)
    asked_at = models.DateTimeField(null=True)
    released_by = models.UUIDField(null=True)
    released_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was declined or retired.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "identifier", "version"], name="evaluator_version_once"),
            models.UniqueConstraint(fields=["agency", "identifier"], condition=Q(state="released"), name="evaluator_version_one_released"),
            models.CheckConstraint(
                condition=Q(state="registered", asked_by__isnull=True, released_by__isnull=True)
                | Q(state="asked", asked_by__isnull=False, asked_at__isnull=False, released_by__isnull=True)
                | Q(state="declined", released_by__isnull=True)
                | Q(state__in=("released", "retired"), asked_by__isnull=False, released_by__isnull=False, released_at__isnull=False)
                & ~Q(released_by=F("asked_by")),
                name="evaluator_version_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("declined", "retired"), closed_by__isnull=False, closed_at__isnull=False)
                | Q(state__in=("registered", "asked", "released"), closed_by__isnull=True, closed_at__isnull=True),
                name="evaluator_version_closed",
            ),
        ]
        indexes = [models.Index(fields=["state"], name="evaluator_version_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """owner/identifier/version."""
        return f"{self.agency}/{self.identifier}/{self.version}"

    @cached_property
    def contract(self) -> Contract:
        """As it was checked at registration, and never changed since; read out of its JSON once."""
        return of(self.contract_json)
