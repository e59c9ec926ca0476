"""Who asked for an agency, who agreed, when and what: history that nobody changes. A draft comes to be open, and only the decision is written, once."""

import uuid

from django.db import migrations, models

HISTORY = """
CREATE FUNCTION consent_agencydraft_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision constant text[] := ARRAY['state', 'decided_by', 'decided_at'];
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
    RAISE EXCEPTION 'consent_agencydraft is history' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER history BEFORE INSERT OR UPDATE OR DELETE ON consent_agencydraft
    FOR EACH ROW EXECUTE FUNCTION consent_agencydraft_history();
CREATE TRIGGER history_whole BEFORE TRUNCATE ON consent_agencydraft
    FOR EACH STATEMENT EXECUTE FUNCTION consent_agencydraft_history();
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE DELETE, TRUNCATE ON consent_agencydraft FROM aurora_app;
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0015_purposes_of_the_twin"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgencyDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("register", "Register"), ("change", "Change")], max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("approved", "Approved"), ("declined", "Declined"), ("withdrawn", "Withdrawn")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("code", models.CharField(db_index=True, max_length=64)),
                ("before", models.JSONField(null=True)),
                ("content", models.JSONField()),
                ("reason", models.CharField(max_length=300)),
                ("requested_by", models.UUIDField()),
                ("requested_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("code",), name="agency_draft_one_open"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "open")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by", models.F("requested_by")),
                                ("decided_by__isnull", False),
                                ("state", "withdrawn"),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state__in", ("approved", "declined")),
                                models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="agency_draft_two_people",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            HISTORY,
            "DROP TRIGGER history ON consent_agencydraft; DROP TRIGGER history_whole ON consent_agencydraft; "
            "DROP FUNCTION consent_agencydraft_history();",
        ),
    ]
