"""Whom waiting offers of a mandate name: the sweep finds the citizen by the digest of their identifier. Ids only."""

from django.db import migrations

FIND = """
CREATE FUNCTION identity_offers_to_address(most integer) RETURNS TABLE (mandate_id uuid, citizen_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.id, c.id FROM consent_mandate m JOIN identity_citizen c ON c.subject_hmac = m.attorney_digest
    WHERE m.attorney_id IS NULL AND m.state = 'offered' ORDER BY m.created_at LIMIT most
$$;
REVOKE ALL ON FUNCTION identity_offers_to_address(integer) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION identity_offers_to_address(integer) TO aurora_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_rights"), ("consent", "0006_mandates")]
    operations = [migrations.RunSQL(FIND, "DROP FUNCTION identity_offers_to_address(integer);")]
