"""Row-level security; parts are append-only, and what a case is about never changes; what must be found across citizens.

Functions give ids, codes, times and counts. Whose a case is, is told to who names the one that answers it: that is the agency of the token.
"""

from django.db import migrations

from consent.scope import append_only_sql, policy_sql

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION consent_concerns_of(who text, states text[], after uuid, most integer) RETURNS TABLE (concern_id uuid, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.citizen_id FROM consent_concerns_concern c
    WHERE c.about = who AND c.state = ANY (states) AND (after IS NULL OR c.id > after) ORDER BY c.id LIMIT most
$$;
CREATE FUNCTION consent_concerns_citizen_of(concern uuid, who text) RETURNS uuid
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.citizen_id FROM consent_concerns_concern c WHERE c.id = concern AND c.about = who
$$;
CREATE FUNCTION consent_concerns_overdue(at timestamptz, most integer) RETURNS TABLE (concern_id uuid, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.citizen_id FROM consent_concerns_concern c
    WHERE c.state = 'open' AND c.overdue_told_at IS NULL AND c.due_at <= at ORDER BY c.due_at LIMIT most
$$;
CREATE FUNCTION consent_concerns_counts(at timestamptz) RETURNS TABLE (
    about varchar, open bigint, overdue bigint, answered bigint, closed bigint, not_satisfied bigint)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.about, count(*) FILTER (WHERE c.state = 'open'), count(*) FILTER (WHERE c.state = 'open' AND c.due_at <= at),
        count(*) FILTER (WHERE c.state = 'answered'), count(*) FILTER (WHERE c.state = 'closed'),
        count(*) FILTER (WHERE c.outcome = 'not_satisfied')
    FROM consent_concerns_concern c GROUP BY 1 ORDER BY 1
$$;
CREATE FUNCTION consent_concerns_late(at timestamptz, most integer) RETURNS TABLE (
    concern_id uuid, about varchar, kind varchar, raised_at timestamptz, due_at timestamptz)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.about, c.kind, c.raised_at, c.due_at FROM consent_concerns_concern c
    WHERE c.state = 'open' AND c.due_at <= at ORDER BY c.due_at LIMIT most
$$;
"""
SIGNATURES = (
    "consent_concerns_of(text, text[], uuid, integer)",
    "consent_concerns_citizen_of(uuid, text)",
    "consent_concerns_overdue(timestamptz, integer)",
    "consent_concerns_counts(timestamptz)",
    "consent_concerns_late(timestamptz, integer)",
)
REVOKE = "".join(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;" for signature in SIGNATURES)
GRANT = (
    "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
    + f"GRANT EXECUTE ON FUNCTION {', '.join(SIGNATURES)} TO aurora_app; END IF; END $$;"
)
REVERSE = "".join(f"DROP FUNCTION {signature};" for signature in reversed(SIGNATURES))

HISTORY = """
CREATE FUNCTION consent_concerns_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved constant text[] := ARRAY['state', 'outcome', 'due_at', 'put_off_at', 'answered_at', 'replied_at', 'closed_at', 'overdue_told_at'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state <> 'closed' AND to_jsonb(NEW) - moved = to_jsonb(OLD) - moved
        AND (OLD.put_off_at IS NULL OR NEW.put_off_at = OLD.put_off_at)
        AND (OLD.replied_at IS NULL OR NEW.replied_at = OLD.replied_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a case is moved on, and not rewritten' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER history BEFORE UPDATE OR DELETE ON consent_concerns_concern FOR EACH ROW EXECUTE FUNCTION consent_concerns_history();
"""


class Migration(migrations.Migration):
    dependencies = [("consent_concerns", "0001_initial")]
    operations = [
        migrations.RunSQL(*policy_sql("consent_concerns_concern")),
        migrations.RunSQL(*policy_sql("consent_concerns_concernpart")),
        migrations.RunSQL(*append_only_sql("consent_concerns_concernpart")),
        migrations.RunSQL(HISTORY, "DROP TRIGGER history ON consent_concerns_concern; DROP FUNCTION consent_concerns_history();"),
        migrations.RunSQL(FUNCTIONS + REVOKE + GRANT, REVERSE),
    ]
