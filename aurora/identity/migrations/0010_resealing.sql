-- Rotation of citizens' data keys (part of the migration beside it). docs/decisions/vault.md says why so.

-- Whoever destroys a data key destroys all versions of it, in the same statement, and ends its rotation.
ALTER TABLE vault.former_key ADD CONSTRAINT former_key_goes_along
    FOREIGN KEY (citizen_id) REFERENCES vault.data_key (citizen_id) ON DELETE CASCADE;
ALTER TABLE vault.key_rotation ADD CONSTRAINT key_rotation_goes_along
    FOREIGN KEY (citizen_id) REFERENCES vault.data_key (citizen_id) ON DELETE CASCADE;

-- What a law keeps back is read by nobody before it is due, and so it cannot be sealed anew: the version of the key that opens it stays, and
-- is as far out of reach.
ALTER TABLE vault.former_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON vault.former_key
    USING (citizen_id = nullif(current_setting('aurora.citizen', true), '')::uuid AND NOT hidden)
    WITH CHECK (citizen_id = nullif(current_setting('aurora.citizen', true), '')::uuid AND NOT hidden);

-- How everything begins that a version of a key has sealed (`vault.head`).
CREATE FUNCTION vault.sealed_head(p_version integer) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT '\x01'::bytea || int2send(p_version::smallint)
$$;

-- Whether a law keeps something back of a citizen that this version opens.
CREATE FUNCTION vault.keeps_back(p_citizen uuid, p_version integer) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM ledger_keptback k WHERE k.citizen_id = p_citizen AND k.state = 'kept'
            AND vault.sealed_head(p_version) IN (substring(k.sealed FROM 1 FOR 3), substring(k.longer_sealed FROM 1 FOR 3)))
$$;

-- The version that opens what was kept back and is due by the database's clock, in its citizen's scope. Null else.
CREATE FUNCTION vault.key_of_kept(p_citizen uuid, p_version integer) RETURNS bytea
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT f.wrapped FROM vault.former_key f
    WHERE f.citizen_id = p_citizen AND f.version = p_version AND f.hidden
        AND p_citizen = nullif(current_setting('aurora.citizen', true), '')::uuid
        AND EXISTS (
            SELECT FROM ledger_keptback k WHERE k.citizen_id = p_citizen AND k.state = 'kept' AND k.until <= ledger_time()
                AND vault.sealed_head(p_version) IN (substring(k.sealed FROM 1 FOR 3), substring(k.longer_sealed FROM 1 FOR 3)))
$$;

-- One sealed column of one row that the service may not change, of whatever table: the same content under the newer key. Whether it was that
-- row's still. Only while its citizen's rotation seals, only from the former version to the newer one, and only to what is as long. What an
-- entry or a receipt says is committed to, in the log's tree or by a digest, and the citizen's verifier compares: this can make a row unreadable,
-- as destroying the key can, and nothing else of it.
CREATE FUNCTION vault.reseal(p_table text, p_column text, p_id uuid, p_old bytea, p_new bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_citizen uuid := nullif(current_setting('aurora.citizen', true), '')::uuid;
    v_moved bigint;
BEGIN
    IF p_column !~ '(^|_)sealed$' OR NOT vault.reseals(v_citizen, p_old, p_new) THEN
        RAISE EXCEPTION 'vault.reseal: no rotation of this citizen''s key does that' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('aurora.resealing', v_citizen::text, true);
    EXECUTE format('UPDATE public.%1$I SET %2$I = $1 WHERE id = $2 AND citizen_id = $3 AND %2$I = $4', p_table, p_column)
        USING p_new, p_id, v_citizen, p_old;
    GET DIAGNOSTICS v_moved = ROW_COUNT;
    PERFORM set_config('aurora.resealing', '', true);
    RETURN v_moved = 1;
END
$$;

-- Whether a rotation of this citizen's key turns the one into the other. The owner's: the trigger below asks it too.
CREATE FUNCTION vault.reseals(p_citizen uuid, p_old bytea, p_new bytea) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM vault.key_rotation r JOIN vault.data_key d USING (citizen_id)
        WHERE r.citizen_id = p_citizen AND r.state = 'sealing' AND octet_length(p_new) = octet_length(p_old)
            AND substring(p_old FROM 1 FOR 3) = vault.sealed_head(r.version) AND substring(p_new FROM 1 FOR 3) = vault.sealed_head(d.version))
