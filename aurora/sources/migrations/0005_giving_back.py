"""What is given back next, each source on its own; and the purge of attempts to connect, which lie under row-level security."""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
NEW = f"""
DROP FUNCTION connections_to_return(integer);
CREATE FUNCTION connections_to_return(at timestamptz, each integer) RETURNS TABLE (connection_id uuid, citizen_id uuid, source_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.citizen_id, c.source_id FROM sources_datasource s CROSS JOIN LATERAL (
        SELECT o.id, o.citizen_id, o.source_id, coalesce(o.return_due_at, o.ended_at) AS due FROM sources_connection o
        WHERE o.source_id = s.agency_id AND o.state = 'ended' AND o.tokens_returned_at IS NULL
          AND coalesce(o.return_due_at, o.ended_at) <= at
        ORDER BY coalesce(o.return_due_at, o.ended_at) LIMIT each
    ) c ORDER BY c.due
$$;
CREATE FUNCTION sources_purge(at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM sources_connectattempt WHERE expires_at < at - interval '1 day';
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
"""
OLD = f"""
DROP FUNCTION sources_purge(timestamptz);
DROP FUNCTION connections_to_return(timestamptz, integer);
CREATE FUNCTION connections_to_return(most integer) RETURNS TABLE (connection_id uuid, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.citizen_id FROM sources_connection c
    WHERE c.state = 'ended' AND c.tokens_returned_at IS NULL ORDER BY c.ended_at LIMIT most
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0004_return_due")]
    operations = [migrations.RunSQL(NEW, OLD)]
