-- Lawful delay: what an agency reports of a use that a law lets the citizen be told of later (part of the migration beside it).
--
-- The service's role has no right on the table at all: it writes and reads by these functions only. They go by the clock of the
-- database and not by what a caller says the time is, so that nobody reads early; and by the newest checkpoint where the clock has
-- been set back behind it, so that nothing that was due becomes secret again.

CREATE FUNCTION ledger_time() RETURNS timestamptz
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT greatest(clock_timestamp(), (SELECT c.at FROM ledger_checkpoint c ORDER BY c.size DESC LIMIT 1))
$$;

-- The laws of consent/vocabulary/delays.json (a test compares): how many days each allows, and how many more, once. A list in code and
-- not rows: who can write rows could make a law.
CREATE FUNCTION ledger_delay_law(p_law text, OUT longest integer, OUT extension integer)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT l.longest, l.extension FROM (VALUES
        ('fi.coercive-measures.10-60', 365, 730),
        ('fi.customs-crime.3-52', 365, 730),
        ('fi.police.5-58', 365, 730)
    ) AS l (code, longest, extension) WHERE l.code = p_law
$$;

-- What `leaf.kept_closing` is in Python. All values are of known form: nothing in them is to be escaped.
CREATE FUNCTION ledger_kept_closing(p_law text, p_number integer, p_since timestamptz, p_until timestamptz) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT convert_to(
        ',"kept":{"law":"' || p_law || '","number":' || p_number
        || ',"since":"' || to_char(p_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '","until":"' || to_char(p_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"}}', 'UTF8')
$$;

-- Keep back one report. `p_opening` is salt || '{"access":' || access, as for ledger_append. The leaf has no place in the citizen's chain:
-- the chain does not tell that there is one.
CREATE FUNCTION ledger_keep_back(
    p_id uuid, p_citizen uuid, p_agency text, p_law text, p_until timestamptz, p_sealed bytea, p_opening bytea
) RETURNS bytea LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_now timestamptz := ledger_time();
    v_longest integer;
    v_commitment bytea;
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'ledger_keep_back: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT longest INTO v_longest FROM ledger_delay_law(p_law);
    IF v_longest IS NULL THEN
        RAISE EXCEPTION 'delay_law_unknown' USING ERRCODE = 'AU001';
    END IF;
    -- The row is held until the end of the transaction: a permission that is ended meanwhile is ended after it.
    PERFORM FROM ledger_delaypermission WHERE agency = p_agency AND law = p_law AND state = 'standing' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'delay_not_allowed' USING ERRCODE = 'AU001';
    ELSIF p_until <= v_now THEN
        RAISE EXCEPTION 'delay_over' USING ERRCODE = 'AU001';
    ELSIF p_until > v_now + make_interval(days => v_longest) THEN
        RAISE EXCEPTION 'delay_too_long' USING ERRCODE = 'AU001';
    END IF;
    v_commitment := sha256(p_opening || ledger_kept_closing(p_law, 1, v_now, p_until));
    INSERT INTO ledger_keptback (id, citizen_id, agency, law, kept_at, until, state, sealed)
    VALUES (p_id, p_citizen, p_agency, p_law, v_now, p_until, 'kept', p_sealed);
    INSERT INTO ledger_pending (entry_id, commitment) VALUES (p_id, v_commitment);
    RETURN v_commitment;
END
$$;

-- Once, before it is due, by the agency that asked for it, and no longer than its law allows: a leaf of its own.
CREATE FUNCTION ledger_keep_longer(
    p_kept uuid, p_citizen uuid, p_agency text, p_id uuid, p_until timestamptz, p_sealed bytea, p_opening bytea
) RETURNS bytea LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_now timestamptz := ledger_time();
    v_row ledger_keptback;
    v_commitment bytea;
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'ledger_keep_longer: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO v_row FROM ledger_keptback
    WHERE id = p_kept AND citizen_id = p_citizen AND agency = p_agency AND state = 'kept' FOR UPDATE;
    IF NOT FOUND OR v_row.until <= v_now THEN
        RAISE EXCEPTION 'delay_over' USING ERRCODE = 'AU001';
    END IF;
    PERFORM FROM ledger_delaypermission WHERE agency = p_agency AND law = v_row.law AND state = 'standing' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'delay_not_allowed' USING ERRCODE = 'AU001';
    ELSIF v_row.longer_id IS NOT NULL THEN
        RAISE EXCEPTION 'delay_extended_already' USING ERRCODE = 'AU001';
    ELSIF p_until <= v_row.until THEN
        RAISE EXCEPTION 'delay_no_extension' USING ERRCODE = 'AU001';
    ELSIF p_until > v_row.until + make_interval(days => (SELECT extension FROM ledger_delay_law(v_row.law))) THEN
        RAISE EXCEPTION 'delay_too_long' USING ERRCODE = 'AU001';
    END IF;
    v_commitment := sha256(p_opening || ledger_kept_closing(v_row.law, 2, v_now, p_until));
    UPDATE ledger_keptback SET longer_id = p_id, longer_at = v_now, longer_from = until, longer_sealed = p_sealed, until = p_until
    WHERE id = p_kept;
    INSERT INTO ledger_pending (entry_id, commitment) VALUES (p_id, v_commitment);
    RETURN v_commitment;
END
$$;

-- Whose report an agency asks to keep back longer. Nothing for another agency's, and nothing once it is due.
CREATE FUNCTION ledger_kept_citizen(p_kept uuid, p_agency text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT citizen_id FROM ledger_keptback WHERE id = p_kept AND agency = p_agency AND state = 'kept'
$$;

-- What is due, the longest due first.
CREATE FUNCTION ledger_kept_due(p_most integer) RETURNS TABLE (kept_id uuid, citizen_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT k.id, k.citizen_id FROM ledger_keptback k WHERE k.state = 'kept' AND k.until <= ledger_time() ORDER BY k.until LIMIT p_most
$$;

-- One that is due, locked for who discloses it; no row for one that is not due, is another citizen's, or is disclosed.
CREATE FUNCTION ledger_kept_open(p_kept uuid) RETURNS TABLE (
    agency text, law text, kept_at timestamptz, first_until timestamptz, sealed bytea, leaf_index bigint, leaf_commitment bytea,
    longer_id uuid, longer_at timestamptz, until timestamptz, longer_sealed bytea, longer_index bigint, longer_commitment bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH mine AS MATERIALIZED (
        SELECT k.* FROM ledger_keptback k
        WHERE k.id = p_kept AND k.state = 'kept' AND k.until <= ledger_time()
            AND k.citizen_id = nullif(current_setting('aurora.citizen', true), '')::uuid
        FOR UPDATE
    )
    SELECT m.agency, m.law, m.kept_at, coalesce(m.longer_from, m.until), m.sealed, a.index,
        coalesce(a.commitment, (SELECT p.commitment FROM ledger_pending p WHERE p.entry_id = m.id)),
        m.longer_id, m.longer_at, m.until, m.longer_sealed, b.index,
        coalesce(b.commitment, (SELECT p.commitment FROM ledger_pending p WHERE p.entry_id = m.longer_id))
    FROM mine m LEFT JOIN ledger_leaf a ON a.entry_id = m.id LEFT JOIN ledger_leaf b ON b.entry_id = m.longer_id;
END
$$;

-- It stands in the citizen's chain now. Only if it does.
CREATE FUNCTION ledger_kept_disclosed(p_kept uuid, p_entry uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE ledger_keptback k SET state = 'disclosed', disclosed_at = ledger_time(), entry_id = p_entry
    WHERE k.id = p_kept AND k.state = 'kept' AND k.until <= ledger_time()
        AND k.citizen_id = nullif(current_setting('aurora.citizen', true), '')::uuid
        AND EXISTS (
            SELECT FROM ledger_ledgerentry e
            WHERE e.id = p_entry AND e.citizen_id = k.citizen_id AND e.event = 'agency:use:disclosed' AND e.actor = k.agency);
    RETURN FOUND;
END
$$;

-- For the erasure of a citizen (ledger_erase): nobody is left whom it could be disclosed to, and no key that opens it. That an agency
-- kept something back by a law stays counted.
CREATE FUNCTION ledger_kept_erase(p_citizen uuid) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_gone integer;
BEGIN
    UPDATE ledger_keptback SET state = 'erased', citizen_id = NULL, sealed = NULL, longer_sealed = NULL, entry_id = NULL
    WHERE citizen_id = p_citizen;
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN v_gone;
END
$$;

-- Counts only. `overdue`: due for an hour and not in the citizen's chain; there must be none. `early`: kept at a time that lies ahead of
-- the clock, which was set back.
CREATE FUNCTION ledger_kept_counts() RETURNS TABLE (
    agency text, law text, month date, kept bigint, longer bigint, disclosed bigint, erased bigint, overdue bigint, ahead bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT k.agency, k.law, date_trunc('month', k.kept_at AT TIME ZONE 'UTC')::date,
        count(*) FILTER (WHERE k.state = 'kept'), count(*) FILTER (WHERE k.longer_id IS NOT NULL),
        count(*) FILTER (WHERE k.state = 'disclosed'), count(*) FILTER (WHERE k.state = 'erased'),
        count(*) FILTER (WHERE k.state = 'kept' AND k.until <= ledger_time() - interval '1 hour'),
        count(*) FILTER (WHERE k.kept_at > clock_timestamp() + interval '5 minutes')
    FROM ledger_keptback k GROUP BY 1, 2, 3 ORDER BY 3 DESC, 1, 2
$$;

-- What was kept back is kept longer once, then disclosed or erased; it is not deleted, and nothing else of it changes, by its owner either.
CREATE FUNCTION ledger_keptback_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state <> 'erased'
        AND (NEW.id, NEW.agency, NEW.law, NEW.kept_at) = (OLD.id, OLD.agency, OLD.law, OLD.kept_at) THEN
        IF NEW.state = 'erased' AND NEW.citizen_id IS NULL AND NEW.until = OLD.until THEN
            RETURN NEW;
        ELSIF NEW.citizen_id = OLD.citizen_id AND NEW.sealed = OLD.sealed AND OLD.state = 'kept' THEN
            IF NEW.state = 'disclosed' AND NEW.until = OLD.until AND NEW.longer_id IS NOT DISTINCT FROM OLD.longer_id
                AND NEW.longer_sealed IS NOT DISTINCT FROM OLD.longer_sealed AND NEW.entry_id IS NOT NULL THEN
                RETURN NEW;
            ELSIF NEW.state = 'kept' AND OLD.longer_id IS NULL AND NEW.longer_id IS NOT NULL AND NEW.longer_from = OLD.until
                AND NEW.until > OLD.until THEN
                RETURN NEW;
            END IF;
        END IF;
    END IF;
    RAISE EXCEPTION '% of what is kept back is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER history BEFORE UPDATE OR DELETE ON ledger_keptback FOR EACH ROW EXECUTE FUNCTION ledger_keptback_history();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger_keptback FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- A permission is asked for, then stands or does not, and ends once; what was asked stays what it was.
CREATE FUNCTION ledger_delaypermission_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved constant text[] := ARRAY['state', 'decided_by', 'decided_at', 'ended_by', 'ended_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'asked' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - moved = to_jsonb(OLD) - moved AND (
            (OLD.state = 'asked' AND NEW.state IN ('standing', 'declined') AND NEW.ended_at IS NULL)
            OR (OLD.state = 'standing' AND NEW.state = 'ended' AND (NEW.decided_by, NEW.decided_at) = (OLD.decided_by, OLD.decided_at))
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a permission to delay is decided once and ended once, and not changed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER history BEFORE INSERT OR UPDATE OR DELETE ON ledger_delaypermission
    FOR EACH ROW EXECUTE FUNCTION ledger_delaypermission_history();
