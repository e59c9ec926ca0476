"""What is asked of one client's deliveries goes by an index of those that it concerns: a client may have 10^5 that wait, or that it has.

Figures: docs/decisions/withdrawal.md.
"""

from django.db import migrations, models

DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp"
FETCHED = (
    "CREATE OR REPLACE FUNCTION consent_webhooks_fetched(client varchar, up_to bigint) RETURNS TABLE (delivery_id uuid, citizen_id uuid)"
)
NEWEST = "CREATE OR REPLACE FUNCTION consent_webhooks_newest(client varchar) RETURNS bigint"
# The client first, and not joined: then the index gives places in order, and the limit ends it.
FORWARD = f"""
{FETCHED} {DEFINER} AS $$
    SELECT d.id, d.citizen_id FROM consent_webhooks_delivery d
    WHERE d.client_id = (SELECT c.id FROM consent_oauth_client c WHERE c.client_id = client)
      AND d.position <= up_to AND d.state <> 'delivered' ORDER BY d.position LIMIT 200
$$;
{NEWEST} {DEFINER} AS $$
    SELECT coalesce((
        SELECT d.position FROM consent_webhooks_delivery d
        WHERE d.client_id = (SELECT c.id FROM consent_oauth_client c WHERE c.client_id = client) AND d.position IS NOT NULL
        ORDER BY d.position DESC LIMIT 1), 0)
$$;
"""
BACKWARD = f"""
{FETCHED} {DEFINER} AS $$
    SELECT d.id, d.citizen_id FROM consent_webhooks_delivery d JOIN consent_oauth_client c ON c.id = d.client_id
    WHERE c.client_id = client AND d.position <= up_to AND d.state <> 'delivered' ORDER BY d.position LIMIT 200
$$;
{NEWEST} {DEFINER} AS $$
    SELECT coalesce(max(d.position), 0) FROM consent_webhooks_delivery d JOIN consent_oauth_client c ON c.id = d.client_id
    WHERE c.client_id = client
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0006_meant")]
    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("lease_until__isnull", False), ("state", "pending")), fields=["client"], name="delivery_under_way"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("position__isnull", False), models.Q(("state", "delivered"), _negated=True)),
                fields=["client", "position"],
                name="delivery_not_had",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
