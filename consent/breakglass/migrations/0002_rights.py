"""What keeps a request's history: by triggers, for everyone. Whose a request is, how many there were, and what goes with an erased citizen.

Ids and numbers leave these functions, nothing else.
"""

from django.db import migrations

from consent.scope import append_only_sql, policy_sql

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
HISTORY = """
ALTER TABLE consent_breakglass_request ADD CONSTRAINT glass_categories CHECK (cardinality(categories) BETWEEN 1 AND 8);
CREATE FUNCTION consent_breakglass_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deciding constant text[] := ARRAY['state', 'decided_by', 'decided_at', 'expires_at'];
    ending constant text[] := ARRAY['ended_by', 'ended_at'];
    judging constant text[] := ARRAY['verdict', 'reviewed_by', 'reviewed_at', 'review_sealed'];
    texts constant text[] := ARRAY['text_sealed', 'review_sealed', 'who_digest'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'asked' AND NEW.ended_at IS NULL AND NEW.reviewed_at IS NULL THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF OLD.state = 'asked' AND NEW.state <> 'asked' AND to_jsonb(NEW) - deciding = to_jsonb(OLD) - deciding
            AND (NEW.expires_at IS NULL OR NEW.expires_at = NEW.decided_at + make_interval(mins => NEW.minutes)) THEN
            RETURN NEW;
        END IF;
        IF OLD.state = 'approved' AND OLD.ended_at IS NULL AND OLD.reviewed_at IS NULL AND NEW.ended_at < OLD.expires_at
            AND to_jsonb(NEW) - ending = to_jsonb(OLD) - ending THEN
            RETURN NEW;
        END IF;
        IF OLD.state = 'approved' AND OLD.reviewed_at IS NULL AND NEW.reviewed_at >= least(OLD.ended_at, OLD.expires_at)
            AND to_jsonb(NEW) - judging = to_jsonb(OLD) - judging THEN
            RETURN NEW;
        END IF;
        -- Of an erased citizen no word stays; that there was a request does.
        IF to_jsonb(NEW) - texts = to_jsonb(OLD) - texts AND length(NEW.text_sealed) = 0 AND length(NEW.who_digest) = 0
            AND coalesce(length(NEW.review_sealed), 0) = 0 AND (NEW.review_sealed IS NULL) = (OLD.review_sealed IS NULL) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a break-glass request is decided, ended and reviewed once, and not changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER history BEFORE INSERT OR UPDATE OR DELETE ON consent_breakglass_request
    FOR EACH ROW EXECUTE FUNCTION consent_breakglass_history();
CREATE FUNCTION consent_breakglass_whose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM consent_breakglass_request r WHERE r.id = NEW.request_id AND r.state = 'asked') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'whose data a request is about is said when it is made' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER whose BEFORE INSERT OR UPDATE ON consent_breakglass_subject
    FOR EACH ROW EXECUTE FUNCTION consent_breakglass_whose();
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE DELETE, TRUNCATE ON consent_breakglass_request FROM aurora_app;
    REVOKE UPDATE, DELETE, TRUNCATE ON consent_breakglass_subject FROM aurora_app;
END IF; END $$;
"""
UNDO_HISTORY = """
DROP TRIGGER whose ON consent_breakglass_subject;
DROP FUNCTION consent_breakglass_whose();
DROP TRIGGER history ON consent_breakglass_request;
DROP FUNCTION consent_breakglass_history();
ALTER TABLE consent_breakglass_request DROP CONSTRAINT glass_categories;
"""
FUNCTIONS = f"""
CREATE FUNCTION consent_breakglass_subject_of(request uuid) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT s.citizen_id FROM consent_breakglass_subject s WHERE s.request_id = request
$$;
CREATE FUNCTION consent_breakglass_totals(since timestamptz) RETURNS TABLE (
    month date, asked bigint, approved bigint, declined bigint, reads bigint, justified bigint, not_justified bigint, citizens bigint)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT date_trunc('month', r.asked_at AT TIME ZONE 'UTC')::date, count(*),
        count(*) FILTER (WHERE r.state = 'approved'), count(*) FILTER (WHERE r.state = 'declined'),
        coalesce(sum((SELECT count(*) FROM consent_breakglass_read d WHERE d.request_id = r.id)), 0)::bigint,
        count(*) FILTER (WHERE r.verdict = 'justified'), count(*) FILTER (WHERE r.verdict = 'not_justified'),
        count(DISTINCT s.citizen_id)
    FROM consent_breakglass_request r LEFT JOIN consent_breakglass_subject s ON s.request_id = r.id
    WHERE r.asked_at >= since GROUP BY 1 ORDER BY 1
$$;
CREATE FUNCTION consent_breakglass_erase(citizen uuid) RETURNS bigint LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    gone uuid[];
BEGIN
    -- The owner passes row-level security by: so the function asks whose rows the transaction may touch.
    IF citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'consent_breakglass_erase: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    WITH mine AS (DELETE FROM consent_breakglass_subject s WHERE s.citizen_id = citizen RETURNING s.request_id)
    SELECT coalesce(array_agg(request_id), '{{}}') INTO gone FROM mine;
    UPDATE consent_breakglass_request SET text_sealed = '', who_digest = '',
        review_sealed = CASE WHEN review_sealed IS NULL THEN NULL ELSE ''::bytea END WHERE id = ANY (gone);
    RETURN cardinality(gone);
END
$$;
REVOKE ALL ON FUNCTION consent_breakglass_subject_of(uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION consent_breakglass_totals(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION consent_breakglass_erase(uuid) FROM PUBLIC;
"""
UNDO_FUNCTIONS = """
DROP FUNCTION consent_breakglass_erase(uuid);
DROP FUNCTION consent_breakglass_totals(timestamptz);
DROP FUNCTION consent_breakglass_subject_of(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("consent_breakglass", "0001_initial")]
    operations = [
        migrations.RunSQL(*policy_sql("consent_breakglass_subject")),
        migrations.RunSQL(*append_only_sql("consent_breakglass_read")),
        migrations.RunSQL(*append_only_sql("consent_breakglass_alarm")),
        migrations.RunSQL(HISTORY, UNDO_HISTORY),
        migrations.RunSQL(FUNCTIONS, UNDO_FUNCTIONS),
    ]
