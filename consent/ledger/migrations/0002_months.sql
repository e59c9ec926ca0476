-- The log by months (part of migration 0002). Ids are UUIDv7: the first 48 bits tell the millisecond, so a range of ids is a range of times,
-- the primary key stays unique over all months, and an id leads to one of them.
--
-- The months lie in a schema of their own that the service may not even enter: it reads entries through the table that has the policy, and
-- no right given on a month by mistake would be of use.
CREATE SCHEMA IF NOT EXISTS ledger_months;
REVOKE ALL ON SCHEMA ledger_months FROM PUBLIC;

ALTER TABLE ledger_ledgerentry RENAME TO ledger_entry_before;
ALTER TABLE ledger_entry_before RENAME CONSTRAINT ledger_ledgerentry_pkey TO ledger_entry_before_pkey;

CREATE TABLE ledger_ledgerentry (
    id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    seq bigint NOT NULL,
    prev bytea NOT NULL,
    commitment bytea NOT NULL,
    at timestamptz NOT NULL,
    event text NOT NULL,
    actor text NOT NULL,
    purpose text,
    categories text[] NOT NULL,
    consent_ids uuid[] NOT NULL,
    decision text NOT NULL,
    permit_id uuid,
    source text,
    sealed bytea NOT NULL,
    CONSTRAINT ledger_ledgerentry_pkey PRIMARY KEY (id),
    CONSTRAINT ledger_entry_seq_positive CHECK (seq >= 1),
    CONSTRAINT ledger_entry_hashes CHECK (octet_length(prev) = 32 AND octet_length(commitment) = 32)
) PARTITION BY RANGE (id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- The smallest id of a moment.
CREATE FUNCTION ledger_first_id(p_at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (lpad(to_hex(greatest(floor(extract(epoch FROM p_at AT TIME ZONE 'UTC') * 1000), 0)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- What a part of the log has beside what it gets from the whole: numbers that are unique within it, which is also the index of a page read
-- backwards, and a refusal of its own of statements that name it.
CREATE FUNCTION ledger_finish_part(p_name text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE UNIQUE INDEX %I ON ledger_months.%I (citizen_id, seq)', p_name || '_seq', p_name);
    EXECUTE format(
        'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_months.%I '
        'FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()', p_name
    );
END
$$;

-- Makes the part of one month. True if there was none.
--
-- The part is made aside and attached: that waits for no reader or writer of other months. Entries of the month may lie among the odd ones
-- already, if a clock was far ahead: they are moved, for else they would keep the month from ever being made.
CREATE FUNCTION ledger_make_month(p_month date) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_start timestamp := date_trunc('month', p_month);
    v_from uuid := ledger_first_id(v_start AT TIME ZONE 'UTC');
    v_to uuid := ledger_first_id((v_start + interval '1 month') AT TIME ZONE 'UTC');
    v_name text := 'entry_' || to_char(v_start, 'YYYY_MM');
    v_odd boolean;
BEGIN
    IF to_regclass('ledger_months.' || v_name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE ledger_months.%I (LIKE ledger_ledgerentry INCLUDING CONSTRAINTS INCLUDING INDEXES)', v_name);
    PERFORM ledger_finish_part(v_name);
    LOCK TABLE ledger_months.entry_other IN ACCESS EXCLUSIVE MODE;
    SELECT EXISTS (SELECT FROM ledger_months.entry_other WHERE id >= v_from AND id < v_to) INTO v_odd;
    IF v_odd THEN
        EXECUTE format('INSERT INTO ledger_months.%I SELECT * FROM ledger_months.entry_other WHERE id >= $1 AND id < $2', v_name)
            USING v_from, v_to;
        ALTER TABLE ledger_months.entry_other DISABLE TRIGGER USER;
        DELETE FROM ledger_months.entry_other WHERE id >= v_from AND id < v_to;
        ALTER TABLE ledger_months.entry_other ENABLE TRIGGER USER;
    END IF;
    EXECUTE format(
        'ALTER TABLE ledger_ledgerentry ATTACH PARTITION ledger_months.%I FOR VALUES FROM (%L) TO (%L)', v_name, v_from, v_to
    );
    RETURN true;
END
$$;

-- What beat calls: this month and thirteen ahead, by the database's clock. Returns how many were missing. It gives up rather than make others
-- wait for it: there is time.
CREATE FUNCTION ledger_make_months() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    v_this date := date_trunc('month', now() AT TIME ZONE 'UTC');
    v_made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger_make_months'));
    FOR ahead IN 0..13 LOOP
        v_made := v_made + ledger_make_month((v_this + make_interval(months => ahead))::date)::integer;
    END LOOP;
    RETURN v_made;
END
$$;

CREATE TABLE ledger_months.entry_other (LIKE ledger_ledgerentry INCLUDING CONSTRAINTS INCLUDING INDEXES);
SELECT ledger_finish_part('entry_other');
ALTER TABLE ledger_ledgerentry ATTACH PARTITION ledger_months.entry_other DEFAULT;

-- The months that entries are of, and those to come.
DO $$
DECLARE
    v_month date;
BEGIN
    FOR v_month IN
        SELECT DISTINCT date_trunc('month', to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
            AT TIME ZONE 'UTC')::date
        FROM ledger_entry_before
        WHERE id BETWEEN ledger_first_id(now() - interval '20 years') AND ledger_first_id(now() + interval '1 year')
    LOOP
        PERFORM ledger_make_month(v_month);
    END LOOP;
    PERFORM ledger_make_months();
END
$$;

INSERT INTO ledger_ledgerentry (
    id, citizen_id, seq, prev, commitment, at, event, actor, purpose, categories, consent_ids, decision, permit_id, source, sealed
)
SELECT id, citizen_id, seq, prev, commitment, at, event, actor, purpose, categories, consent_ids, decision, permit_id, source, sealed
FROM ledger_entry_before;
DROP TABLE ledger_entry_before;
