"""Row-level security; what a request is about is never changed (a new key seals the same words anew); what must be found across citizens, as ids, codes and counts only.

Whose a request is, is told to who names the source that answers it: that is the agency of the token.
"""

from django.db import migrations

from consent.scope import policy_sql

TABLE = "corrections_correction"
MOVES = "sealed, state, read_at, answered_at, closed_at, overdue_told_at, answer_sealed"
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"
DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION corrections_of(who text, states text[], after uuid, most integer) RETURNS TABLE (correction_id uuid, citizen_id uuid)
LANGUAGE sql {DEFINER} AS $$
    SELECT c.id, c.citizen_id FROM {TABLE} c
    WHERE c.source = who AND c.state = ANY (states) AND (after IS NULL OR c.id > after) ORDER BY c.id LIMIT most
$$;
CREATE FUNCTION corrections_citizen_of(correction uuid, who text) RETURNS uuid LANGUAGE sql {DEFINER} AS $$
    SELECT c.citizen_id FROM {TABLE} c WHERE c.id = correction AND c.source = who
$$;
CREATE FUNCTION corrections_overdue(at timestamptz, most integer) RETURNS TABLE (correction_id uuid, citizen_id uuid)
LANGUAGE sql {DEFINER} AS $$
    SELECT c.id, c.citizen_id FROM {TABLE} c
    WHERE c.state = 'open' AND c.overdue_told_at IS NULL AND c.due_at <= at ORDER BY c.due_at LIMIT most
$$;
CREATE FUNCTION corrections_counts(at timestamptz) RETURNS TABLE (
    source varchar, open bigint, overdue bigint, corrected bigint, refused bigint, closed bigint)
LANGUAGE sql {DEFINER} AS $$
    SELECT c.source, count(*) FILTER (WHERE c.state = 'open'), count(*) FILTER (WHERE c.state = 'open' AND c.due_at <= at),
        count(*) FILTER (WHERE c.state = 'corrected'), count(*) FILTER (WHERE c.state = 'refused'), count(*) FILTER (WHERE c.state = 'closed')
    FROM {TABLE} c GROUP BY 1 ORDER BY 1
$$;
"""
SIGNATURES = (
    "corrections_of(text, text[], uuid, integer)",
    "corrections_citizen_of(uuid, text)",
    "corrections_overdue(timestamptz, integer)",
    "corrections_counts(timestamptz)",
)
RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {s} FROM PUBLIC;" for s in SIGNATURES) + AS_APP.format(
    f"GRANT EXECUTE ON FUNCTION {', '.join(SIGNATURES)} TO aurora_app;"
    f"REVOKE UPDATE, TRUNCATE ON {TABLE} FROM aurora_app; GRANT UPDATE ({MOVES}) ON {TABLE} TO aurora_app;"
)
BACK = "".join(f"DROP FUNCTION {s};" for s in SIGNATURES) + AS_APP.format(
    f"REVOKE UPDATE ({MOVES}) ON {TABLE} FROM aurora_app; GRANT UPDATE ON {TABLE} TO aurora_app;"
)


class Migration(migrations.Migration):
    dependencies = [("corrections", "0001_initial")]
    operations = [migrations.RunSQL(*policy_sql(TABLE)), migrations.RunSQL(FUNCTIONS + RIGHTS, BACK)]
