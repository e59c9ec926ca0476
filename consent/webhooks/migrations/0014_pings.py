"""Test notices; and what a sandbox client was told lately, by kind and state, for its developer: of whom leaves this function with nothing."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

LATELY = """
CREATE FUNCTION consent_webhooks_lately(client varchar, most integer)
RETURNS TABLE (kind varchar, created_at timestamptz, state varchar, attempts smallint, error varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT d.kind, d.created_at, d.state, d.attempts, d.error FROM consent_webhooks_delivery d
    JOIN consent_oauth_client c ON c.id = d.client_id JOIN consent_oauth_sandboxclient s ON s.client_id = c.id
    WHERE c.client_id = client ORDER BY d.created_at DESC LIMIT most
$$;
REVOKE ALL ON FUNCTION consent_webhooks_lately(varchar, integer) FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION consent_webhooks_lately(varchar, integer) TO aurora_app;
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent_oauth", "0018_sandbox_clients"),
        ("consent_webhooks", "0013_no_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ping",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("asked_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("delivered", "Delivered"), ("failed", "Failed")], default="pending", max_length=9
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("took_ms", models.PositiveIntegerField(null=True)),
                ("status", models.PositiveSmallIntegerField(help_text="What the address answered; null if it did not.", null=True)),
                ("error", models.CharField(blank=True, max_length=32)),
                ("sent", models.JSONField(default=dict)),
                ("client", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent_oauth.client")),
            ],
            options={
                "indexes": [models.Index(fields=["client", "-created_at"], name="ping_of_client")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("state", "pending")), fields=("client",), name="one_ping_under_way"),
                    models.CheckConstraint(
                        condition=models.Q(("state", "pending"), ("finished_at__isnull", False), _connector="XOR"),
                        name="ping_finished_has_a_time",
                    ),
                ],
            },
        ),
        migrations.RunSQL(LATELY, "DROP FUNCTION consent_webhooks_lately(varchar, integer);"),
    ]
