"""The counts also tell when the newest pull of each group last moved: an operator asks what works now, not what ever worked."""

from django.db import migrations

DEFINER = "STABLE SECURITY DEFINER SET search_path = public, pg_temp"
COLUMNS = "source varchar, state varchar, error varchar, pulls bigint, oldest timestamptz"
FROM = """
    FROM sources_pull p JOIN sources_connection c ON c.id = p.connection_id JOIN consent_agency a ON a.id = c.source_id
    GROUP BY 1, 2, 3
"""
NEW = f"""
DROP FUNCTION pull_counts();
CREATE FUNCTION pull_counts() RETURNS TABLE ({COLUMNS}, newest timestamptz) LANGUAGE sql {DEFINER} AS $$
    SELECT a.code, p.state, p.error, count(*), min(p.created_at), max(coalesce(p.finished_at, p.started_at, p.created_at))
    {FROM}
$$;
"""
OLD = f"""
DROP FUNCTION pull_counts();
CREATE FUNCTION pull_counts() RETURNS TABLE ({COLUMNS}) LANGUAGE sql {DEFINER} AS $$
    SELECT a.code, p.state, p.error, count(*), min(p.created_at)
    {FROM}
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0002_rights")]
    operations = [migrations.RunSQL(NEW, OLD)]
