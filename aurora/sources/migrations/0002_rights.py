"""Row-level security, and the few things that must be known across citizens: which pulls wait, whose a pull is, how many there are."""

from django.db import migrations

from consent.scope import policy_sql

DEFINER = "STABLE SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION overdue_pulls(at timestamptz, most integer) RETURNS TABLE (pull_id uuid)
LANGUAGE sql {DEFINER} AS $$
    (SELECT p.id FROM sources_pull p WHERE p.state = 'queued' AND p.due_at <= at ORDER BY p.due_at LIMIT most)
    UNION ALL
    (SELECT p.id FROM sources_pull p WHERE p.state = 'running' AND p.lease_until <= at ORDER BY p.lease_until LIMIT most)
$$;
CREATE FUNCTION citizen_of_pull(pull uuid) RETURNS uuid
LANGUAGE sql {DEFINER} AS $$ SELECT p.citizen_id FROM sources_pull p WHERE p.id = pull $$;
CREATE FUNCTION connections_to_return(most integer) RETURNS TABLE (connection_id uuid, citizen_id uuid)
LANGUAGE sql {DEFINER} AS $$
    SELECT c.id, c.citizen_id FROM sources_connection c
    WHERE c.state = 'ended' AND c.tokens_returned_at IS NULL ORDER BY c.ended_at LIMIT most
$$;
CREATE FUNCTION pull_counts() RETURNS TABLE (source varchar, state varchar, error varchar, pulls bigint, oldest timestamptz)
LANGUAGE sql {DEFINER} AS $$
    SELECT a.code, p.state, p.error, count(*), min(p.created_at)
    FROM sources_pull p JOIN sources_connection c ON c.id = p.connection_id JOIN consent_agency a ON a.id = c.source_id
    GROUP BY 1, 2, 3
$$;
CREATE FUNCTION connection_counts() RETURNS TABLE (source varchar, state varchar, connections bigint)
LANGUAGE sql {DEFINER} AS $$
    SELECT a.code, c.state, count(*) FROM sources_connection c JOIN consent_agency a ON a.id = c.source_id GROUP BY 1, 2
$$;
"""
REVERSE = """
DROP FUNCTION connection_counts(); DROP FUNCTION pull_counts(); DROP FUNCTION citizen_of_pull(uuid);
DROP FUNCTION connections_to_return(integer);
DROP FUNCTION overdue_pulls(timestamptz, integer);
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_initial")]
    operations = [
        migrations.RunSQL(*policy_sql("sources_connection")),
        migrations.RunSQL(*policy_sql("sources_connectattempt")),
        migrations.RunSQL(*policy_sql("sources_pull")),
        migrations.RunSQL(*policy_sql("sources_pullpart")),
        migrations.RunSQL(FUNCTIONS, REVERSE),
    ]
