"""Of offers that wait, the sweep is given whom it can bring one now: nobody who is dead, and nobody who was brought as many as may be in a day."""

from django.db import migrations

FIND = """
DROP FUNCTION identity_offers_to_address(integer);
CREATE FUNCTION identity_offered_to(since timestamptz, most_each integer, most integer) RETURNS TABLE (citizen_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.id FROM consent_mandate m JOIN identity_citizen c ON c.subject_hmac = m.attorney_digest
    WHERE m.attorney_id IS NULL AND m.state = 'offered' AND c.id <> m.principal_id
        AND NOT EXISTS (SELECT FROM consent_mandate e
            WHERE e.principal_id = c.id AND e.kind = 'estate' AND NOT jsonb_exists(e.evidence, 'corrected'))
        AND (SELECT count(*) FROM consent_mandateevent v JOIN consent_mandate o ON o.id = v.mandate_id
            WHERE o.attorney_id = c.id AND v.kind = 'addressed' AND v.at > since) < most_each
    GROUP BY c.id ORDER BY min(m.created_at) LIMIT most
$$;
REVOKE ALL ON FUNCTION identity_offered_to(timestamptz, integer, integer) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION identity_offered_to(timestamptz, integer, integer) TO aurora_app;
    END IF;
END $$;
"""
BACK = """
DROP FUNCTION identity_offered_to(timestamptz, integer, integer);
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
    dependencies = [("identity", "0005_model_stewards"), ("consent", "0014_meaning_of_themes")]
    operations = [migrations.RunSQL(FIND, BACK)]
