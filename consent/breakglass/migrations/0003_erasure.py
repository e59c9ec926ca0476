"""What was said of a citizen in a request goes with their log only; and requests are counted in whole months.

Before, whoever had taken the service over could take a request's citizen away at once, and two counts a moment apart told of one request.
"""

from django.db import migrations

SCOPE_ONLY = """
    -- The owner passes row-level security by: so the function asks whose rows the transaction may touch.
    IF citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'consent_breakglass_erase: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
"""


def functions(*, gate: str, since: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION consent_breakglass_erase(citizen uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone uuid[];
BEGIN
    {gate}
    WITH mine AS (DELETE FROM consent_breakglass_subject s WHERE s.citizen_id = citizen RETURNING s.request_id)
    SELECT coalesce(array_agg(request_id), '{{}}') INTO gone FROM mine;
    UPDATE consent_breakglass_request SET text_sealed = '', who_digest = '',
        review_sealed = CASE WHEN review_sealed IS NULL THEN NULL ELSE ''::bytea END WHERE id = ANY (gone);
    RETURN cardinality(gone);
END
$$;
CREATE OR REPLACE FUNCTION consent_breakglass_totals(since timestamptz) RETURNS TABLE (
    month date, asked bigint, approved bigint, declined bigint, reads bigint, justified bigint, not_justified bigint, citizens bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT date_trunc('month', r.asked_at AT TIME ZONE 'UTC')::date, count(*),
        count(*) FILTER (WHERE r.state = 'approved'), count(*) FILTER (WHERE r.state = 'declined'),
        coalesce(sum((SELECT count(*) FROM consent_breakglass_read d WHERE d.request_id = r.id)), 0)::bigint,
        count(*) FILTER (WHERE r.verdict = 'justified'), count(*) FILTER (WHERE r.verdict = 'not_justified'),
        count(DISTINCT s.citizen_id)
    FROM consent_breakglass_request r LEFT JOIN consent_breakglass_subject s ON s.request_id = r.id
    WHERE r.asked_at >= {since} GROUP BY 1 ORDER BY 1
$$;
"""


NOW = functions(gate="PERFORM ledger_erasure_ready(citizen);", since="date_trunc('month', since, 'UTC')")
BEFORE = functions(gate=SCOPE_ONLY, since="since")


class Migration(migrations.Migration):
    dependencies = [("consent_breakglass", "0002_rights"), ("ledger", "0007_erasure_ready")]

    operations = [migrations.RunSQL(NOW, BEFORE)]
