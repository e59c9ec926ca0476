"""The consents that a decision looks at: only those that stand are locked, in an order that nothing changes.

Ended ones never change again. While they were locked too, after those that stood, a consent that was withdrawn between two decisions stood in two
places of two orders, and the decisions could wait for each other. A consent that was ended while its lock was waited for comes back as it is then.
"""

from django.db import migrations

ARGUMENTS = """
    whose uuid, agency text, OUT state text, OUT source_id uuid, OUT id uuid, OUT citizen_id uuid, OUT purpose_id text, OUT categories varchar[],
    OUT not_before timestamptz, OUT expires_at timestamptz, OUT ended_at timestamptz, OUT once boolean, OUT spent varchar[],
    OUT withdrawn varchar[], OUT category_versions jsonb, OUT recipient_version integer, OUT purpose_version integer, OUT purposes jsonb,
    OUT data jsonb, OUT recipient_binds integer
"""
HEAD = f"CREATE OR REPLACE FUNCTION consent_for_decision({ARGUMENTS}) RETURNS SETOF record LANGUAGE plpgsql VOLATILE ROWS 10"
COLUMNS = """
    r.state::text, r.source_id, r.id, r.citizen_id, r.purpose_id::text, r.categories, r.not_before, r.expires_at, r.ended_at, r.once,
    r.spent, r.withdrawn, r.category_versions, r.recipient_version::integer,
    (SELECT v.version::integer FROM consent_purposeversion v WHERE v.id = r.purpose_version_id),
    (SELECT jsonb_object_agg(p.code, p.binding_since) FROM consent_purpose p WHERE p.binding_since > 1),
    (SELECT jsonb_object_agg(d.code, d.binding_since) FROM consent_datacategory d WHERE d.binding_since > 1),
    (SELECT a.binding_since::integer FROM consent_agency a WHERE a.code = agency)
"""
THEIRS = "citizen_id = whose AND {0}.recipient_id = (SELECT a.id FROM consent_agency a WHERE a.code = agency)"

# By the id, and not by its state, is a row locked: one that has ended meanwhile would else be left out.
FORWARD = f"""
{HEAD} SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH standing AS MATERIALIZED (
            SELECT r.* FROM consent_consentrecord s JOIN consent_consentrecord r ON r.id = s.id
            WHERE s.{THEIRS.format("s")} AND s.state = 'given'
            ORDER BY s.decided_at DESC, s.id FOR NO KEY UPDATE OF r
        ), ended AS (
            SELECT e.* FROM consent_consentrecord e
            WHERE e.{THEIRS.format("e")} AND e.state IN ('withdrawn', 'expired')
            ORDER BY (e.state = 'withdrawn') DESC, e.decided_at DESC, e.id LIMIT 200
        )
        SELECT {COLUMNS} FROM (SELECT * FROM standing UNION ALL SELECT * FROM ended) r;
END
$$;
"""
BACKWARD = f"""
{HEAD} SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT {COLUMNS} FROM consent_consentrecord r
        WHERE r.{THEIRS.format("r")} AND r.state <> 'declined'
        ORDER BY (r.state = 'given') DESC, (r.state = 'withdrawn') DESC, r.decided_at DESC, r.id LIMIT 200 FOR NO KEY UPDATE;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0009_of_the_dead")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
