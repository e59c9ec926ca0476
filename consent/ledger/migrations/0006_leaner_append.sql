-- `ledger_append` with less work for the same (part of the migration beside it): measured in docs/decisions/ledger.md.
--
-- The head row is there for all but a citizen's first entry, so it is updated first; only where there is none is one inserted, and that by an
-- upsert, for two may be first at once. Either locks the row and computes on its newest version, so appends for one citizen queue on it.
CREATE OR REPLACE FUNCTION ledger_append(
    p_id uuid, p_citizen uuid, p_at timestamptz, p_event text, p_actor text, p_purpose text, p_categories text[], p_consent_ids uuid[],
    p_decision text, p_permit uuid, p_source text, p_sealed bytea, p_opening bytea, OUT new_seq bigint, OUT new_commitment bytea
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_prev bytea;
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'ledger_append: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- The first 48 bits of the id are milliseconds since 1970: within a day of p_at.
    IF abs(('x' || left(replace(p_id::text, '-', ''), 12))::bit(48)::bigint - extract(epoch FROM p_at)::double precision * 1000) > 86400000 THEN
        RAISE EXCEPTION 'ledger_append: the id is not of the time of the entry' USING ERRCODE = 'check_violation';
    END IF;
    IF p_permit <> p_id THEN
        RAISE EXCEPTION 'ledger_append: the entry does not bear the id of its permit' USING ERRCODE = 'check_violation';
    END IF;

    -- p_opening is salt || '{"access":' || access; what is added here is leaf.closing().
    UPDATE ledger_head AS head SET
        seq = head.seq + 1,
        prev = head.commitment,
        commitment = sha256(
            p_opening || convert_to(',"prev":"' || encode(head.commitment, 'hex') || '","seq":' || head.seq + 1 || '}', 'UTF8')
        )
    WHERE head.citizen_id = p_citizen
    RETURNING head.seq, head.prev, head.commitment INTO new_seq, v_prev, new_commitment;
    IF NOT FOUND THEN
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
    END IF;

    INSERT INTO ledger_ledgerentry (
        id, citizen_id, seq, prev, commitment, at, event, actor, purpose, categories, consent_ids, decision, permit_id, source, sealed
    ) VALUES (
        p_id, p_citizen, new_seq, v_prev, new_commitment, p_at, p_event, p_actor, p_purpose, p_categories, p_consent_ids, p_decision,
        p_permit, p_source, p_sealed
    );
    INSERT INTO ledger_pending (entry_id, commitment) VALUES (p_id, new_commitment);
END
$$;
