"""How many deliveries of a client are under way, asked by one claim of that client at a time; which is its next; how far its feed goes.

Ids and numbers leave these functions, nothing else.
"""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION consent_webhooks_under_way(client bigint, at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
BEGIN
    -- Held to the end of the claim: two that count at once would both find the way free.
    PERFORM pg_advisory_xact_lock(7745893, client::integer);
    RETURN (SELECT count(*) FROM consent_webhooks_delivery d WHERE d.client_id = client AND d.state = 'pending' AND d.lease_until > at);
END
$$;
CREATE FUNCTION consent_webhooks_next(client bigint, at timestamptz) RETURNS uuid
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id FROM consent_webhooks_delivery d
    WHERE d.client_id = client AND d.state = 'pending' AND d.due_at <= at AND (d.lease_until IS NULL OR d.lease_until <= at)
    ORDER BY d.due_at LIMIT 1
$$;
CREATE FUNCTION consent_webhooks_newest(client varchar) RETURNS bigint
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(max(d.position), 0) FROM consent_webhooks_delivery d JOIN consent_oauth_client c ON c.id = d.client_id
    WHERE c.client_id = client
$$;
REVOKE ALL ON FUNCTION consent_webhooks_under_way(bigint, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION consent_webhooks_next(bigint, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION consent_webhooks_newest(varchar) FROM PUBLIC;
"""
REVERSE = """
DROP FUNCTION consent_webhooks_newest(varchar);
DROP FUNCTION consent_webhooks_next(bigint, timestamptz);
DROP FUNCTION consent_webhooks_under_way(bigint, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0004_overdue_and_purge")]
    operations = [migrations.RunSQL(FUNCTIONS, REVERSE)]
