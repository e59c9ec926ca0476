"""What a pull asks and writes, in one call each, with plans that a connection keeps. They run as who calls them: row-level security holds."""

from django.db import migrations

FORWARD = """
-- All that a worker must know of a pull, if it can be claimed: it is due, or its lease has run out. Its row is locked.
CREATE FUNCTION pull_look(
    the_pull uuid, at timestamptz, OUT attempt smallint, OUT priority smallint, OUT connection_id uuid, OUT source_id uuid, OUT source text,
    OUT active boolean, OUT connector text, OUT issuer text, OUT client_id text, OUT key_sealed bytea, OUT settings jsonb, OUT live boolean,
    OUT access_sealed bytea, OUT refresh_sealed bytea, OUT access_until timestamptz, OUT context_sealed bytea, OUT failures integer,
    OUT opened_at timestamptz, OUT retry_at timestamptz, OUT national_id_sealed bytea, OUT categories text[], OUT versions bigint[],
    OUT marks bytea[]
) RETURNS SETOF record LANGUAGE plpgsql VOLATILE ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM sources_pull p
    WHERE p.id = the_pull AND (p.state = 'queued' AND p.due_at <= at OR p.state = 'running' AND p.lease_until <= at)
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT p.attempt, p.priority, p.connection_id, p.source_id, a.code::text, s.active AND a.active, s.connector::text, s.issuer::text,
        s.client_id::text, s.key_sealed, s.settings, c.state = 'live' AND c.tokens_returned_at IS NULL, c.access_token_sealed,
        c.refresh_token_sealed, c.access_expires_at, c.context_sealed, coalesce(b.failures, 0), b.opened_at, b.retry_at,
        who.national_id_sealed, told.categories, told.versions, told.marks
    FROM sources_pull p
        JOIN sources_connection c ON c.id = p.connection_id
        JOIN sources_datasource s ON s.agency_id = p.source_id
        JOIN consent_agency a ON a.id = p.source_id
        JOIN identity_citizen who ON who.id = p.citizen_id
        LEFT JOIN sources_breaker b ON b.source_id = p.source_id
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(t.category::text ORDER BY t.category), '{}') AS categories,
                coalesce(array_agg((
                    SELECT v.id FROM consent_datacategoryversion v WHERE v.category_id = t.category ORDER BY v.version DESC LIMIT 1
                ) ORDER BY t.category), '{}') AS versions,
                coalesce(array_agg(f.mark_sealed ORDER BY t.category), '{}') AS marks
            FROM sources_pullpart t LEFT JOIN sources_feed f ON f.connection_id = p.connection_id AND f.category = t.category
            WHERE t.pull_id = the_pull
        ) AS told
    WHERE p.id = the_pull;
END
$$;

-- The attempt that begins; 0 if the pull cannot be claimed. Its parts wait again.
CREATE FUNCTION pull_claim(the_pull uuid, at timestamptz, lease uuid, until timestamptz) RETURNS smallint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made smallint;
BEGIN
    UPDATE sources_pull p SET state = 'running', lease_token = lease, lease_until = until, attempt = p.attempt + 1, started_at = at,
        woken_until = NULL
    WHERE p.id = the_pull AND (p.state = 'queued' AND p.due_at <= at OR p.state = 'running' AND p.lease_until <= at)
    RETURNING p.attempt INTO made;
    IF made IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE sources_pullpart t SET state = 'waiting', error = '', facts = 0 WHERE t.pull_id = the_pull AND t.state <> 'waiting';
    RETURN made;
END
$$;

-- How some parts of a pull stand, for who has its lease, and until when that holds (null: as long as it did). False for who has it no more.
CREATE FUNCTION pull_note(
    the_pull uuid, lease uuid, until timestamptz, told text[], states text[], counts integer[], errors text[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF until IS NULL THEN
        PERFORM FROM sources_pull p WHERE p.id = the_pull AND p.state = 'running' AND p.lease_token = lease;
    ELSE
        UPDATE sources_pull p SET lease_until = until WHERE p.id = the_pull AND p.state = 'running' AND p.lease_token = lease;
    END IF;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF cardinality(told) > 0 THEN
        UPDATE sources_pullpart t SET state = n.state, facts = n.facts, error = n.error
        FROM unnest(told, states, counts, errors) AS n(category, state, facts, error)
        WHERE t.pull_id = the_pull AND t.category = n.category;
    END IF;
    RETURN true;
END
$$;

-- End a pull, for the one caller who has its lease.
CREATE FUNCTION pull_finish(
    the_pull uuid, lease uuid, at timestamptz, how text, why text, told text[], states text[], counts integer[], errors text[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT pull_note(the_pull, lease, NULL, told, states, counts, errors) THEN
        RETURN false;
    END IF;
    UPDATE sources_pull p SET state = how, error = why, finished_at = at, lease_token = NULL, lease_until = NULL
    WHERE p.id = the_pull AND p.state = 'running' AND p.lease_token = lease;
    RETURN FOUND;
END
$$;

-- A source has answered about some categories of a connection. Those of `standing` keep the mark they have.
CREATE FUNCTION feeds_seen(
    the_connection uuid, at timestamptz, told text[], due timestamptz[], marks bytea[], standing text[]
) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    moved integer;
BEGIN
    UPDATE sources_feed f SET seen_at = at, due_at = n.due, error = '', failed_at = NULL,
        mark_sealed = CASE WHEN f.category = ANY (standing) THEN f.mark_sealed ELSE n.mark END
    FROM unnest(told, due, marks) AS n(category, due, mark)
    WHERE f.connection_id = the_connection AND f.category = n.category;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

REVOKE ALL ON FUNCTION pull_look(uuid, timestamptz), pull_claim(uuid, timestamptz, uuid, timestamptz),
    pull_note(uuid, uuid, timestamptz, text[], text[], integer[], text[]),
    pull_finish(uuid, uuid, timestamptz, text, text, text[], text[], integer[], text[]),
    feeds_seen(uuid, timestamptz, text[], timestamptz[], bytea[], text[]) FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION pull_look(uuid, timestamptz), pull_claim(uuid, timestamptz, uuid, timestamptz),
        pull_note(uuid, uuid, timestamptz, text[], text[], integer[], text[]),
        pull_finish(uuid, uuid, timestamptz, text, text, text[], text[], integer[], text[]),
        feeds_seen(uuid, timestamptz, text[], timestamptz[], bytea[], text[]) TO aurora_app;
END IF; END $$;
"""
BACKWARD = """
DROP FUNCTION feeds_seen(uuid, timestamptz, text[], timestamptz[], bytea[], text[]);
DROP FUNCTION pull_finish(uuid, uuid, timestamptz, text, text, text[], text[], integer[], text[]);
DROP FUNCTION pull_note(uuid, uuid, timestamptz, text[], text[], integer[], text[]);
DROP FUNCTION pull_claim(uuid, timestamptz, uuid, timestamptz);
DROP FUNCTION pull_look(uuid, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sources", "0011_fewer_pages"),
        ("identity", "0001_initial"),
        ("consent", "0010_for_decision_order"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
