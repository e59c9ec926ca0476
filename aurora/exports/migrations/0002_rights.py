"""Exports under row-level security; what must be found across citizens, as ids only; and what the service may change of a row."""

from django.db import migrations

from consent.scope import policy_sql

TABLE = "exports_export"
MOVES = (
    "state, attempt, due_at, lease_token, lease_until, finished_at, code, part, percent, entry_id, file_id, size, sha256, salt, expires_at, "
    "downloads, key_sealed, lock"
)
DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION citizen_of_export(export uuid) RETURNS uuid LANGUAGE sql {DEFINER} AS $$
    SELECT e.citizen_id FROM exports_export e WHERE e.id = export
$$;
CREATE FUNCTION overdue_exports(at timestamptz, most integer) RETURNS TABLE (export_id uuid) LANGUAGE sql {DEFINER} AS $$
    (SELECT e.id FROM exports_export e WHERE e.state = 'queued' AND e.due_at <= at ORDER BY e.due_at LIMIT most)
    UNION ALL
    (SELECT e.id FROM exports_export e WHERE e.state = 'running' AND e.lease_until <= at ORDER BY e.lease_until LIMIT most)
$$;
CREATE FUNCTION exports_run_out(at timestamptz, most integer) RETURNS TABLE (export_id uuid, citizen_id uuid) LANGUAGE sql {DEFINER} AS $$
    SELECT e.id, e.citizen_id FROM exports_export e WHERE e.state = 'done' AND e.expires_at <= at ORDER BY e.expires_at LIMIT most
$$;
CREATE FUNCTION exports_over_since(before timestamptz, most integer) RETURNS TABLE (export_id uuid, citizen_id uuid) LANGUAGE sql {DEFINER} AS $$
    SELECT e.id, e.citizen_id FROM exports_export e
    WHERE e.state IN ('failed', 'expired') AND e.finished_at < before ORDER BY e.finished_at LIMIT most
$$;
CREATE FUNCTION known_export_files(files uuid[]) RETURNS TABLE (file_id uuid) LANGUAGE sql {DEFINER} AS $$
    SELECT e.file_id FROM exports_export e WHERE e.file_id = ANY(files)
$$;
"""
SIGNATURES = (
    "citizen_of_export(uuid)",
    "overdue_exports(timestamptz, integer)",
    "exports_run_out(timestamptz, integer)",
    "exports_over_since(timestamptz, integer)",
    "known_export_files(uuid[])",
)
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"
RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {s} FROM PUBLIC;" for s in SIGNATURES) + AS_APP.format(
    "".join(f"GRANT EXECUTE ON FUNCTION {s} TO aurora_app;" for s in SIGNATURES)
    + f"REVOKE UPDATE, TRUNCATE ON {TABLE} FROM aurora_app; GRANT SELECT, INSERT, DELETE, UPDATE ({MOVES}) ON {TABLE} TO aurora_app;"
)


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_initial")]

    operations = [
        migrations.RunSQL(*policy_sql(TABLE)),
        migrations.RunSQL(FUNCTIONS + RIGHTS, "".join(f"DROP FUNCTION {s};" for s in SIGNATURES)),
    ]
