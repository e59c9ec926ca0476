"""What a model made may be kept among the facts; and a model's quality is worked out from what followed. What is looked for across citizens is ids only."""

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models

DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
# Whose outcome was told since it was last put beside what the version says, and may be put there: decided at the door, and here only not to ask in vain.
FUNCTIONS = f"""
CREATE FUNCTION outcomes_to_pair(version uuid, outcome text, for_purpose text, at timestamptz, most integer)
RETURNS TABLE (citizen_id uuid) LANGUAGE sql {DEFINER} AS $$
    SELECT DISTINCT f.citizen_id FROM twin_fact f
    JOIN consent_consentrecord c ON c.citizen_id = f.citizen_id
    JOIN consent_agency a ON a.id = c.recipient_id
    WHERE f.category = outcome AND f.superseded_at IS NULL
      AND a.code = 'aurora' AND c.purpose_id = for_purpose AND c.state = 'given' AND c.not_before <= at AND c.expires_at > at
      AND outcome = ANY(c.categories) AND NOT outcome = ANY(c.withdrawn)
      AND NOT EXISTS (
        SELECT FROM twin_evaluation e WHERE e.citizen_id = f.citizen_id AND e.evaluator_id = version AND e.purpose = for_purpose
          AND (e.state IN ('queued', 'running') OR e.requested_at >= greatest(f.recorded_at, c.decided_at))
      )
    LIMIT most
$$;
CREATE FUNCTION outcome_pairs(version uuid, for_purpose text) RETURNS TABLE (evaluation_id uuid, citizen_id uuid)
LANGUAGE sql {DEFINER} AS $$
    SELECT e.id, e.citizen_id FROM twin_evaluation e WHERE e.evaluator_id = version AND e.purpose = for_purpose AND e.state = 'done'
    ORDER BY e.id
$$;
CREATE FUNCTION estimates_kept_of(versions uuid[], most integer) RETURNS TABLE (citizen_id uuid, category text, source text, version uuid)
LANGUAGE sql {DEFINER} AS $$
    SELECT DISTINCT f.citizen_id, f.category::text, f.source::text, f.derived_by FROM twin_fact f WHERE f.derived_by = ANY(versions) LIMIT most
$$;
"""
SIGNATURES = (
    "outcomes_to_pair(uuid, text, text, timestamptz, integer)",
    "outcome_pairs(uuid, text)",
    "estimates_kept_of(uuid[], integer)",
)
RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {s} FROM PUBLIC;" for s in SIGNATURES) + (
    "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
    + "".join(f"GRANT EXECUTE ON FUNCTION {s} TO aurora_app;" for s in SIGNATURES)
    + " END IF; END $$;"
)


class Migration(migrations.Migration):
    dependencies = [
        ("twin", "0005_evaluation_rights"),
        ("consent", "0014_meaning_of_themes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OutcomeReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("evaluator_id", models.UUIDField()),
                ("quarter", models.DateField(help_text="Its first day; null for all quarters together.", null=True)),
                ("made_at", models.DateTimeField()),
                ("content", models.JSONField()),
                ("pairs", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="evaluation",
            name="one_open_evaluation",
        ),
        migrations.AddField(
            model_name="fact",
            name="derived_by",
            field=models.UUIDField(
                help_text="The evaluator's version that worked it out, in a registry that knows no citizens.", null=True
            ),
        ),
        migrations.AddField(
            model_name="fact",
            name="derived_from",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), help_text="Ids of the facts that went in; they may be gone.", null=True, size=None
            ),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(condition=models.Q(("derived_by__isnull", False)), fields=["derived_by"], name="fact_of_version"),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=("citizen", "evaluator_id", "purpose"),
                name="one_open_evaluation",
            ),
        ),
        migrations.AddConstraint(
            model_name="fact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("derived_by__isnull", True), ("derived_from__isnull", True)),
                    models.Q(
                        ("derived_by__isnull", False),
                        ("derived_from__isnull", False),
                        ("kept_at__isnull", False),
                        ("provenance", "derived"),
                    ),
                    _connector="OR",
                ),
                name="fact_derived_says_from_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="outcomereport",
            constraint=models.UniqueConstraint(fields=("evaluator_id", "quarter"), name="outcome_report_once", nulls_distinct=False),
        ),
        migrations.RunSQL(FUNCTIONS + RIGHTS, "".join(f"DROP FUNCTION {s};" for s in SIGNATURES)),
    ]
