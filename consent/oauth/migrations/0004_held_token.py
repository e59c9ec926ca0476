"""The row of an access token for who holds it, in one statement whose plan PostgreSQL keeps: it is asked at every read.

It takes a digest and nothing else, so it shows what the policy `held_secret` shows: one row, to who knows its secret.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION consent_oauth_held_token(
    held bytea, OUT citizen_id uuid, OUT client_id text, OUT agency text, OUT grant_id uuid, OUT consent_id uuid, OUT detail jsonb,
    OUT expires_at timestamptz, OUT revoked_reason text
) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT t.citizen_id, c.client_id::text, a.code::text, t.grant_id, t.consent_id, t.detail, t.expires_at, t.revoked_reason::text
        FROM consent_oauth_accesstoken t
        JOIN consent_oauth_client c ON c.id = t.client_id AND c.active
        JOIN consent_agency a ON a.id = c.agency_id AND a.active
        WHERE t.digest = held;
END
$$;
REVOKE ALL ON FUNCTION consent_oauth_held_token(bytea) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0003_token_detail"), ("consent", "0002_rights")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION consent_oauth_held_token(bytea);")]
