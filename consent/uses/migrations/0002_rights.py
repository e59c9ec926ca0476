"""Row-level security; what must be found across citizens: what is due, whose an account is, whom an agency's name for somebody means, counts.

Ids, codes, times and counts leave these functions, nothing else. Notes are written here only, of reads that stand in the access log.
"""

from django.db import migrations

from consent.scope import policy_sql

PERSONAL = (
    "consent_uses_account",
    "consent_uses_usagereport",
    "consent_uses_deliverynote",
    "consent_uses_finding",
)
DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION consent_uses_note(entries uuid[], times timestamptz[], report_within interval) RETURNS bigint
LANGUAGE sql VOLATILE {DEFINER} AS $$
    WITH noted AS (
        INSERT INTO consent_uses_deliverynote (entry_id, citizen_id, agency_id, at)
        SELECT e.id, e.citizen_id, a.id, n.at FROM unnest(entries, times) AS n (id, at)
        JOIN ledger_ledgerentry e ON e.id = n.id JOIN consent_agency a ON a.code = e.actor
        WHERE e.event = 'agency:twin:read' ON CONFLICT DO NOTHING RETURNING citizen_id, agency_id, at
    ), mine AS (
        SELECT citizen_id, agency_id, min(at) AS first FROM noted GROUP BY 1, 2 ORDER BY 1, 2
    ), kept AS (
        INSERT INTO consent_uses_account AS old (id, citizen_id, agency_id, due_at, poll_due_at, version, poll_attempts, poll_error)
        SELECT gen_random_uuid(), citizen_id, agency_id, first + report_within, first + interval '1 hour', 0, 0, '' FROM mine
        ON CONFLICT (citizen_id, agency_id) DO UPDATE SET
            due_at = least(old.due_at, excluded.due_at), poll_due_at = least(old.poll_due_at, excluded.poll_due_at),
            version = old.version + 1
        RETURNING 1
    ) SELECT count(*) FROM noted
