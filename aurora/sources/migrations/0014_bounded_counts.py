"""The console's counts of pulls look at no more than a thousand of each source and state: of a million pulls they took two seconds. Of feeds that are due
ten thousand a source are counted.
"""

from django.db import migrations, models

DEFINER = "STABLE SECURITY DEFINER SET search_path = public, pg_temp"
COLUMNS = "source varchar, state varchar, error varchar, pulls bigint, oldest timestamptz, newest timestamptz"
COUNTED = "count(*), min(p.created_at), max(coalesce(p.finished_at, p.started_at, p.created_at))"
WHAT = "q.state, q.error, q.created_at, q.started_at, q.finished_at"
# The limits are written out: of a limit that it does not know the planner thinks that it is a tenth of all. `pulls.COUNTED` is the same number.
NEW = f"""
CREATE OR REPLACE FUNCTION pull_counts() RETURNS TABLE ({COLUMNS}) LANGUAGE sql {DEFINER} AS $$
    SELECT a.code, p.state, p.error, {COUNTED}
    FROM sources_datasource s JOIN consent_agency a ON a.id = s.agency_id CROSS JOIN LATERAL (
        (SELECT {WHAT} FROM sources_pull q WHERE q.source_id = s.agency_id AND q.state = 'queued' ORDER BY q.priority, q.due_at LIMIT 1000)
        UNION ALL
        (SELECT {WHAT} FROM sources_pull q WHERE q.source_id = s.agency_id AND q.state = 'running' LIMIT 1000)
        UNION ALL
        SELECT last.* FROM unnest(ARRAY['done', 'failed', 'cancelled']) AS ended (how) CROSS JOIN LATERAL (
            SELECT {WHAT} FROM sources_pull q
            WHERE q.source_id = s.agency_id AND q.state = ended.how AND q.finished_at IS NOT NULL ORDER BY q.finished_at DESC LIMIT 1000
        ) AS last
    ) AS p GROUP BY 1, 2, 3
$$;
"""
OLD = f"""
CREATE OR REPLACE FUNCTION pull_counts() RETURNS TABLE ({COLUMNS}) LANGUAGE sql {DEFINER} AS $$
    SELECT a.code, p.state, p.error, {COUNTED}
    FROM sources_pull p JOIN sources_connection c ON c.id = p.connection_id JOIN consent_agency a ON a.id = c.source_id
    GROUP BY 1, 2, 3
$$;
"""
QUEUES = f"""
CREATE OR REPLACE FUNCTION source_queues(at timestamptz) RETURNS TABLE (
    source varchar, waiting bigint, refreshes bigint, running bigint, due bigint, oldest timestamptz
) LANGUAGE sql {DEFINER} AS $$
    SELECT a.code,
        (SELECT count(*) FROM (SELECT FROM sources_pull p WHERE p.source_id = a.id AND p.state = 'queued' AND p.priority = 0 LIMIT 10000) AS few),
        (SELECT count(*) FROM (SELECT FROM sources_pull p WHERE p.source_id = a.id AND p.state = 'queued' AND p.priority = 1 LIMIT 10000) AS few),
        (SELECT count(*) FROM sources_pull p WHERE p.source_id = a.id AND p.state = 'running'),
        (SELECT count(*) FROM (SELECT FROM sources_feed f WHERE f.source_id = a.id AND f.due_at <= at LIMIT 10000) AS few),
        (SELECT min(f.due_at) FROM sources_feed f WHERE f.source_id = a.id AND f.due_at <= at)
    FROM consent_agency a JOIN sources_datasource s ON s.agency_id = a.id
$$;
"""


def _queues_before() -> str:
    """The function as 0008 made it."""
    from importlib import import_module

    text = import_module("aurora.sources.migrations.0008_scale_functions").FUNCTIONS
    [made] = [part for part in text.split("CREATE FUNCTION ") if part.startswith("source_queues")]
    return f"CREATE OR REPLACE FUNCTION {made[: made.rindex('$$;') + 3]}"


class Migration(migrations.Migration):
    dependencies = [("sources", "0013_newest_by_connection")]
    operations = [
        migrations.AddIndex(
            "pull",
            models.Index(
                fields=["source", "state", "finished_at"], condition=models.Q(finished_at__isnull=False), name="pull_ended_of_source"
            ),
        ),
        migrations.RunSQL(NEW, OLD),
        migrations.RunSQL(QUEUES, _queues_before()),
    ]
