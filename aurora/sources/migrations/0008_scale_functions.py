"""Pulls that there are get their source, connections their feeds; and what must be found, planned and counted across citizens.

A planner locks connections, in no order and without waiting (SKIP LOCKED), then what belongs to them. Whoever locks a connection and its feeds
locks the connection first.
"""

from django.db import migrations

from consent.scope import policy_sql

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FILL = """
UPDATE sources_pull p SET source_id = c.source_id FROM sources_connection c WHERE c.id = p.connection_id;
UPDATE sources_pull p SET newest = false WHERE EXISTS (
    SELECT FROM sources_pull q WHERE q.connection_id = p.connection_id AND (q.created_at, q.id) > (p.created_at, p.id)
);
INSERT INTO sources_feed (connection_id, citizen_id, source_id, category, seen_at, due_at, error)
SELECT c.id, c.citizen_id, c.source_id, part.category, max(p.finished_at) FILTER (WHERE part.state = 'done'),
       now() + random() * interval '1 day', ''
FROM sources_connection c JOIN sources_pull p ON p.connection_id = c.id JOIN sources_pullpart part ON part.pull_id = p.id
WHERE c.state = 'live' GROUP BY c.id, part.category;
"""
FUNCTIONS = f"""
DROP FUNCTION overdue_pulls(timestamptz, integer);
CREATE FUNCTION overdue_pulls(at timestamptz, most integer) RETURNS TABLE (pull_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    (SELECT p.id FROM sources_pull p WHERE p.state = 'queued' AND p.priority = 0 AND p.due_at <= at ORDER BY p.due_at LIMIT most)
    UNION ALL
    (SELECT p.id FROM sources_pull p WHERE p.state = 'running' AND p.lease_until <= at ORDER BY p.lease_until LIMIT most)
$$;

CREATE FUNCTION waiting_pull_of(the_source uuid, at timestamptz) RETURNS uuid
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.id FROM sources_pull p
    WHERE p.source_id = the_source AND p.state = 'queued' AND p.priority = 0 AND p.due_at <= at ORDER BY p.due_at LIMIT 1
$$;

-- Refreshes for which a message may be sent now: no more than `at_once` are under way, or on their way, at any time; of no source more than it
-- bears; a source that is left alone gets none, and one when its time has come. Each source gives its first before any gives its second.
CREATE FUNCTION refreshes_to_wake(at timestamptz, until timestamptz, at_once integer) RETURNS TABLE (pull_id uuid)
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    free integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('aurora.refreshes', 0));
    SELECT at_once
        - (SELECT count(*) FROM (SELECT FROM sources_pull p
            WHERE p.state = 'running' AND p.lease_until > at AND p.priority = 1 LIMIT at_once) AS running)
        - (SELECT count(*) FROM (SELECT FROM sources_pull p WHERE p.state = 'queued' AND p.woken_until > at LIMIT at_once) AS woken)
    INTO free;
    IF free <= 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH asked AS (
        SELECT s.agency_id AS id, least(free,
            CASE WHEN b.opened_at IS NULL THEN free WHEN b.retry_at <= at THEN 1 ELSE 0 END,
            CASE WHEN jsonb_typeof(s.settings #> '{{pace,at_once}}') = 'number'
                THEN (s.settings #>> '{{pace,at_once}}')::numeric::integer
                    - (SELECT count(*) FROM sources_pull p WHERE p.source_id = s.agency_id AND p.state = 'running' AND p.lease_until > at)
                ELSE free END) AS most
        FROM sources_datasource s LEFT JOIN sources_breaker b ON b.source_id = s.agency_id LEFT JOIN sources_pace t ON t.source_id = s.agency_id
        WHERE t.next_at IS NULL OR t.next_at <= at + interval '5 seconds'
    ), found AS (
        SELECT mine.id, mine.due_at, asked.most, row_number() OVER (PARTITION BY asked.id ORDER BY mine.due_at) AS place
        FROM asked CROSS JOIN LATERAL (
            SELECT p.id, p.due_at FROM sources_pull p
            WHERE p.source_id = asked.id AND p.state = 'queued' AND p.priority = 1 AND p.due_at <= at
              AND (p.woken_until IS NULL OR p.woken_until <= at)
            ORDER BY p.due_at LIMIT 50  -- written out: of a limit it does not know the planner thinks that it is a tenth of all
        ) mine
    ), chosen AS (SELECT found.id FROM found WHERE found.place <= found.most ORDER BY found.place, found.due_at LIMIT free)
    UPDATE sources_pull p SET woken_until = until FROM chosen WHERE p.id = chosen.id AND p.state = 'queued' RETURNING p.id;
END
$$;

-- Refreshes of one source that wait, counted up to `most`.
CREATE FUNCTION refreshes_waiting(the_source uuid, most integer) RETURNS integer
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT count(*)::integer FROM (
        SELECT FROM sources_pull p WHERE p.source_id = the_source AND p.state = 'queued' AND p.priority = 1 LIMIT most
    ) AS waiting
$$;

-- At most `most` pulls of one source out of feeds that are due. `every`: seconds by category,
-- `usually` for the others. All that is due of a connection, or will be within `ahead`, goes into one pull.
CREATE FUNCTION plan_pulls(
    the_source uuid, at timestamptz, most integer, every jsonb, usually double precision, ahead interval
) RETURNS TABLE (pull_id uuid)
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    ready uuid[];
    busy uuid[];
    stamp text := lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0');
BEGIN
    SELECT array_agg(DISTINCT due.id) INTO ready FROM (
        SELECT c.id FROM sources_feed f JOIN sources_connection c ON c.id = f.connection_id
        WHERE f.source_id = the_source AND f.due_at <= at ORDER BY f.due_at LIMIT most FOR NO KEY UPDATE OF c SKIP LOCKED
    ) AS due;
    IF ready IS NULL THEN
        RETURN;
    END IF;
    -- Nobody asks a connection that does not stand: only its citizen, or an operator, makes it due again.
    UPDATE sources_feed f SET due_at = NULL WHERE f.id IN (
        SELECT o.id FROM sources_feed o JOIN sources_connection c ON c.id = o.connection_id
        WHERE o.connection_id = ANY (ready) AND c.state <> 'live' FOR NO KEY UPDATE OF o SKIP LOCKED
    );
    -- An open pull may not ask for what is due: it is looked at again.
    SELECT array_agg(p.connection_id) INTO busy FROM sources_pull p
    WHERE p.connection_id = ANY (ready) AND p.state IN ('queued', 'running');
    IF busy IS NOT NULL THEN
        UPDATE sources_feed f SET due_at = at + interval '10 minutes' * (0.9 + 0.2 * random()) WHERE f.id IN (
            SELECT o.id FROM sources_feed o WHERE o.connection_id = ANY (busy) AND o.due_at <= at FOR NO KEY UPDATE SKIP LOCKED
        );
    END IF;
    SELECT array_agg(c.id) INTO ready FROM sources_connection c
    WHERE c.id = ANY (ready) AND c.state = 'live' AND (busy IS NULL OR c.id <> ALL (busy));
    UPDATE sources_pull p SET newest = false WHERE p.connection_id = ANY (ready) AND p.newest;
    RETURN QUERY
    WITH made AS (
        INSERT INTO sources_pull AS p
            (id, citizen_id, connection_id, source_id, priority, newest, state, attempt, due_at, error, created_at)
        -- UUIDv7 (RFC 9562 5.7): what is planned together lies together in the indexes.
        SELECT (stamp || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid,
            c.citizen_id, c.id, c.source_id, 1, true, 'queued', 0, at, '', at
        FROM sources_connection c WHERE c.id = ANY (ready)
        ON CONFLICT DO NOTHING RETURNING p.id, p.connection_id, 0.9 + 0.2 * random() AS spread
    ), asked AS (
        -- Should the pull come to nothing, its time comes again all the same.
        UPDATE sources_feed f SET due_at = at + made.spread * make_interval(secs => coalesce((every ->> f.category)::double precision, usually))
        FROM made WHERE f.connection_id = made.connection_id AND f.due_at <= at + ahead
        RETURNING made.id AS pull_id, f.citizen_id, f.category
    ), parts AS (
        INSERT INTO sources_pullpart (pull_id, citizen_id, category, state, facts, error)
        SELECT asked.pull_id, asked.citizen_id, asked.category, 'waiting', 0, '' FROM asked
    )
    SELECT made.id FROM made;
END
$$;

-- A turn at one source. `granted` with the seconds until it; or not, with the seconds after which to look again (null: when another has ended).
-- The row is locked until the transaction ends: so many as are counted here are under way when the next one counts.
CREATE FUNCTION source_turn(
    the_source uuid, pull uuid, at timestamptz, a_second double precision, at_once integer, patience double precision
) RETURNS TABLE (granted boolean, seconds double precision)
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    from_when timestamptz;
    wait double precision;
BEGIN
    INSERT INTO sources_pace (source_id, next_at) VALUES (the_source, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT t.next_at INTO from_when FROM sources_pace t WHERE t.source_id = the_source FOR NO KEY UPDATE;
    IF at_once IS NOT NULL AND at_once <= (
        SELECT count(*) FROM sources_pull p
        WHERE p.source_id = the_source AND p.state = 'running' AND p.lease_until > at AND p.id <> pull
    ) THEN
        RETURN QUERY SELECT false, NULL::double precision;
        RETURN;
    END IF;
    IF a_second IS NULL THEN
        RETURN QUERY SELECT true, 0.0::double precision;
        RETURN;
    END IF;
    wait := greatest(0, extract(epoch FROM from_when - clock_timestamp()));
    IF wait > patience THEN
        RETURN QUERY SELECT false, wait;
        RETURN;
    END IF;
    UPDATE sources_pace t SET next_at = greatest(from_when, clock_timestamp()) + make_interval(secs => 1 / a_second)
    WHERE t.source_id = the_source;
    RETURN QUERY SELECT true, wait;
END
$$;

CREATE FUNCTION feeds_failing() RETURNS TABLE (
    source varchar, category varchar, error varchar, feeds bigint, broken bigint, oldest timestamptz, newest timestamptz
) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT a.code, f.category, f.error, count(*), count(*) FILTER (WHERE c.state = 'broken'), min(f.failed_at), max(f.failed_at)
    FROM sources_feed f JOIN sources_connection c ON c.id = f.connection_id JOIN consent_agency a ON a.id = f.source_id
    WHERE f.error <> '' GROUP BY 1, 2, 3
$$;

-- What failed at one source with one error is due again, and its connections stand again. At most so many in a call; how many were made due.
CREATE FUNCTION feeds_retry(the_source uuid, the_error varchar, at timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    which uuid[];
    done bigint;
BEGIN
    SELECT array_agg(DISTINCT held.id) INTO which FROM (
        SELECT c.id FROM sources_feed f JOIN sources_connection c ON c.id = f.connection_id
        WHERE f.source_id = the_source AND f.error = the_error LIMIT most FOR NO KEY UPDATE OF c SKIP LOCKED
    ) AS held;
    UPDATE sources_connection c SET state = 'live' WHERE c.id = ANY (which) AND c.state = 'broken';
    UPDATE sources_feed f SET error = '', failed_at = NULL, due_at = at WHERE f.connection_id = ANY (which) AND f.error = the_error;
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END
$$;

CREATE FUNCTION source_queues(at timestamptz) RETURNS TABLE (
    source varchar, waiting bigint, refreshes bigint, running bigint, due bigint, oldest timestamptz
) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT a.code,
        (SELECT count(*) FROM sources_pull p WHERE p.source_id = a.id AND p.state = 'queued' AND p.priority = 0),
        (SELECT count(*) FROM sources_pull p WHERE p.source_id = a.id AND p.state = 'queued' AND p.priority = 1),
        (SELECT count(*) FROM sources_pull p WHERE p.source_id = a.id AND p.state = 'running'),
        (SELECT count(*) FROM sources_feed f WHERE f.source_id = a.id AND f.due_at <= at),
        (SELECT min(f.due_at) FROM sources_feed f WHERE f.source_id = a.id AND f.due_at <= at)
    FROM consent_agency a JOIN sources_datasource s ON s.agency_id = a.id
$$;

-- Finished pulls that are not the newest of their connection, the oldest first. How many went.
CREATE FUNCTION pulls_purge(before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    old uuid[];
    gone bigint;
BEGIN
    SELECT array_agg(p.id) INTO old FROM (
        SELECT o.id FROM sources_pull o WHERE NOT o.newest AND o.finished_at < before
        ORDER BY o.finished_at LIMIT most FOR UPDATE SKIP LOCKED
    ) AS p;
    DELETE FROM sources_pullpart part WHERE part.pull_id = ANY (old);
    DELETE FROM sources_pull p WHERE p.id = ANY (old);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
"""
REVERSE = f"""
DROP FUNCTION pulls_purge(timestamptz, integer);
DROP FUNCTION source_queues(timestamptz);
DROP FUNCTION feeds_retry(uuid, varchar, timestamptz, integer);
DROP FUNCTION feeds_failing();
DROP FUNCTION source_turn(uuid, uuid, timestamptz, double precision, integer, double precision);
DROP FUNCTION plan_pulls(uuid, timestamptz, integer, jsonb, double precision, interval);
DROP FUNCTION refreshes_waiting(uuid, integer);
DROP FUNCTION refreshes_to_wake(timestamptz, timestamptz, integer);
DROP FUNCTION waiting_pull_of(uuid, timestamptz);
DROP FUNCTION overdue_pulls(timestamptz, integer);
CREATE FUNCTION overdue_pulls(at timestamptz, most integer) RETURNS TABLE (pull_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    (SELECT p.id FROM sources_pull p WHERE p.state = 'queued' AND p.due_at <= at ORDER BY p.due_at LIMIT most)
    UNION ALL
    (SELECT p.id FROM sources_pull p WHERE p.state = 'running' AND p.lease_until <= at ORDER BY p.lease_until LIMIT most)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0007_pulls_at_scale")]
    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(*policy_sql("sources_feed")),
        migrations.RunSQL(FUNCTIONS, REVERSE),
    ]
