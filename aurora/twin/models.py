"""What is known: facts with provenance, and what was derived from them. Every value is sealed under the citizen's key, and so is its name."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from aurora.twin.choices import FactChoice as FactChoice
from aurora.twin.feedback import Feedback as Feedback
from aurora.twin.training import TrainingRow as TrainingRow


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
    mark = models.BinaryField(max_length=16, help_text="Finds its key again, and does not say it (`aurora.twin.sealing`).")
    sealed = models.BinaryField(help_text="Its key and its value.")
    provenance = models.CharField(max_length=8, choices=Provenance.choices)
    source = models.CharField(max_length=64, help_text="The agency's code.")
    pull_id = models.UUIDField(null=True)
    observed_at = models.DateTimeField()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    differs = models.BooleanField(default=False, db_default=False, help_text="Another current fact says otherwise of the same.")
    in_question = models.BooleanField(default=False, db_default=False, help_text="The citizen has asked its source to correct it.")
    kept_at = models.DateTimeField(null=True, help_text="When the citizen chose to keep it though no consent covers its fetching any more.")
    derived_by = models.UUIDField(null=True, help_text="The evaluator's version that worked it out, in a registry that knows no citizens.")
    derived_from = ArrayField(models.UUIDField(), null=True, help_text="Ids of the facts that went in; they may be gone.")
    derived_through = ArrayField(
        models.UUIDField(),
        default=list,
        help_text="The versions whose results went in, however far back: known also when those facts are gone.",
    )

    class Meta:
        indexes = [
            models.Index(fields=["derived_by"], condition=Q(derived_by__isnull=False), name="fact_of_version"),
            # What was known at a time: of what is current `one_current_fact` finds it, of what is past this, from that time on.
            models.Index(
                fields=["citizen", "category", "superseded_at"], condition=Q(superseded_at__isnull=False), name="fact_known_until"
            ),
        ]
        constraints = [
            # What a model made is the citizen's by their wish alone, and says by which model and from what.
            models.CheckConstraint(
                condition=Q(derived_by__isnull=True, derived_from__isnull=True)
                | Q(derived_by__isnull=False, derived_from__isnull=False, provenance="derived", kept_at__isnull=False),
                name="fact_derived_says_from_what",
            ),
            models.UniqueConstraint(
                fields=["citizen", "category", "mark", "source"], condition=Q(superseded_at__isnull=True), name="one_current_fact"
            ),
            models.UniqueConstraint(fields=["pull_id", "category", "mark"], name="fact_once_a_pull"),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.pk}"


class SuggestionRun(models.Model):
    """Suggestions as they were made for a citizen, with all that they came from, sealed: a derived thing that goes when facts or consents go.

    The last ones made are current; earlier ones stay for a stated time, so that whatever was shown can be made again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    current = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    basis = models.CharField(max_length=64, help_text="Digest of model, catalogue, consents and facts that it was made from.")
    entry_id = models.UUIDField(help_text="The ledger entry of the access.")
    sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["made_at"], name="suggestionrun_by_age")]
        constraints = [models.UniqueConstraint(fields=["citizen"], condition=Q(current=True), name="one_current_suggestionrun")]

    def __str__(self) -> str:
        return str(self.id)


class Evaluation(models.Model):
    """One run of another organisation's locked model on a citizen's facts, at their wish; its outcome is sealed.

    The row is the truth: a message only wakes a worker up, a lease says who works, the sweep finds the rest. What came of it is derived, and
    goes when the facts, the consents or the model go.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        NOT_APPLICABLE = "not_applicable"
        REFUSED = "refused"
        FAILED = "failed"

    OPEN = (State.QUEUED, State.RUNNING)
    WITH_OUTCOME = (State.DONE, State.NOT_APPLICABLE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    evaluator_id = models.UUIDField(help_text="The evaluator's version, in a registry that knows no citizens.")
    purpose = models.CharField(max_length=64)
    categories = ArrayField(models.CharField(max_length=64), help_text="All that its contract needs.")
    state = models.CharField(max_length=14, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=32, blank=True, help_text="Why it was refused, why it failed, or why it is tried again.")
    entry_id = models.UUIDField(null=True, help_text="The ledger entry of the access, or of its refusal.")
    basis = models.CharField(max_length=64, blank=True, help_text="Digest of model, consents and facts that it was made from.")
    sealed = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="queued"), name="evaluation_queued_by_due"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="evaluation_running_by_lease"),
            models.Index(fields=["evaluator_id"], condition=Q(state__in=["done", "not_applicable"]), name="evaluation_of_version"),
        ]
        constraints = [
            # For the citizen, and for the model's quality: each of its own.
            models.UniqueConstraint(
                fields=["citizen", "evaluator_id", "purpose"], condition=Q(state__in=["queued", "running"]), name="one_open_evaluation"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "not_applicable", "refused", "failed"]), name="evaluation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True, lease_until__isnull=True)),
                name="evaluation_lease_only_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "not_applicable"], sealed__isnull=False, code="")
                | (~Q(state__in=["done", "not_applicable"]) & Q(sealed__isnull=True)),
                name="evaluation_outcome_only_when_made",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True, entry_id__isnull=True)
                | Q(state__in=["done", "not_applicable", "refused"], finished_at__isnull=False, entry_id__isnull=False)
                | Q(state="failed", finished_at__isnull=False),
                name="evaluation_end_rests_on_its_entry",
            ),
            models.CheckConstraint(condition=~Q(state__in=["refused", "failed"], code=""), name="evaluation_says_why_not"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class OutcomeReport(models.Model):
    """How good a version of an evaluator has shown itself, in one quarter of years: totals that tell of nobody, as its owner reads them.

    It names no citizen. `pairs` are marks of the people counted and of what was counted of each (keyed, and of this version alone): a report is
    made anew only when enough of them have come or gone, so that two reports together tell of nobody either. `looked_at` says, on the report on all
    quarters, of which evaluations that was judged last (a digest of their ids).
    """

    evaluator_id = models.UUIDField()
    quarter = models.DateField(null=True, help_text="Its first day; null for all quarters together.")
    made_at = models.DateTimeField()
    content = models.JSONField()
    pairs = ArrayField(models.UUIDField())
    looked_at = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluator_id", "quarter"], nulls_distinct=False, name="outcome_report_once"),
        ]

    def __str__(self) -> str:
        return f"{self.evaluator_id} {self.quarter}"
