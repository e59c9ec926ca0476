"""Evaluations, under row-level security; and what a worker must find across citizens, as ids only."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from consent.scope import policy_sql

DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION overdue_evaluations(at timestamptz, most integer) RETURNS TABLE (evaluation_id uuid) LANGUAGE sql {DEFINER} AS $$
    (SELECT e.id FROM twin_evaluation e WHERE e.state = 'queued' AND e.due_at <= at ORDER BY e.due_at LIMIT most)
    UNION ALL
    (SELECT e.id FROM twin_evaluation e WHERE e.state = 'running' AND e.lease_until <= at ORDER BY e.lease_until LIMIT most)
$$;
CREATE FUNCTION citizen_of_evaluation(evaluation uuid) RETURNS uuid LANGUAGE sql {DEFINER} AS $$
    SELECT e.citizen_id FROM twin_evaluation e WHERE e.id = evaluation
$$;
CREATE FUNCTION evaluations_made_by(versions uuid[], most integer) RETURNS TABLE (evaluation_id uuid, citizen_id uuid)
LANGUAGE sql {DEFINER} AS $$
    SELECT e.id, e.citizen_id FROM twin_evaluation e
    WHERE e.evaluator_id = ANY(versions) AND e.state IN ('done', 'not_applicable') LIMIT most
$$;
"""
SIGNATURES = ("overdue_evaluations(timestamptz, integer)", "citizen_of_evaluation(uuid)", "evaluations_made_by(uuid[], integer)")
RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {s} FROM PUBLIC;" for s in SIGNATURES) + (
    "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
    + "".join(f"GRANT EXECUTE ON FUNCTION {s} TO aurora_app;" for s in SIGNATURES)
    + " END IF; END $$;"
)


class Migration(migrations.Migration):
    dependencies = [
        ("twin", "0003_kept"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("evaluator_id", models.UUIDField(help_text="The evaluator's version, in a registry that knows no citizens.")),
                ("purpose", models.CharField(max_length=64)),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), help_text="All that its contract needs.", size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("not_applicable", "Not Applicable"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=14,
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("lease_token", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("requested_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "code",
                    models.CharField(blank=True, help_text="Why it was refused, why it failed, or why it is tried again.", max_length=32),
                ),
                ("entry_id", models.UUIDField(help_text="The ledger entry of the access, or of its refusal.", null=True)),
                (
                    "basis",
                    models.CharField(blank=True, help_text="Digest of model, consents and facts that it was made from.", max_length=64),
                ),
                ("sealed", models.BinaryField(null=True)),
                ("citizen", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "queued")), fields=["due_at"], name="evaluation_queued_by_due"),
                    models.Index(condition=models.Q(("state", "running")), fields=["lease_until"], name="evaluation_running_by_lease"),
                    models.Index(
                        condition=models.Q(("state__in", ["done", "not_applicable"])), fields=["evaluator_id"], name="evaluation_of_version"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=("citizen", "evaluator_id"),
                        name="one_open_evaluation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "running", "done", "not_applicable", "refused", "failed"])),
                        name="evaluation_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_token__isnull", False), ("lease_until__isnull", False), ("state", "running")),
                            models.Q(
                                models.Q(("state", "running"), _negated=True), ("lease_token__isnull", True), ("lease_until__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="evaluation_lease_only_while_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", ""), ("sealed__isnull", False), ("state__in", ["done", "not_applicable"])),
                            models.Q(models.Q(("state__in", ["done", "not_applicable"]), _negated=True), ("sealed__isnull", True)),
                            _connector="OR",
                        ),
                        name="evaluation_outcome_only_when_made",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entry_id__isnull", True), ("finished_at__isnull", True), ("state__in", ["queued", "running"])),
                            models.Q(
                                ("entry_id__isnull", False),
                                ("finished_at__isnull", False),
                                ("state__in", ["done", "not_applicable", "refused"]),
                            ),
                            models.Q(("finished_at__isnull", False), ("state", "failed")),
                            _connector="OR",
                        ),
                        name="evaluation_end_rests_on_its_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code", ""), ("state__in", ["refused", "failed"]), _negated=True),
                        name="evaluation_says_why_not",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*policy_sql("twin_evaluation")),
        migrations.RunSQL(FUNCTIONS + RIGHTS, "".join(f"DROP FUNCTION {s};" for s in SIGNATURES)),
    ]
