"""Who asked for a client, who agreed, when and what: history that nobody changes. Only the decision is written, once."""

import uuid

from django.db import migrations, models

HISTORY = """
CREATE FUNCTION consent_oauth_clientdraft_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision constant text[] := ARRAY['state', 'decided_by', 'decided_at'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state = 'open' AND NEW.state <> 'open' AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'consent_oauth_clientdraft is history' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER history BEFORE UPDATE OR DELETE ON consent_oauth_clientdraft
    FOR EACH ROW EXECUTE FUNCTION consent_oauth_clientdraft_history();
CREATE TRIGGER history_whole BEFORE TRUNCATE ON consent_oauth_clientdraft
    FOR EACH STATEMENT EXECUTE FUNCTION consent_oauth_clientdraft_history();
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE DELETE, TRUNCATE ON consent_oauth_clientdraft FROM aurora_app;
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent_oauth", "0007_dpop"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClientDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("register", "Register"), ("change", "Change"), ("suspend", "Suspend"), ("reactivate", "Reactivate")],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("approved", "Approved"), ("declined", "Declined"), ("withdrawn", "Withdrawn")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("client_id", models.CharField(db_index=True, max_length=64)),
                ("agency_code", models.CharField(db_index=True, max_length=64)),
                ("before", models.JSONField(null=True)),
                ("content", models.JSONField()),
                ("reason", models.CharField(max_length=300)),
                ("requested_by", models.UUIDField(null=True)),
                ("requested_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("client_id",), name="client_draft_one_open"),
                    models.CheckConstraint(
                        condition=models.Q(("state", "open"), ("decided_at__isnull", False), _connector="XOR"),
                        name="client_draft_decided_at",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("requested_by__isnull", False),
                                models.Q(
                                    models.Q(("decided_by__isnull", True), ("state", "open")),
                                    models.Q(
                                        ("decided_by", models.F("requested_by")), ("decided_by__isnull", False), ("state", "withdrawn")
                                    ),
                                    models.Q(
                                        ("decided_by__isnull", False),
                                        ("state__in", ("approved", "declined")),
                                        models.Q(("decided_by", models.F("requested_by")), _negated=True),
                                    ),
                                    models.Q(("decided_by__isnull", True), ("kind", "suspend"), ("state", "approved")),
                                    _connector="OR",
                                ),
                            ),
                            models.Q(("decided_by__isnull", True), ("requested_by__isnull", True), ("state", "approved")),
                            _connector="OR",
                        ),
                        name="client_draft_two_people",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            HISTORY,
            "DROP TRIGGER history ON consent_oauth_clientdraft; DROP TRIGGER history_whole ON consent_oauth_clientdraft; "
            "DROP FUNCTION consent_oauth_clientdraft_history();",
        ),
    ]
