-- The operators' trail: rows that nobody changes, each committed to the public tree (part of the migration beside it).
--
-- The service's role may read. It writes by `audit_note` only, which gives number, link, time and commitment: whoever takes the service over can say
-- untrue things of the future, and cannot change, leave out or date back what was said.

CREATE FUNCTION audit_note(
    p_id uuid, p_operator uuid, p_kind text, p_route text, p_deed text, p_about text[], p_outcome text, p_salt bytea
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_at timestamptz := clock_timestamp();
    v_number bigint;
    v_prev bytea;
    v_commitment bytea;
BEGIN
    INSERT INTO audit_trailhead (operator_id, first, number, commitment) VALUES (p_operator, 1, 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (operator_id) DO NOTHING;
    SELECT number + 1, commitment INTO v_number, v_prev FROM audit_trailhead WHERE operator_id = p_operator FOR UPDATE;
    -- The table's checks let no line end and no space into any part: two rows never have one text.
    v_commitment := sha256(p_salt || convert_to(concat_ws(E'\n',
        'aurora-operator-deed-1', p_id::text, p_operator::text, v_number::text, encode(v_prev, 'hex'),
        to_char(v_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        p_kind, p_route, p_deed, array_to_string(p_about, ' '), p_outcome), 'UTF8'));
    INSERT INTO audit_operatordeed (id, operator_id, number, prev, commitment, at, kind, route, deed, about, outcome, salt)
    VALUES (p_id, p_operator, v_number, v_prev, v_commitment, v_at, p_kind, p_route, p_deed, p_about, p_outcome, p_salt);
    UPDATE audit_trailhead SET number = v_number, commitment = v_commitment WHERE operator_id = p_operator;
    INSERT INTO ledger_pending (entry_id, commitment) VALUES (p_id, v_commitment);
    RETURN v_number;
END
$$;

CREATE FUNCTION audit_plain(p_text text, p_most integer) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p_text ~ '^[A-Za-z0-9_.:@/-]*$' AND length(p_text) <= p_most
$$;
ALTER TABLE audit_operatordeed ADD CONSTRAINT audit_plain CHECK (
    audit_plain(kind, 16) AND audit_plain(route, 64) AND audit_plain(deed, 64) AND audit_plain(outcome, 64)
    AND cardinality(about) <= 12 AND audit_plain(array_to_string(about, ':', '!'), 1200)
    AND length(salt) = 16 AND kind <> '' AND outcome <> ''
);

-- A row goes when it is five years old, the oldest of its trail first, by the owner's hand; nothing else is ever deleted, and nothing changed.
-- What has gone so stands in the head, so that a trail that begins later is told from one whose beginning was taken out.
CREATE FUNCTION audit_operatordeed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < clock_timestamp() - interval '60 months'
            AND NOT EXISTS (SELECT FROM audit_operatordeed d WHERE d.operator_id = OLD.operator_id AND d.number < OLD.number) THEN
            UPDATE audit_trailhead SET first = OLD.number + 1 WHERE operator_id = OLD.operator_id;
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% of the operators'' trail is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON audit_operatordeed FOR EACH ROW EXECUTE FUNCTION audit_operatordeed_stays();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON audit_operatordeed FOR EACH STATEMENT EXECUTE FUNCTION audit_operatordeed_stays();

REVOKE ALL ON FUNCTION audit_note(uuid, uuid, text, text, text, text[], text, bytea) FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_operatordeed, audit_trailhead FROM aurora_app;
        GRANT EXECUTE ON FUNCTION audit_note(uuid, uuid, text, text, text, text[], text, bytea) TO aurora_app;
    END IF;
END
$$;