$$;

-- The statement is let through by the setting, and each row by what is done to it.
CREATE FUNCTION vault.resealed_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.citizen_id::text IS DISTINCT FROM current_setting('aurora.resealing', true)
        OR to_jsonb(NEW) - 'sealed' IS DISTINCT FROM to_jsonb(OLD) - 'sealed' OR NOT vault.reseals(NEW.citizen_id, OLD.sealed, NEW.sealed) THEN
        RAISE EXCEPTION 'UPDATE of % is refused: it is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER resealed_only BEFORE UPDATE ON ledger_ledgerentry FOR EACH ROW EXECUTE FUNCTION vault.resealed_only();
CREATE TRIGGER resealed_only BEFORE UPDATE ON consent_receipt FOR EACH ROW EXECUTE FUNCTION vault.resealed_only();
CREATE TRIGGER resealed_only BEFORE UPDATE ON consent_concerns_concernpart FOR EACH ROW EXECUTE FUNCTION vault.resealed_only();

-- In place of the refusals of those tables for each statement: an UPDATE while something is sealed anew is looked at row by row.
CREATE FUNCTION vault.append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND nullif(current_setting('aurora.resealing', true), '') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER append_only ON consent_concerns_concernpart;
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON consent_concerns_concernpart
    FOR EACH STATEMENT EXECUTE FUNCTION vault.append_only();
CREATE OR REPLACE FUNCTION erasures_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND nullif(current_setting('aurora.erasing', true), '') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND nullif(current_setting('aurora.resealing', true), '') IS NOT NULL AND TG_TABLE_NAME = 'consent_receipt' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nullif(current_setting('aurora.erasing', true), '') IS NOT NULL
        AND (TG_TABLE_NAME, TG_OP) IN (('ledger_ledgerentry', 'DELETE'), ('ledger_leaf', 'UPDATE')) THEN
        RETURN NULL;
    END IF;
    IF nullif(current_setting('aurora.resealing', true), '') IS NOT NULL AND (TG_TABLE_NAME, TG_OP) = ('ledger_ledgerentry', 'UPDATE') THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% on % is refused: the access log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- When the oldest transaction of the owner's role began: that of the service's own, the service sees itself.
CREATE FUNCTION vault.oldest_transaction() RETURNS timestamptz
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
$$;

-- The end of a rotation, in its citizen's scope: the former version is destroyed, or hidden where a law keeps something back that it opens.
-- The answer is the same: nobody is told that there is such a thing.
CREATE FUNCTION vault.retire_former(p_citizen uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_version integer;
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'vault.retire_former: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM vault.key_rotation WHERE citizen_id = p_citizen AND state = 'clean' RETURNING version INTO v_version;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF vault.keeps_back(p_citizen, v_version) THEN
        UPDATE vault.former_key SET hidden = true WHERE citizen_id = p_citizen AND version = v_version;
    ELSE
        DELETE FROM vault.former_key WHERE citizen_id = p_citizen AND version = v_version;
    END IF;
    RETURN true;
END
$$;

-- Hidden versions go when nothing is kept back any more that they open: how many went.
CREATE FUNCTION vault.forget_hidden() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_gone bigint;
BEGIN
    DELETE FROM vault.former_key f WHERE f.hidden AND NOT vault.keeps_back(f.citizen_id, f.version);
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN v_gone;
END
$$;

-- For the sweep, ids only: whose rotation waits, and whose key is older than that and has none under way.
CREATE FUNCTION vault.rotations_due(p_at timestamptz, p_most integer) RETURNS TABLE (citizen uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.citizen_id FROM vault.key_rotation r
    WHERE r.due_at <= p_at AND (r.lease_until IS NULL OR r.lease_until <= p_at) ORDER BY r.due_at LIMIT p_most
$$;
CREATE FUNCTION vault.keys_before(p_at timestamptz, p_most integer) RETURNS TABLE (citizen uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.citizen_id FROM vault.data_key d
    WHERE d.created_at < p_at AND NOT EXISTS (SELECT FROM vault.key_rotation r WHERE r.citizen_id = d.citizen_id)
    ORDER BY d.created_at LIMIT p_most
$$;
CREATE FUNCTION vault.rotation_counts() RETURNS TABLE (state text, rotations bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.state::text, count(*) FROM vault.key_rotation r GROUP BY 1
$$;
