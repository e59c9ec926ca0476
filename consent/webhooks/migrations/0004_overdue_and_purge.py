"""That a citizen was told of a confirmation overdue, and what goes when it is old. Ids and a number leave these functions, nothing else.

The newest of a client's feed is never purged: places are counted from it, and a cursor must not come to stand before an event of another.
"""

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION consent_webhooks_overdue(at timestamptz, most integer) RETURNS TABLE (delivery_id uuid, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, d.citizen_id FROM consent_webhooks_delivery d
    WHERE d.confirm_by <= at AND d.confirmed_at IS NULL AND d.overdue_told_at IS NULL ORDER BY d.confirm_by, d.id LIMIT most
$$;
CREATE FUNCTION consent_webhooks_purge(settled_before timestamptz, most integer) RETURNS bigint
LANGUAGE sql VOLATILE {DEFINER} AS $$
    WITH gone AS (
        DELETE FROM consent_webhooks_delivery WHERE id IN (
            SELECT d.id FROM consent_webhooks_delivery d
            WHERE d.created_at <= settled_before
              AND coalesce(d.confirmed_at, d.confirm_by, d.delivered_at, d.created_at) <= settled_before
              AND NOT (d.state = 'pending' AND d.due_at IS NOT NULL)
              AND (d.position IS NULL
                   OR d.position < (SELECT max(n.position) FROM consent_webhooks_delivery n WHERE n.client_id = d.client_id))
            ORDER BY d.created_at LIMIT most
        ) RETURNING 1
    ) SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION consent_webhooks_overdue(timestamptz, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION consent_webhooks_purge(timestamptz, integer) FROM PUBLIC;
"""
REVERSE = """
DROP FUNCTION consent_webhooks_purge(timestamptz, integer);
DROP FUNCTION consent_webhooks_overdue(timestamptz, integer);
"""


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0003_grants_with_parts")]
    operations = [
        migrations.AddField(
            model_name="delivery",
            name="overdue_told_at",
            field=models.DateTimeField(help_text="When the citizen was told that no confirmation came in time.", null=True),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(confirm_by__isnull=False, confirmed_at__isnull=True, overdue_told_at__isnull=True),
                fields=["confirm_by"],
                name="delivery_overdue",
            ),
        ),
        migrations.AddIndex(model_name="delivery", index=models.Index(fields=["created_at"], name="delivery_by_age")),
        migrations.RunSQL(FUNCTIONS, REVERSE),
    ]
