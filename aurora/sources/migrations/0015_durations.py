"""How long the last pulls of each source took, and when one last succeeded: of two hundred at most, so that it costs the same at any size."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION source_durations() RETURNS TABLE (source varchar, last_success timestamptz, pulls bigint, p50 float8, p95 float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.code, max(d.finished_at), count(d.finished_at),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.finished_at - d.started_at)),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM d.finished_at - d.started_at))
    FROM sources_datasource s JOIN consent_agency a ON a.id = s.agency_id LEFT JOIN LATERAL (
        SELECT p.started_at, p.finished_at FROM sources_pull p
        WHERE p.source_id = s.agency_id AND p.state = 'done' AND p.finished_at IS NOT NULL ORDER BY p.finished_at DESC LIMIT 200
    ) AS d ON true GROUP BY 1
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0014_bounded_counts")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION source_durations();")]
