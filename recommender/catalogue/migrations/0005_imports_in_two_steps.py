"""Imports that an editor uploaded: what they would do, and what became of them. A decision is written once, and the documents go with it."""

import uuid

from django.db import migrations, models

HISTORY = """
CREATE FUNCTION catalogue_importdraft_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision constant text[] := ARRAY['state', 'decided_by', 'decided_at', 'documents'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'open' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF OLD.state = 'open' AND NEW.state <> 'open' AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'catalogue_importdraft is history' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER history BEFORE INSERT OR UPDATE OR DELETE ON catalogue_importdraft
    FOR EACH ROW EXECUTE FUNCTION catalogue_importdraft_history();
CREATE TRIGGER history_whole BEFORE TRUNCATE ON catalogue_importdraft
    FOR EACH STATEMENT EXECUTE FUNCTION catalogue_importdraft_history();
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE DELETE, TRUNCATE ON catalogue_importdraft FROM aurora_app;
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0004_trigrams"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("confirmed", "Confirmed"), ("withdrawn", "Withdrawn")], default="open", max_length=9
                    ),
                ),
                ("origin", models.CharField(max_length=8)),
                ("language", models.CharField(help_text="Of the texts, where the format does not say it.", max_length=2)),
                ("whole", models.BooleanField(help_text="The documents are all of that catalogue: what is not in them is retired.")),
                ("files", models.JSONField(help_text="Their names.")),
                ("documents", models.BinaryField()),
                ("report", models.JSONField()),
                (
                    "based_on",
                    models.CharField(
                        blank=True, help_text="The catalogue in use when the report was made; empty: none was loaded.", max_length=64
                    ),
                ),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["-at"], name="catalogue_import_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "open")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("documents", b""),
                                ("state__in", ("confirmed", "withdrawn")),
                            ),
                            _connector="OR",
                        ),
                        name="catalogue_import_decided_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            HISTORY,
            "DROP TRIGGER history ON catalogue_importdraft; DROP TRIGGER history_whole ON catalogue_importdraft; "
            "DROP FUNCTION catalogue_importdraft_history();",
        ),
    ]
