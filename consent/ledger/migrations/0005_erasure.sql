-- Erasure of a citizen's log (part of the migration beside it): entries and head go, the leaves stay, and with them every tree head ever signed.
--
-- It must be no way to hide an access. So it takes two steps with thirty days between them, by the database's clock; the first step is an
-- entry of the citizen's log itself; any time in between they can call it off; and the second step is done only once their data key is
-- destroyed, without which nobody, they included, can read what the entries say. A web process that was taken over can take both steps, but
-- not without the citizen's log saying so for thirty days.

CREATE FUNCTION ledger_erasure_entry(p_citizen uuid, p_entry uuid, p_event text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'erasure: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Seen although its transaction is in progress: written by this very transaction.
    PERFORM FROM ledger_ledgerentry e
    WHERE e.id = p_entry AND e.citizen_id = p_citizen AND e.event = p_event AND pg_xact_status(
        ((pg_current_xact_id()::text::bigint & ~4294967295) + e.xmin::text::bigint)::text::xid8) = 'in progress';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'erasure: the log does not say so' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- The first step; when the second may come. Asked again, it stays when it was.
CREATE FUNCTION ledger_ask_erasure(p_citizen uuid, p_entry uuid) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_due timestamptz;
BEGIN
    PERFORM ledger_erasure_entry(p_citizen, p_entry, 'citizen:erasure:asked');
    INSERT INTO ledger_erasure (id, citizen_id, asked_at, due_at)
    VALUES (gen_random_uuid(), p_citizen, ledger_time(), ledger_time() + interval '30 days')
    ON CONFLICT (citizen_id) DO NOTHING;
    SELECT due_at INTO v_due FROM ledger_erasure WHERE citizen_id = p_citizen;
    RETURN v_due;
END
$$;

-- Called off; false if there is nothing to be called off.
CREATE FUNCTION ledger_cancel_erasure(p_citizen uuid, p_entry uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM ledger_erasure_entry(p_citizen, p_entry, 'citizen:erasure:cancelled');
    DELETE FROM ledger_erasure WHERE citizen_id = p_citizen;
    RETURN FOUND;
END
$$;

-- The second step, in the citizen's scope: how many entries went. Entries and head go, and from pending commitments, leaves and what was kept
-- back all that leads to a person: the id of an entry tells a time, and agencies know the ids of their reads. That there was an erasure, when,
-- of how many entries and of which newest commitment stays, without the citizen.
CREATE FUNCTION ledger_erase(p_citizen uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_erasure uuid;
    v_keyed boolean;
    v_head bytea;
    v_ids uuid[];
    v_gone bigint;
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'ledger_erase: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT id INTO v_erasure FROM ledger_erasure WHERE citizen_id = p_citizen AND due_at <= ledger_time() FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'ledger_erase: not asked for, or not due' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT EXISTS (SELECT FROM vault.data_key WHERE citizen_id = p_citizen) INTO v_keyed;
    IF v_keyed THEN
        RAISE EXCEPTION 'ledger_erase: the data key is not destroyed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- As an append does, the head first: one that is under way is waited for, and goes too.
    SELECT commitment INTO v_head FROM ledger_head WHERE citizen_id = p_citizen FOR UPDATE;
    SELECT array_agg(id) INTO v_ids FROM (
        SELECT id FROM ledger_ledgerentry WHERE citizen_id = p_citizen
        UNION ALL SELECT unnest(ARRAY[id, longer_id]) FROM ledger_keptback WHERE citizen_id = p_citizen
    ) AS mine;
    PERFORM set_config('aurora.erasing', v_erasure::text, true);
    -- Pending first: a row that the sequencer has taken meanwhile is a leaf by then.
    UPDATE ledger_pending SET entry_id = NULL WHERE entry_id = ANY (v_ids);
    UPDATE ledger_leaf SET entry_id = NULL WHERE entry_id = ANY (v_ids);
    PERFORM ledger_kept_erase(p_citizen);
    DELETE FROM ledger_ledgerentry WHERE citizen_id = p_citizen;
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    DELETE FROM ledger_head WHERE citizen_id = p_citizen;
    PERFORM set_config('aurora.erasing', '', true);
    UPDATE ledger_erasure SET citizen_id = NULL, done_at = ledger_time(), entries = v_gone, head = v_head WHERE id = v_erasure;
    RETURN v_gone;
END
$$;

-- Of the log nothing is changed but by an erasure that is under way, and by it nothing but its citizen's rows: whoever runs the statement.
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nullif(current_setting('aurora.erasing', true), '') IS NOT NULL
        AND (TG_TABLE_NAME, TG_OP) IN (('ledger_ledgerentry', 'DELETE'), ('ledger_leaf', 'UPDATE')) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% on % is refused: the access log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION ledger_erased_citizen() RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT citizen_id FROM ledger_erasure
    WHERE id = nullif(current_setting('aurora.erasing', true), '')::uuid AND due_at <= ledger_time() AND done_at IS NULL
$$;

CREATE FUNCTION ledger_refuse_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.citizen_id IS DISTINCT FROM ledger_erased_citizen() THEN
        RAISE EXCEPTION 'DELETE on the access log is refused: no erasure of this citizen is due' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER erased_only BEFORE DELETE ON ledger_ledgerentry FOR EACH ROW EXECUTE FUNCTION ledger_refuse_entry();

CREATE FUNCTION ledger_refuse_leaf() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_citizen uuid := ledger_erased_citizen();
BEGIN
    IF NEW.entry_id IS NOT NULL OR (NEW.index, NEW.commitment) IS DISTINCT FROM (OLD.index, OLD.commitment) OR v_citizen IS NULL
        OR NOT (EXISTS (SELECT FROM ledger_ledgerentry WHERE id = OLD.entry_id AND citizen_id = v_citizen)
            OR EXISTS (SELECT FROM ledger_keptback WHERE OLD.entry_id IN (id, longer_id) AND citizen_id = v_citizen)) THEN
        RAISE EXCEPTION 'UPDATE of a leaf is refused: no erasure of its citizen is due' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER erased_only BEFORE UPDATE ON ledger_leaf FOR EACH ROW EXECUTE FUNCTION ledger_refuse_leaf();
