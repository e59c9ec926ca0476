"""What waited in the feed of a client without an address is due once it has one. A number leaves this function, nothing else.

What the feed has handed over is no longer pending, and is not told again.
"""

from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION consent_webhooks_addressed(most integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH found AS (
        UPDATE consent_webhooks_delivery SET due_at = created_at WHERE id IN (
            SELECT d.id FROM consent_oauth_client c CROSS JOIN LATERAL (
                SELECT o.id FROM consent_webhooks_delivery o
                WHERE o.client_id = c.id AND o.state = 'pending' AND o.due_at IS NULL
                FOR UPDATE SKIP LOCKED
            ) d WHERE c.notice_uri <> '' LIMIT most
        ) RETURNING 1
    ) SELECT count(*) FROM found
$$;
REVOKE ALL ON FUNCTION consent_webhooks_addressed(integer) FROM PUBLIC;
"""
REVERSE = "DROP FUNCTION consent_webhooks_addressed(integer);"


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0007_far_behind")]
    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="queued_at",
            field=models.DateTimeField(
                help_text="From when the days of trying count: its first attempt, or when an operator asked for a new try; until then its making."
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("due_at__isnull", True), ("state", "pending")), fields=["client"], name="delivery_unaddressed"
            ),
        ),
        migrations.RunSQL(FUNCTIONS, REVERSE),
    ]
