"""Consents of people of whom a register tells that they have died, found across citizens: ids only."""

from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION consents_of_the_dead(at timestamptz, most integer) RETURNS TABLE (consent_id uuid, citizen_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.id, r.citizen_id FROM consent_consentrecord r JOIN consent_agency a ON a.id = r.recipient_id
    WHERE r.citizen_id IN (SELECT m.principal_id FROM consent_mandate m WHERE m.kind = 'estate' AND NOT jsonb_exists(m.evidence, 'corrected'))
        AND r.state = 'given' AND r.expires_at > at AND a.code <> 'aurora'
    ORDER BY r.id LIMIT most
$$;
REVOKE ALL ON FUNCTION consents_of_the_dead(timestamptz, integer) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION consents_of_the_dead(timestamptz, integer) TO aurora_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_for_decision")]
    operations = [
        migrations.AddIndex(
            model_name="mandate",
            index=models.Index(condition=models.Q(("kind", "estate")), fields=["principal"], name="mandate_estates"),
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION consents_of_the_dead(timestamptz, integer);"),
    ]