$$;
CREATE FUNCTION consent_uses_scan(after uuid, before uuid, at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE {DEFINER} AS $$
    WITH unnoted AS (
        SELECT DISTINCT e.citizen_id, a.id AS agency_id FROM ledger_ledgerentry e JOIN consent_agency a ON a.code = e.actor
        WHERE e.id >= after AND e.id < before AND e.event = 'agency:twin:read'
          AND NOT EXISTS (SELECT FROM consent_uses_deliverynote n WHERE n.entry_id = e.id) ORDER BY 1, 2
    ), marked AS (
        INSERT INTO consent_uses_account AS old (id, citizen_id, agency_id, due_at, poll_due_at, version, poll_attempts, poll_error)
        SELECT gen_random_uuid(), citizen_id, agency_id, at, at, 0, 0, '' FROM unnoted
        ON CONFLICT (citizen_id, agency_id) DO UPDATE SET
            due_at = least(old.due_at, excluded.due_at), poll_due_at = least(old.poll_due_at, excluded.poll_due_at),
            version = old.version + 1
        RETURNING 1
    ) SELECT count(*) FROM marked
$$;
CREATE FUNCTION consent_uses_due(at timestamptz, most integer) RETURNS TABLE (account_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT a.id FROM consent_uses_account a WHERE a.due_at <= at ORDER BY a.due_at LIMIT most
$$;
CREATE FUNCTION consent_uses_poll_due(at timestamptz, each integer, most integer) RETURNS TABLE (account_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id FROM (SELECT DISTINCT agency_id FROM consent_oauth_client WHERE usage_uri <> '' AND active) c
    JOIN consent_agency g ON g.id = c.agency_id AND g.active CROSS JOIN LATERAL (
        SELECT o.id, o.poll_due_at FROM consent_uses_account o
        WHERE o.agency_id = c.agency_id AND o.poll_due_at <= at AND (o.lease_until IS NULL OR o.lease_until <= at)
        ORDER BY o.poll_due_at
        LIMIT greatest(0, each - (SELECT count(*) FROM consent_uses_account b WHERE b.agency_id = c.agency_id AND b.lease_until > at))
    ) d ORDER BY d.poll_due_at LIMIT most
$$;
CREATE FUNCTION consent_uses_under_way(agency uuid, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT count(*) FROM consent_uses_account b WHERE b.agency_id = agency AND b.lease_until > at
$$;
CREATE FUNCTION consent_uses_citizen_of(account uuid) RETURNS uuid
LANGUAGE sql STABLE {DEFINER} AS $$ SELECT a.citizen_id FROM consent_uses_account a WHERE a.id = account $$;
CREATE FUNCTION consent_uses_subjects(agency uuid, digests bytea[]) RETURNS TABLE (digest bytea, citizen_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT a.subject_digest, a.citizen_id FROM consent_uses_account a WHERE a.agency_id = agency AND a.subject_digest = ANY(digests)
$$;
CREATE FUNCTION consent_uses_unnamed(agency uuid, most integer) RETURNS TABLE (citizen_id uuid, agency_code varchar)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT u.citizen_id, g.code FROM consent_uses_account u JOIN consent_agency g ON g.id = u.agency_id
    WHERE u.subject_digest IS NULL AND (agency IS NULL OR u.agency_id = agency) LIMIT most
$$;
CREATE FUNCTION consent_uses_name(citizens uuid[], codes varchar[], digests bytea[]) RETURNS bigint
LANGUAGE sql VOLATILE {DEFINER} AS $$
    WITH named AS (
        UPDATE consent_uses_account u SET subject_digest = n.digest
        FROM unnest(citizens, codes, digests) AS n (citizen_id, code, digest) JOIN consent_agency g ON g.code = n.code
        WHERE u.citizen_id = n.citizen_id AND u.agency_id = g.id AND u.subject_digest IS NULL RETURNING 1
    ) SELECT count(*) FROM named
$$;
CREATE FUNCTION consent_uses_counts(not_before timestamptz) RETURNS TABLE (agency varchar, state varchar, findings bigint, oldest timestamptz)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT g.code, s.state, sum(s.number)::bigint, min(s.oldest) FROM (
        SELECT f.agency_id, f.state, count(*) AS number, min(f.at) AS oldest FROM consent_uses_finding f WHERE f.at >= not_before GROUP BY 1, 2
        UNION ALL
        SELECT n.agency_id, 'open', count(*), min(n.at) FROM consent_uses_deliverynote n
        WHERE n.at >= not_before AND NOT EXISTS (SELECT FROM consent_uses_finding f WHERE f.entry_id = n.entry_id) GROUP BY 1, 2
    ) s JOIN consent_agency g ON g.id = s.agency_id GROUP BY 1, 2 ORDER BY 1, 2
$$;
CREATE FUNCTION consent_uses_by_day(not_before timestamptz, zone text) RETURNS TABLE (agency varchar, day date, reported bigint, reads bigint)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT g.code, (f.at AT TIME ZONE zone)::date, count(*) FILTER (WHERE f.state IN ('matched', 'differing')),
        count(*) FILTER (WHERE f.state IN ('matched', 'differing', 'not_reported'))
    FROM consent_uses_finding f JOIN consent_agency g ON g.id = f.agency_id WHERE f.at >= not_before GROUP BY 1, 2 ORDER BY 1, 2
$$;
CREATE FUNCTION consent_uses_polls(at timestamptz) RETURNS TABLE (agency varchar, waiting bigint, failing bigint, error varchar, oldest timestamptz)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT g.code, count(*), count(*) FILTER (WHERE a.poll_attempts > 0), coalesce(max(nullif(a.poll_error, '')), ''), min(a.poll_due_at)
    FROM consent_uses_account a JOIN consent_agency g ON g.id = a.agency_id
    WHERE a.poll_due_at <= at AND EXISTS (SELECT FROM consent_oauth_client c WHERE c.agency_id = g.id AND c.usage_uri <> '' AND c.active)
    GROUP BY 1 ORDER BY 1
$$;
CREATE FUNCTION consent_uses_erase(citizen uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    gone bigint;
BEGIN
    IF citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'consent_uses_erase: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM consent_uses_finding f WHERE f.citizen_id = citizen;
    DELETE FROM consent_uses_usagereport r WHERE r.citizen_id = citizen;
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM consent_uses_deliverynote n WHERE n.citizen_id = citizen;
    DELETE FROM consent_uses_account a WHERE a.citizen_id = citizen;
    RETURN gone;
END
$$;
"""
SIGNATURES = (
    "consent_uses_note(uuid[], timestamptz[], interval)",
    "consent_uses_scan(uuid, uuid, timestamptz)",
    "consent_uses_due(timestamptz, integer)",
    "consent_uses_poll_due(timestamptz, integer, integer)",
    "consent_uses_under_way(uuid, timestamptz)",
    "consent_uses_citizen_of(uuid)",
    "consent_uses_subjects(uuid, bytea[])",
    "consent_uses_unnamed(uuid, integer)",
    "consent_uses_name(uuid[], varchar[], bytea[])",
    "consent_uses_counts(timestamptz)",
    "consent_uses_by_day(timestamptz, text)",
    "consent_uses_polls(timestamptz)",
    "consent_uses_erase(uuid)",
)
REVOKE = "".join(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;" for signature in SIGNATURES)
GRANT = "".join(f"GRANT EXECUTE ON FUNCTION {signature} TO aurora_app;" for signature in SIGNATURES)
REVERSE = "".join(f"DROP FUNCTION {signature};" for signature in reversed(SIGNATURES))
# Whoever takes a web process over can neither take a report back nor say that an answer left us.
KEPT = f"""
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    {GRANT}
    REVOKE UPDATE, DELETE, TRUNCATE ON consent_uses_usagereport FROM aurora_app;
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON consent_uses_deliverynote FROM aurora_app;
    REVOKE UPDATE, DELETE, TRUNCATE ON consent_uses_batch FROM aurora_app;
    GRANT UPDATE (kept_back) ON consent_uses_batch TO aurora_app;
END IF; END $$;
"""
# Who held a grant before this release is known by it too; the beat works their names out.
ACCOUNTS = """
INSERT INTO consent_uses_account (id, citizen_id, agency_id, version, poll_attempts, poll_error)
SELECT gen_random_uuid(), g.citizen_id, c.agency_id, 0, 0, '' FROM consent_oauth_grant g JOIN consent_oauth_client c ON c.id = g.client_id
GROUP BY g.citizen_id, c.agency_id ON CONFLICT DO NOTHING;
INSERT INTO consent_uses_scanned (id, until) VALUES (1, now()) ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent_uses", "0001_initial"),
        ("consent_oauth", "0017_usage_address"),
        ("ledger", "0001_access_log"),
    ]
    operations = [
        migrations.RunSQL(ACCOUNTS, migrations.RunSQL.noop),
        *(migrations.RunSQL(*policy_sql(table)) for table in PERSONAL),
        migrations.RunSQL(FUNCTIONS + REVOKE, REVERSE),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    ]
