"""What introspection tells of an access token, in one statement whose plan PostgreSQL keeps: its row, whose it is, and its consent as it is now.

It takes a digest, so it shows what the policy `held_secret` shows: one row, to who knows its secret; and of the consent what decides whether
it stands. The two functions that told parts of it stay for web processes of the release before.
"""

from django.db import migrations

TOLD = """
CREATE FUNCTION consent_oauth_token_told(
    held bytea, at timestamptz, OUT client bigint, OUT client_id text, OUT agency text, OUT active boolean, OUT audience text, OUT jkt text,
    OUT citizen_id uuid, OUT grant_id uuid, OUT attorney uuid, OUT detail jsonb, OUT created_at timestamptz, OUT expires_at timestamptz,
    OUT revoked boolean, OUT alive boolean, OUT purpose text, OUT categories varchar[], OUT withdrawn varchar[], OUT category_versions jsonb,
    OUT recipient_version smallint, OUT purpose_version smallint, OUT purposes jsonb, OUT data jsonb, OUT recipient_binds smallint
) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT c.id, c.client_id::text, a.code::text, c.active AND a.active, t.audience::text, t.jkt::text,
            t.citizen_id, t.grant_id, r.decided_by_id, t.detail, t.created_at, t.expires_at,
            t.revoked_at IS NOT NULL, r.state = 'given' AND r.not_before <= at AND r.expires_at > at,
            r.purpose_id::text, r.categories, r.withdrawn, r.category_versions, r.recipient_version, v.version,
            (SELECT jsonb_object_agg(p.code, p.binding_since) FROM consent_purpose p WHERE p.binding_since > 1),
            (SELECT jsonb_object_agg(d.code, d.binding_since) FROM consent_datacategory d WHERE d.binding_since > 1),
            b.binding_since
        FROM consent_oauth_accesstoken t
        JOIN consent_oauth_client c ON c.id = t.client_id
        JOIN consent_agency a ON a.id = c.agency_id
        JOIN consent_consentrecord r ON r.id = t.consent_id
        JOIN consent_purposeversion v ON v.id = r.purpose_version_id
        JOIN consent_agency b ON b.id = r.recipient_id
        WHERE t.digest = held;
END
$$;
REVOKE ALL ON FUNCTION consent_oauth_token_told(bytea, timestamptz) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION consent_oauth_token_told(bytea, timestamptz) TO aurora_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0011_attorney_of_token"), ("consent", "0006_mandates")]
    operations = [migrations.RunSQL(TOLD, "DROP FUNCTION consent_oauth_token_told(bytea, timestamptz);")]
