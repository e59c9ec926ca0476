"""A grant means the consents that stand in it; if none does, the newest, so that who names it is told that it has ended."""

from django.db import migrations

SIGNATURE = "consent_meant(wanted uuid, client varchar) RETURNS TABLE (consent_id uuid, citizen_id uuid)"
DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp"

FORWARD = f"""
CREATE OR REPLACE FUNCTION {SIGNATURE} {DEFINER} AS $$
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
"""
# Its column is not back yet when this runs.
BACKWARD = f"""
SET LOCAL check_function_bodies = off;
CREATE OR REPLACE FUNCTION {SIGNATURE} {DEFINER} AS $$
    SELECT r.id, r.citizen_id FROM consent_consentrecord r
    LEFT JOIN consent_oauth_grant g ON g.consent_id = r.id LEFT JOIN consent_oauth_client c ON c.id = g.client_id
    WHERE (g.id = wanted OR (r.id = wanted AND client IS NULL)) AND (client IS NULL OR c.client_id = client)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0002_rights"), ("consent_oauth", "0009_grant_parts")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
