"""Datasets and models that were trained here, and every step that a model took. No citizen is named, nor is any of their data.

Consents, rows and operators are opaque ids here. A model is what its hash says; only its state moves on, by a `ModelMove`, which two people make
(a roll-back and an end: one). Triggers hold all of this for the tables' owner too (migration 0004).
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class DatasetVersion(models.Model):
    """The open extract and the rows of citizens who consented, at one time. `sha256`: over both, the rows by salted commitments."""

    class State(models.TextChoices):
        COLLECTING = "collecting"
        READY = "ready"
        CLOSED = "closed"  # given up before it was ready

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.COLLECTING)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Hex; empty until it is ready.")
    row_schema = models.PositiveSmallIntegerField(help_text="Of the citizens' rows.")
    extract_sha256 = models.CharField(max_length=64)
    window_from = models.DateTimeField(help_text="Suggestions shown since then are in the rows.")
    window_until = models.DateTimeField(help_text="The facts are those of the collection; nothing that was shown later is in the rows.")
    citizens = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="Rows by group; null for fewer than ten.")
    card = models.TextField(blank=True)
    by = models.UUIDField(null=True, help_text="The operator who began it; null: the sweep, since a withdrawal asked for it.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="collecting"), name="dataset_one_collecting"),
            models.CheckConstraint(
                condition=Q(state="collecting", sha256="", finished_at__isnull=True)
                | Q(state="ready", finished_at__isnull=False) & ~Q(sha256="")
                | Q(state="closed", sha256="", finished_at__isnull=False),
                name="dataset_hash_when_ready",
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:16] or self.state


class DatasetConsent(models.Model):
    """That one row of a dataset rests on one consent. The commitment is all that the dataset's hash knows of the row."""

    dataset = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="consents")
    consent_id = models.UUIDField()
    commitment = models.CharField(max_length=64)
    forgotten_at = models.DateTimeField(null=True, help_text="Since then the row is gone; what was trained before has learnt from it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "consent_id"], name="dataset_consent_once"),
            models.UniqueConstraint(fields=["commitment"], name="dataset_commitment_once"),
        ]

    def __str__(self) -> str:
        return self.commitment[:16]


class ModelVersion(models.Model):
    """One trained model. `sha256` is the version that every suggestion's record names; files lie in the default storage under their own hashes."""

    class State(models.TextChoices):
        SHIPPED = "shipped"  # came with the code, and serves where no other is champion
        TRAINED = "trained"
        EVALUATED = "evaluated"
        SHADOW = "shadow"  # scores beside the champion; nobody sees it
        CHALLENGER = "challenger"  # suggests to a share of citizens
        CHAMPION = "champion"
        RETIRED = "retired"

    SERVING = (State.SHADOW, State.CHALLENGER, State.CHAMPION)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    files = models.JSONField(help_text="SHA-256 in hex by the file's name.")
    metadata = models.JSONField(help_text="Parameters, metrics with intervals, fairness, and what it was made with.")
    metadata_sha256 = models.CharField(max_length=64)
    dataset = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="models", null=True, help_text="Null: shipped.")
    code_commit = models.CharField(max_length=40, blank=True)
    card = models.TextField()
    signature = models.TextField(blank=True, help_text="Compact JWS of the platform's key. Empty: shipped with the code.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.TRAINED)
    share = models.FloatField(default=0, help_text="Of the citizens, while it is a challenger.")
    trained_by = models.UUIDField(null=True)
    trained_at = models.DateTimeField()
    move = models.OneToOneField(
        "ModelMove", on_delete=models.PROTECT, related_name="+", null=True, help_text="What brought it into its state."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state__in=["shadow", "challenger", "champion"]), name="model_one_of_each"
            ),
            models.CheckConstraint(
                condition=Q(state="challenger", share__gt=0, share__lte=0.5) | ~Q(state="challenger") & Q(share=0),
                name="model_share_of_challenger",
            ),
            models.CheckConstraint(
                condition=Q(state="shipped", dataset__isnull=True) | ~Q(state="shipped") & Q(dataset__isnull=False) & ~Q(signature=""),
                name="model_rests_on_dataset",
            ),
        ]
        indexes = [models.Index(fields=["-trained_at"], name="model_newest")]

    def __str__(self) -> str:
        return self.sha256[:16]


class ModelEvaluation(models.Model):
    """The gates' numbers and verdicts at one time, against the champion of that time. Never changed."""

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    champion_sha256 = models.CharField(max_length=64)
    gates = models.JSONField(help_text="A list of: name, value, low, high, limit, passed.")
    passed = models.BooleanField()
    by = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["model", "-id"], name="model_evaluation_newest")]

    def __str__(self) -> str:
        return f"{self.model_id} {'passed' if self.passed else 'failed'}"


class ModelMove(models.Model):
    """A step of a model from one state to the next: asked for by one steward, agreed to by another. A roll-back or an end takes one."""

    class Kind(models.TextChoices):
        PROMOTION = "promotion"
        ROLLBACK = "rollback"
        RETIREMENT = "retirement"

    class State(models.TextChoices):
        ASKED = "asked"
        AGREED = "agreed"
        DECLINED = "declined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PROMOTION)
    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)
    share = models.FloatField(default=0)
    over = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="+", null=True, help_text="The champion it replaced; null: the shipped one."
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    reason = models.CharField(max_length=300, blank=True)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model"], condition=Q(state="asked"), name="model_move_one_asked"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="declined", decided_by__isnull=False, decided_at__isnull=False)
                | Q(state="agreed", kind__in=("rollback", "retirement"), decided_by__isnull=False, decided_at__isnull=False)
                # Two people. Written out, since a comparison with an empty field is not false.
                | Q(state="agreed", kind="promotion", decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="model_move_two_people",
            ),
        ]
        indexes = [models.Index(fields=["model", "asked_at"], name="model_moves")]

    def __str__(self) -> str:
        return f"{self.model_id} {self.before} > {self.after} {self.state}"


class Retraining(models.Model):
    """A model that serves has lost so many of its rows that a new one is due. The row is the truth; the sweep finds it; two people still decide."""

    class State(models.TextChoices):
        DUE = "due"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    because = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="+", help_text="The model that learnt from what is gone."
    )
    forgotten = models.PositiveIntegerField(help_text="Rows gone when it was opened.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    code = models.CharField(max_length=40, blank=True, help_text="Why it failed, or is tried again.")
    made = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+", null=True, help_text="The model that came of it.")
    opened_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["because"], condition=Q(state__in=["due", "running"]), name="one_open_retraining"),
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | ~Q(state="running") & Q(lease_token__isnull=True, lease_until__isnull=True),
                name="retraining_lease_only_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["due", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="retraining_end_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"
