-- One statement appends an entry (called by append.py; part of migration 0001).
--
-- The upsert locks the citizen's head row and computes on its newest version, so appends for one citizen queue on that lock and each
-- links to the one before, at READ COMMITTED too; a rollback takes the number back with it. The lock is held until the caller commits.
--
-- SECURITY DEFINER: the service's role cannot write the three tables by itself, so it can neither insert an entry beside the chain nor
-- one that never reaches the tree, nor set a head back. As the owner may pass row-level security by, the function itself checks whose
-- rows the transaction may touch.
CREATE FUNCTION ledger_append(
    p_id uuid, p_citizen uuid, p_at timestamptz, p_event text, p_actor text, p_purpose text, p_categories text[], p_consent_ids uuid[],
    p_decision text, p_permit uuid, p_source text, p_sealed bytea, p_opening bytea, OUT new_seq bigint, OUT new_commitment bytea
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_prev bytea;
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'ledger_append: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;

    -- p_opening is salt || '{"access":' || access; what is added here is leaf.closing().
    INSERT INTO ledger_head AS head (citizen_id, seq, prev, commitment)
    VALUES (
        p_citizen, 1, decode(repeat('00', 32), 'hex'),
        sha256(p_opening || convert_to(',"prev":"' || repeat('0', 64) || '","seq":1}', 'UTF8'))
    )
    ON CONFLICT (citizen_id) DO UPDATE SET
        seq = head.seq + 1,
        prev = head.commitment,
        commitment = sha256(
            p_opening || convert_to(',"prev":"' || encode(head.commitment, 'hex') || '","seq":' || head.seq + 1 || '}', 'UTF8')
        )
    RETURNING head.seq, head.prev, head.commitment INTO new_seq, v_prev, new_commitment;

    INSERT INTO ledger_ledgerentry (
        id, citizen_id, seq, prev, commitment, at, event, actor, purpose, categories, consent_ids, decision, permit_id, source, sealed
    ) VALUES (
        p_id, p_citizen, new_seq, v_prev, new_commitment, p_at, p_event, p_actor, p_purpose, p_categories, p_consent_ids, p_decision,
        p_permit, p_source, p_sealed
    );
    INSERT INTO ledger_pending (entry_id, commitment) VALUES (p_id, new_commitment);
END
$$;
