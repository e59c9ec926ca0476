-- An entry's place in the tree, the newest checkpoint, and the tiles out of which the proof of the one under the other is made: one statement whose
-- plans the session keeps (part of the migration beside it). Measured: docs/decisions/ledger.md.
--
-- Which tiles: on every level the one in which the leaf's ancestor lies, with that one's sibling, and the one in which the level ends, with the
-- complete subtrees along the tree's right edge. Of a tile that does not exist nothing is needed. They come joined, in the order of the arrays.
CREATE FUNCTION ledger_proof(
    p_entry uuid, OUT index bigint, OUT size bigint, OUT note text, OUT levels smallint[], OUT places bigint[], OUT lengths integer[], OUT hashes bytea
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT leaf.index INTO index FROM ledger_leaf AS leaf WHERE leaf.entry_id = p_entry;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT head.size, head.note INTO size, note FROM ledger_checkpoint AS head ORDER BY head.size DESC LIMIT 1;
    SELECT array_agg(tile.level ORDER BY tile.level, tile.index), array_agg(tile.index ORDER BY tile.level, tile.index),
        array_agg(length(tile.hashes) ORDER BY tile.level, tile.index), string_agg(tile.hashes, '' ORDER BY tile.level, tile.index)
    INTO levels, places, lengths, hashes
    FROM (
        SELECT wanted.level, index >> (8 * (wanted.level + 1)) AS place FROM generate_series(0, 6) AS wanted (level) WHERE size >> (8 * wanted.level) > 0
        UNION
        SELECT wanted.level, size >> (8 * (wanted.level + 1)) FROM generate_series(0, 6) AS wanted (level) WHERE size >> (8 * wanted.level) > 0
    ) AS wanted JOIN ledger_tile AS tile ON tile.level = wanted.level AND tile.index = wanted.place;
END
$$;

REVOKE ALL ON FUNCTION ledger_proof(uuid) FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION ledger_proof(uuid) TO aurora_app;
END IF; END $$;
