-- What pages read of a citizen's log over all months (part of the migration beside it). A statement over so many parts takes longer to plan than to
-- run; a function's plan is kept by the session. Measured: docs/decisions/ledger.md.
--
-- Both run with the rights of who calls: row-level security holds in them. A generic plan still leaves the months out that no id of the time lies in,
-- when it begins.

-- The newest `p_limit` entries that match, numbers falling. What is NULL does not matter, but `p_citizen` and `p_limit`. `p_first` and
-- `p_last` bound ids, both inclusive; `p_since` is inclusive, `p_until` exclusive. `p_source`: of this source, or of any of `p_held`. `p_within`: of
-- categories all of which are among these, and of one at least.
CREATE FUNCTION ledger_newest(
    p_citizen uuid, p_limit integer, p_before bigint, p_first uuid, p_last uuid, p_since timestamptz, p_until timestamptz, p_actor text,
    p_events text[], p_source text, p_held text[], p_consent uuid, p_within text[]
) RETURNS SETOF ledger_ledgerentry LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY SELECT * FROM ledger_ledgerentry AS entry
    WHERE entry.citizen_id = p_citizen
        AND entry.seq < coalesce(p_before, 9223372036854775807)
        AND entry.id >= coalesce(p_first, '00000000-0000-0000-0000-000000000000')
        AND entry.id <= coalesce(p_last, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND (p_since IS NULL OR entry.at >= p_since)
        AND (p_until IS NULL OR entry.at < p_until)
        AND (p_actor IS NULL OR entry.actor = p_actor)
        AND (p_events IS NULL OR entry.event = ANY (p_events))
        AND (p_source IS NULL OR entry.source = p_source OR entry.categories && p_held)
        AND (p_consent IS NULL OR entry.consent_ids @> ARRAY[p_consent])
        AND (p_within IS NULL OR (entry.categories <@ p_within AND entry.categories <> '{}'))
    ORDER BY entry.seq DESC LIMIT p_limit;
END
$$;

-- What a page can tell of the chain without walking it. `complete`: the numbers are 1, 2, ... to that of the head, each once. `linked`: the newest
-- is what the head says, and each of the numbers `p_shown` that is there names the commitment of the one before it.
CREATE FUNCTION ledger_look(p_citizen uuid, p_shown bigint[], OUT complete boolean, OUT linked boolean) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_head bigint;
    v_commitment bytea;
    v_wanted bigint[] := p_shown || ARRAY(SELECT unnest(p_shown) - 1);
BEGIN
    SELECT head.seq, head.commitment INTO v_head, v_commitment FROM ledger_head AS head WHERE head.citizen_id = p_citizen;
    v_head := coalesce(v_head, 0);
    SELECT count(*) = v_head AND count(DISTINCT entry.seq) = v_head AND coalesce(max(entry.seq), 0) = v_head INTO complete
    FROM ledger_ledgerentry AS entry WHERE entry.citizen_id = p_citizen;
    WITH near AS MATERIALIZED (
        SELECT entry.seq, entry.prev, entry.commitment FROM ledger_ledgerentry AS entry
        WHERE entry.citizen_id = p_citizen AND entry.seq = ANY (v_wanted || v_head)
    )
    SELECT (v_head = 0 OR EXISTS (SELECT FROM near WHERE near.seq = v_head AND near.commitment = v_commitment)) AND NOT EXISTS (
        SELECT FROM near AS one
        WHERE one.seq = ANY (p_shown)
            AND NOT (one.seq = 1 AND one.prev = decode(repeat('00', 32), 'hex'))
            AND NOT EXISTS (SELECT FROM near AS before WHERE before.seq = one.seq - 1 AND before.commitment = one.prev)
    ) INTO linked;
END
$$;

REVOKE ALL ON FUNCTION ledger_newest(uuid, integer, bigint, uuid, uuid, timestamptz, timestamptz, text, text[], text, text[], uuid, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_look(uuid, bigint[]) FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION ledger_newest(uuid, integer, bigint, uuid, uuid, timestamptz, timestamptz, text, text[], text, text[], uuid, text[]) TO aurora_app;
    GRANT EXECUTE ON FUNCTION ledger_look(uuid, bigint[]) TO aurora_app;
END IF; END $$;
