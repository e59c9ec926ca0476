"""Rows for training, under row-level security; whose are to be collected and which are a dataset's, as ids only."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from consent.scope import policy_sql

DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
TABLE = "twin_trainingrow"
FUNCTIONS = f"""
CREATE FUNCTION training_to_collect(dataset uuid, at timestamptz, most integer) RETURNS TABLE (consent_id uuid, citizen_id uuid)
LANGUAGE sql {DEFINER} AS $$
    SELECT c.id, c.citizen_id FROM consent_consentrecord c JOIN consent_agency a ON a.id = c.recipient_id
    WHERE a.code = 'aurora' AND c.purpose_id = 'model-training' AND c.state = 'given' AND c.not_before <= at AND c.expires_at > at
        AND NOT EXISTS (SELECT FROM {TABLE} r WHERE r.citizen_id = c.citizen_id AND r.dataset_id = dataset)
    ORDER BY c.id LIMIT most
$$;
CREATE FUNCTION training_rows_of(dataset uuid) RETURNS TABLE (row_id uuid, citizen_id uuid) LANGUAGE sql {DEFINER} AS $$
    SELECT r.id, r.citizen_id FROM {TABLE} r WHERE r.dataset_id = dataset ORDER BY r.commitment
$$;
"""
SIGNATURES = ("training_to_collect(uuid, timestamptz, integer)", "training_rows_of(uuid)")
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"
RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {s} FROM PUBLIC;" for s in SIGNATURES) + AS_APP.format(
    "".join(f"GRANT EXECUTE ON FUNCTION {s} TO aurora_app;" for s in SIGNATURES)
    # A row is made and deleted, never changed.
    + f"REVOKE UPDATE, TRUNCATE ON {TABLE} FROM aurora_app;"
)
BACK = "".join(f"DROP FUNCTION {s};" for s in SIGNATURES) + AS_APP.format(f"GRANT UPDATE ON {TABLE} TO aurora_app;")


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0015_purposes_of_the_twin"),
        ("recommender", "0004_models_rights"),
        ("twin", "0008_suggestion_runs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TrainingRow",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("dataset_id", models.UUIDField(help_text="In a registry that knows no citizens.")),
                ("consent_id", models.UUIDField()),
                ("entry_id", models.UUIDField(help_text="The ledger entry of the access.")),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), help_text="Of which it holds something.", size=None
                    ),
                ),
                ("commitment", models.CharField(max_length=64, unique=True)),
                ("held_out", models.BooleanField()),
                ("made_at", models.DateTimeField()),
                ("sealed", models.BinaryField()),
                ("citizen", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [models.Index(fields=["dataset_id", "id"], name="training_row_of_dataset")],
                "constraints": [models.UniqueConstraint(fields=("citizen", "dataset_id"), name="training_row_once")],
            },
        ),
        migrations.RunSQL(*policy_sql(TABLE)),
        migrations.RunSQL(FUNCTIONS + RIGHTS, BACK),
    ]
