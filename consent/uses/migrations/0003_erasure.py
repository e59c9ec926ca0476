"""What agencies reported goes with its citizen's log only: before, whoever had taken the service over could take it away at once.

And what is counted across citizens is counted from whole days on: two questions a moment apart told of one use when it was.
"""

from django.db import migrations

SCOPE_ONLY = """
    IF citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'consent_uses_erase: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
"""


def erase(gate: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION consent_uses_erase(citizen uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    {gate}
    DELETE FROM consent_uses_finding f WHERE f.citizen_id = citizen;
    DELETE FROM consent_uses_usagereport r WHERE r.citizen_id = citizen;
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM consent_uses_deliverynote n WHERE n.citizen_id = citizen;
    DELETE FROM consent_uses_account a WHERE a.citizen_id = citizen;
    RETURN gone;
END
$$;
"""


def counted(*, since: str, oldest: str, zone: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION consent_uses_counts(not_before timestamptz)
RETURNS TABLE (agency varchar, state varchar, findings bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT g.code, s.state, sum(s.number)::bigint, {oldest} FROM (
        SELECT f.agency_id, f.state, count(*) AS number, min(f.at) AS oldest FROM consent_uses_finding f WHERE f.at >= {since} GROUP BY 1, 2
        UNION ALL
        SELECT n.agency_id, 'open', count(*), min(n.at) FROM consent_uses_deliverynote n
        WHERE n.at >= {since} AND NOT EXISTS (SELECT FROM consent_uses_finding f WHERE f.entry_id = n.entry_id) GROUP BY 1, 2
    ) s JOIN consent_agency g ON g.id = s.agency_id GROUP BY 1, 2 ORDER BY 1, 2
$$;
CREATE OR REPLACE FUNCTION consent_uses_by_day(not_before timestamptz, zone text)
RETURNS TABLE (agency varchar, day date, reported bigint, reads bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT g.code, (f.at AT TIME ZONE {zone})::date, count(*) FILTER (WHERE f.state IN ('matched', 'differing')),
        count(*) FILTER (WHERE f.state IN ('matched', 'differing', 'not_reported'))
    FROM consent_uses_finding f JOIN consent_agency g ON g.id = f.agency_id WHERE f.at >= {since} GROUP BY 1, 2 ORDER BY 1, 2
$$;
"""


BEFORE = erase(SCOPE_ONLY) + counted(since="not_before", oldest="min(s.oldest)", zone="zone")
# A name of a zone only: one written out ("+03:17") would move the days' ends at will.
NOW = erase("PERFORM ledger_erasure_ready(citizen);") + counted(
    since="date_trunc('day', not_before, 'UTC')",
    oldest="date_trunc('day', min(s.oldest), 'UTC')",
    zone="CASE WHEN zone ~ '^[A-Z][A-Za-z_]+(/[A-Za-z_]+)*$' THEN zone ELSE 'UTC' END",
)


class Migration(migrations.Migration):
    dependencies = [("consent_uses", "0002_rights"), ("ledger", "0007_erasure_ready")]

    operations = [migrations.RunSQL(NOW, BEFORE)]
