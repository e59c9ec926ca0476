"""Whom an agency's answers are about, of those who have connected it: ids only. What has been taken is not changed, and goes after two months."""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION pushes_whose(source uuid, digests bytea[]) RETURNS TABLE (digest bytea, citizen_id uuid, connection_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.subject_hmac, c.id, o.id FROM identity_citizen c
    JOIN sources_connection o ON o.citizen_id = c.id AND o.source_id = source AND o.state <> 'ended'
    WHERE c.subject_hmac = ANY(digests) AND o.state = 'live'
$$;
CREATE FUNCTION pushes_purge(before timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    gone bigint;
BEGIN
    IF before > statement_timestamp() - interval '32 days' THEN
        RAISE EXCEPTION 'pushes_purge: a batch may come again for 31 days' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM pushes_batch b WHERE b.received_at < before;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
"""
SIGNATURES = ("pushes_whose(uuid, bytea[])", "pushes_purge(timestamptz)")
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"
RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {s} FROM PUBLIC;" for s in SIGNATURES) + AS_APP.format(
    "".join(f"GRANT EXECUTE ON FUNCTION {s} TO aurora_app;" for s in SIGNATURES)
    + "REVOKE UPDATE, DELETE, TRUNCATE ON pushes_batch FROM aurora_app; GRANT UPDATE (results, finished_at) ON pushes_batch TO aurora_app;"
)


class Migration(migrations.Migration):
    dependencies = [("pushes", "0001_initial"), ("sources", "0006_source_settings"), ("identity", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTIONS + RIGHTS, "".join(f"DROP FUNCTION {s};" for s in SIGNATURES))]
