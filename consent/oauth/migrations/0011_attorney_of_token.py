"""Who consented for the citizen of a token, in one statement: for who knows the token's digest, and an id only."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION consent_oauth_attorney_of_token(held bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT r.decided_by_id FROM consent_oauth_accesstoken t JOIN consent_consentrecord r ON r.id = t.consent_id WHERE t.digest = held
$$;
REVOKE ALL ON FUNCTION consent_oauth_attorney_of_token(bytea) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION consent_oauth_attorney_of_token(bytea) TO aurora_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0010_audiences"), ("consent", "0006_mandates")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION consent_oauth_attorney_of_token(bytea);")]
