-- Who is closed, and what an erasure takes away (part of the migration beside it).

-- Nothing is written any more of a citizen who is closed. Whoever closes them locks their row first (FOR UPDATE), which waits for every transaction
-- that has written a row of theirs (its foreign key locks it); whoever comes later waits here for that transaction to end, and then sees that
-- they are closed: the second question takes a snapshot of its own. So there is no moment between the two.
-- TG_ARGV[0]: 'leaving', closed from the wish on; 'gone', only once the key is destroyed.
CREATE FUNCTION erasures_refuse_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM identity_citizen WHERE id IN (SELECT citizen_id FROM fresh) FOR KEY SHARE;
    IF EXISTS (SELECT FROM erasures_leaver l JOIN fresh f USING (citizen_id) WHERE l.gone OR TG_ARGV[0] = 'leaving') THEN
        RAISE EXCEPTION '% of a citizen who is closed is refused', TG_TABLE_NAME USING ERRCODE = 'AU001';
    END IF;
    RETURN NULL;
END
$$;

-- Close a citizen: what is under way is waited for. In their scope.
CREATE FUNCTION erasures_close(p_citizen uuid, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'erasures_close: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM identity_citizen WHERE id = p_citizen FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO erasures_leaver (citizen_id, at, gone) VALUES (p_citizen, p_at, false) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

-- Open again who called it off; not who is gone.
CREATE FUNCTION erasures_reopen(p_citizen uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'erasures_reopen: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM erasures_leaver WHERE citizen_id = p_citizen AND NOT gone;
    RETURN FOUND;
END
$$;

-- (erasure, citizen) of what is to be gone on with, the longest waiting first. Ids only.
CREATE FUNCTION erasures_due(p_at timestamptz, p_most integer) RETURNS TABLE (erasure_id uuid, citizen_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT e.id, e.citizen_id FROM erasures_erasure e
    WHERE e.state IN ('running', 'waiting') AND e.due_at <= p_at AND (e.lease_until IS NULL OR e.lease_until <= p_at)
    ORDER BY e.due_at LIMIT p_most
$$;

CREATE FUNCTION erasures_citizen_of(p_erasure uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT e.citizen_id FROM erasures_erasure e WHERE e.id = p_erasure
$$;

-- When what was deleted was last taken out of the files of the database; null: never.
CREATE FUNCTION erasures_scrubbed_at() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT max((e.key ->> 'scrubbed_at')::timestamptz) FROM erasures_erasure e WHERE e.scope = 'everything' AND e.key ? 'scrubbed_at'
$$;

-- The files were written anew from this moment on: noted of all who had left before. How many.
CREATE FUNCTION erasures_note_scrubbed(p_begun timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_number bigint;
BEGIN
    UPDATE erasures_erasure SET key = key || jsonb_build_object('scrubbed_at', p_begun)
    WHERE scope = 'everything' AND state = 'running' AND NOT key ? 'scrubbed_at' AND (key ->> 'destroyed_at')::timestamptz < p_begun;
    GET DIAGNOSTICS v_number = ROW_COUNT;
    RETURN v_number;
END
$$;

-- A certificate's erasure is nobody's any more: in the scope of its citizen, whose account is gone.
CREATE FUNCTION erasures_detach(p_erasure uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE erasures_erasure SET citizen_id = NULL
    WHERE id = p_erasure AND scope = 'everything' AND state = 'done'
        AND citizen_id = nullif(current_setting('aurora.citizen', true), '')::uuid
        AND EXISTS (SELECT FROM erasures_leaver l WHERE l.citizen_id = erasures_erasure.citizen_id AND l.gone);
    RETURN FOUND;
END
$$;

-- Certificates that were kept as long as was said, and marks of closed citizens of whom no row is left.
CREATE FUNCTION erasures_purge(p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_gone bigint;
BEGIN
    DELETE FROM erasures_erasure WHERE kept_until < p_at AND state = 'done';
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    DELETE FROM erasures_leaver l WHERE l.gone AND l.at < p_at - interval '1 day'
        AND NOT EXISTS (SELECT FROM identity_citizen c WHERE c.id = l.citizen_id)
        AND NOT EXISTS (SELECT FROM erasures_erasure e WHERE e.citizen_id = l.citizen_id);
    RETURN v_gone;
END
$$;

-- The account goes: every row of every personal table that names the citizen, by the log's own gate (asked thirty days ago, not called off, the
-- data key destroyed). In the transaction of `ledger_erase`, before it. By table how many rows went.
-- A table that is new is found by its column; one that refuses deletion makes this fail, and with it the tests.
CREATE FUNCTION erasures_account(p_citizen uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_hmac bytea;
    v_left text[];
    v_next text[];
    v_table text;
    v_number bigint;
    v_counts jsonb := '{}';
BEGIN
    PERFORM set_config('aurora.erasing', ledger_erasure_ready(p_citizen)::text, true);
    SELECT subject_hmac INTO v_hmac FROM identity_citizen WHERE id = p_citizen FOR UPDATE;
    INSERT INTO erasures_leaver (citizen_id, at, gone) VALUES (p_citizen, ledger_time(), true)
    ON CONFLICT (citizen_id) DO UPDATE SET gone = true, at = ledger_time();
    -- An event of a mandate names no citizen but by its mandate.
    DELETE FROM consent_mandateevent v USING consent_mandate m WHERE m.id = v.mandate_id AND m.principal_id = p_citizen;
    GET DIAGNOSTICS v_number = ROW_COUNT;
    v_counts := v_counts || jsonb_build_object('consent_mandateevent', v_number);
    SELECT array_agg(c.oid::regclass::text ORDER BY c.oid) INTO v_left FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relrowsecurity AND NOT c.relispartition AND a.attname = 'citizen_id' AND NOT a.attisdropped
        AND c.relname NOT LIKE 'ledger\_%' AND c.relname NOT LIKE 'erasures\_%';
    LOOP
        v_next := '{}';
        FOREACH v_table IN ARRAY v_left LOOP
            BEGIN
                EXECUTE format('DELETE FROM %s WHERE citizen_id = $1', v_table) USING p_citizen;
                GET DIAGNOSTICS v_number = ROW_COUNT;
                v_counts := v_counts || jsonb_build_object(v_table, v_number);
            EXCEPTION WHEN foreign_key_violation THEN
                v_next := v_next || v_table;  -- after what refers to it
            END;
        END LOOP;
        -- Consents that somebody gave on a mandate refer to it.
        IF cardinality(v_next) = cardinality(v_left) THEN
            RAISE EXCEPTION 'erasures_account: % refer to each other', v_next;
        END IF;
        v_left := v_next;
        EXIT WHEN cardinality(v_left) = 0;
    END LOOP;
    DELETE FROM consent_mandate WHERE principal_id = p_citizen AND parent_id IS NOT NULL;
    GET DIAGNOSTICS v_number = ROW_COUNT;
    v_counts := v_counts || jsonb_build_object('consent_mandate', v_number);
    DELETE FROM consent_mandate WHERE principal_id = p_citizen;
    GET DIAGNOSTICS v_number = ROW_COUNT;
    v_counts := v_counts || jsonb_build_object('consent_mandate', v_number + (v_counts ->> 'consent_mandate')::bigint);
    -- In others' mandates nothing leads to the person any more: the digest by which an offer found them is a number that is nobody's.
    UPDATE consent_mandate SET attorney_digest = sha256(gen_random_uuid()::text::bytea)
    WHERE attorney_digest = v_hmac OR attorney_id = p_citizen;
    -- Foreign keys are checked now, not at the end, when nothing could be done about what still refers to the person.
    SET CONSTRAINTS ALL IMMEDIATE;
    BEGIN
        DELETE FROM identity_citizen WHERE id = p_citizen;
        v_counts := v_counts || jsonb_build_object('identity_citizen', 1);
    EXCEPTION WHEN foreign_key_violation THEN
        -- Others' consents, mandates and their history say that this number decided for them: it stays a number, and nobody's.
        UPDATE identity_citizen SET subject_hmac = sha256(gen_random_uuid()::text::bytea), national_id_sealed = '', name_sealed = '', language = 'en',
            last_login = NULL, session_epoch = session_epoch + 1, created_at = date_trunc('year', created_at) WHERE id = p_citizen;
        v_counts := v_counts || jsonb_build_object('identity_citizen', 0);
    END;
    PERFORM set_config('aurora.erasing', '', true);
    RETURN v_counts;
END
$$;

-- What is append-only stays so but for an account's erasure that is under way, and then for its citizen's rows alone.
CREATE FUNCTION erasures_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND nullif(current_setting('aurora.erasing', true), '') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE FUNCTION erasures_own_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_citizen uuid := ledger_erased_citizen();
BEGIN
    IF v_citizen IS NULL OR v_citizen IS DISTINCT FROM (
        CASE WHEN TG_TABLE_NAME = 'consent_mandateevent'
            THEN (SELECT principal_id FROM consent_mandate WHERE id = (to_jsonb(OLD) ->> 'mandate_id')::uuid)
            ELSE (to_jsonb(OLD) ->> 'citizen_id')::uuid END
    ) THEN
        RAISE EXCEPTION 'DELETE on % is refused: no erasure of its citizen is due', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;
