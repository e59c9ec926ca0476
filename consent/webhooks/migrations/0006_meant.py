"""What an operator means by an id, no client asks: `consent_meant` loses the argument that was always null."""

from django.db import migrations

DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp"
GRANT = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION {} TO aurora_app;
    END IF;
END $$;
"""
FORWARD = f"""
DROP FUNCTION consent_meant(uuid, varchar);
CREATE FUNCTION consent_meant(wanted uuid) RETURNS TABLE (consent_id uuid, citizen_id uuid) {DEFINER} AS $$
    WITH of_grant AS (
        SELECT r.id, r.citizen_id, r.state = 'given' AS stands, row_number() OVER (ORDER BY p.added_at DESC, p.id DESC) AS place
        FROM consent_oauth_grantpart p JOIN consent_consentrecord r ON r.id = p.consent_id WHERE p.grant_id = wanted
    )
    SELECT id, citizen_id FROM of_grant WHERE stands OR (place = 1 AND NOT EXISTS (SELECT FROM of_grant WHERE stands))
    UNION ALL
    SELECT r.id, r.citizen_id FROM consent_consentrecord r WHERE r.id = wanted
    ORDER BY 1
$$;
REVOKE ALL ON FUNCTION consent_meant(uuid) FROM PUBLIC;
""" + GRANT.format("consent_meant(uuid)")
BACKWARD = f"""
DROP FUNCTION consent_meant(uuid);
CREATE FUNCTION consent_meant(wanted uuid, client varchar) RETURNS TABLE (consent_id uuid, citizen_id uuid) {DEFINER} AS $$
    WITH of_grant AS (
        SELECT r.id, r.citizen_id, r.state = 'given' AS stands, row_number() OVER (ORDER BY p.added_at DESC, p.id DESC) AS place
        FROM consent_oauth_grantpart p JOIN consent_consentrecord r ON r.id = p.consent_id
        JOIN consent_oauth_grant g ON g.id = p.grant_id JOIN consent_oauth_client c ON c.id = g.client_id
        WHERE g.id = wanted AND (client IS NULL OR c.client_id = client)
    )
    SELECT id, citizen_id FROM of_grant WHERE stands OR (place = 1 AND NOT EXISTS (SELECT FROM of_grant WHERE stands))
    UNION ALL
    SELECT r.id, r.citizen_id FROM consent_consentrecord r WHERE r.id = wanted AND client IS NULL
$$;
REVOKE ALL ON FUNCTION consent_meant(uuid, varchar) FROM PUBLIC;
""" + GRANT.format("consent_meant(uuid, varchar)")


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0005_one_at_a_time"), ("consent_oauth", "0009_grant_parts")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
