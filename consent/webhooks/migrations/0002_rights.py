"""Row-level security, and what must be found across citizens: what is due, whose a delivery is, one client's feed, counts, what ran out.

All but `consent_webhooks_feed` give ids, codes and counts only; that one gives a client what is addressed to it, and no citizen's id.
"""

from django.db import migrations

from consent.scope import policy_sql

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION consent_webhooks_due(at timestamptz, each integer, most integer) RETURNS TABLE (delivery_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id FROM consent_oauth_client c CROSS JOIN LATERAL (
        SELECT o.id, o.due_at FROM consent_webhooks_delivery o
        WHERE o.client_id = c.id AND o.state = 'pending' AND o.due_at <= at AND (o.lease_until IS NULL OR o.lease_until <= at)
        ORDER BY o.due_at
        LIMIT greatest(0, each - (
            SELECT count(*) FROM consent_webhooks_delivery b WHERE b.client_id = c.id AND b.state = 'pending' AND b.lease_until > at))
    ) d ORDER BY d.due_at LIMIT most
$$;
CREATE FUNCTION consent_webhooks_citizen_of(delivery uuid, client varchar) RETURNS uuid
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.citizen_id FROM consent_webhooks_delivery d JOIN consent_oauth_client c ON c.id = d.client_id
    WHERE d.id = delivery AND (client IS NULL OR c.client_id = client)
$$;
CREATE FUNCTION consent_webhooks_feed(client varchar, after bigint, most integer) RETURNS TABLE (id uuid, "position" bigint, payload jsonb)
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    mine bigint;
BEGIN
    SELECT c.id INTO mine FROM consent_oauth_client c WHERE c.client_id = client;
    IF EXISTS (SELECT FROM consent_webhooks_delivery d WHERE d.client_id = mine AND d.position IS NULL) THEN
        -- One reader of a client's feed gives places at a time; each statement here sees what was committed before it.
        PERFORM pg_advisory_xact_lock(7745892, mine::integer);
        UPDATE consent_webhooks_delivery d SET position = n.place FROM (
            SELECT w.id, row_number() OVER (ORDER BY w.created_at, w.id) + coalesce((
                SELECT max(p.position) FROM consent_webhooks_delivery p WHERE p.client_id = mine), 0) AS place
            FROM consent_webhooks_delivery w WHERE w.client_id = mine AND w.position IS NULL
        ) n WHERE d.id = n.id;
    END IF;
    RETURN QUERY SELECT d.id, d.position, d.payload FROM consent_webhooks_delivery d
    WHERE d.client_id = mine AND d.position > after ORDER BY d.position LIMIT most;
END
$$;
CREATE FUNCTION consent_webhooks_fetched(client varchar, up_to bigint) RETURNS TABLE (delivery_id uuid, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, d.citizen_id FROM consent_webhooks_delivery d JOIN consent_oauth_client c ON c.id = d.client_id
    WHERE c.client_id = client AND d.position <= up_to AND d.state <> 'delivered' ORDER BY d.position LIMIT 200
$$;
CREATE FUNCTION consent_webhooks_counts(at timestamptz) RETURNS TABLE (
    client_id varchar, agency varchar, pending bigint, delivered bigint, failed bigint, unconfirmed bigint, overdue bigint, confirmed bigint)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.client_id, a.code, count(*) FILTER (WHERE d.state = 'pending'), count(*) FILTER (WHERE d.state = 'delivered'),
        count(*) FILTER (WHERE d.state = 'failed'),
        count(*) FILTER (WHERE d.confirm_by > at AND d.confirmed_at IS NULL),
        count(*) FILTER (WHERE d.confirm_by <= at AND d.confirmed_at IS NULL),
        count(*) FILTER (WHERE d.confirmed_at IS NOT NULL)
    FROM consent_webhooks_delivery d JOIN consent_oauth_client c ON c.id = d.client_id JOIN consent_agency a ON a.id = c.agency_id
    GROUP BY 1, 2 ORDER BY 2, 1
$$;
CREATE FUNCTION consent_webhooks_troubled(at timestamptz, most integer) RETURNS TABLE (
    delivery_id uuid, client_id varchar, agency varchar, kind varchar, state varchar, error varchar, attempts smallint,
    created_at timestamptz, due_at timestamptz, confirm_by timestamptz)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, c.client_id, a.code, d.kind, d.state, d.error, d.attempts, d.created_at, d.due_at, d.confirm_by
    FROM consent_webhooks_delivery d JOIN consent_oauth_client c ON c.id = d.client_id JOIN consent_agency a ON a.id = c.agency_id
    WHERE d.confirmed_at IS NULL AND (d.state = 'failed' OR (d.state = 'pending' AND d.attempts > 1) OR d.confirm_by <= at)
    ORDER BY d.created_at LIMIT most
$$;
CREATE FUNCTION consents_run_out(at timestamptz, most integer) RETURNS TABLE (consent_id uuid, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT r.id, r.citizen_id FROM consent_consentrecord r WHERE r.state = 'given' AND r.expires_at <= at ORDER BY r.expires_at LIMIT most
$$;
CREATE FUNCTION consents_at_source(source varchar, at timestamptz, most integer) RETURNS TABLE (consent_id uuid, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT r.id, r.citizen_id FROM consent_consentrecord r JOIN consent_agency a ON a.id = r.source_id
    WHERE a.code = source AND r.state = 'given' AND r.expires_at > at ORDER BY r.id LIMIT most
$$;
CREATE FUNCTION consent_meant(wanted uuid, client varchar) RETURNS TABLE (consent_id uuid, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT r.id, r.citizen_id FROM consent_consentrecord r
    LEFT JOIN consent_oauth_grant g ON g.consent_id = r.id LEFT JOIN consent_oauth_client c ON c.id = g.client_id
    WHERE (g.id = wanted OR (r.id = wanted AND client IS NULL)) AND (client IS NULL OR c.client_id = client)
$$;
"""
SIGNATURES = (
    "consent_webhooks_due(timestamptz, integer, integer)",
    "consent_webhooks_citizen_of(uuid, varchar)",
    "consent_webhooks_feed(varchar, bigint, integer)",
    "consent_webhooks_fetched(varchar, bigint)",
    "consent_webhooks_counts(timestamptz)",
    "consent_webhooks_troubled(timestamptz, integer)",
    "consents_run_out(timestamptz, integer)",
    "consents_at_source(varchar, timestamptz, integer)",
    "consent_meant(uuid, varchar)",
)
REVOKE = "".join(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;" for signature in SIGNATURES)
REVERSE = "".join(f"DROP FUNCTION {signature};" for signature in reversed(SIGNATURES))


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0001_initial")]
    operations = [
        migrations.RunSQL(*policy_sql("consent_webhooks_delivery")),
        migrations.RunSQL(FUNCTIONS + REVOKE, REVERSE),
    ]
