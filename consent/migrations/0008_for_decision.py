"""The consents that a decision looks at, in one statement whose plan PostgreSQL keeps: it is asked at every read, and plans cost more than rows.

It runs with the rights of who calls it, so row-level security shows the citizen in scope and nobody else. Volatile, since it locks rows, and
so that what it reads is of the moment of the call.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION consent_for_decision(
    whose uuid, agency text, OUT state text, OUT source_id uuid, OUT id uuid, OUT citizen_id uuid, OUT purpose_id text, OUT categories varchar[],
    OUT not_before timestamptz, OUT expires_at timestamptz, OUT ended_at timestamptz, OUT once boolean, OUT spent varchar[],
    OUT withdrawn varchar[], OUT category_versions jsonb, OUT recipient_version integer, OUT purpose_version integer, OUT purposes jsonb,
    OUT data jsonb, OUT recipient_binds integer
) RETURNS SETOF record LANGUAGE plpgsql VOLATILE ROWS 10 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT r.state::text, r.source_id, r.id, r.citizen_id, r.purpose_id::text, r.categories, r.not_before, r.expires_at, r.ended_at, r.once,
            r.spent, r.withdrawn, r.category_versions, r.recipient_version::integer,
            (SELECT v.version::integer FROM consent_purposeversion v WHERE v.id = r.purpose_version_id),
            (SELECT jsonb_object_agg(p.code, p.binding_since) FROM consent_purpose p WHERE p.binding_since > 1),
            (SELECT jsonb_object_agg(d.code, d.binding_since) FROM consent_datacategory d WHERE d.binding_since > 1),
            (SELECT a.binding_since::integer FROM consent_agency a WHERE a.code = agency)
        FROM consent_consentrecord r
        WHERE r.citizen_id = whose AND r.recipient_id = (SELECT a.id FROM consent_agency a WHERE a.code = agency) AND r.state <> 'declined'
        ORDER BY (r.state = 'given') DESC, (r.state = 'withdrawn') DESC, r.decided_at DESC, r.id LIMIT 200 FOR NO KEY UPDATE;
END
$$;
REVOKE ALL ON FUNCTION consent_for_decision(uuid, text) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION consent_for_decision(uuid, text) TO aurora_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0007_running_out")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION consent_for_decision(uuid, text);")]
