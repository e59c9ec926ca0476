"""What goes with an erased log in other rooms goes only with it: they ask here whether the erasure may be done."""

from django.db import migrations

READY = """
-- The erasure that may be done now, held until the transaction ends: as `ledger_erase` wants it. In the citizen's scope, whoever asks.
CREATE FUNCTION ledger_erasure_ready(p_citizen uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_erasure uuid;
BEGIN
    IF p_citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid THEN
        RAISE EXCEPTION 'erasure: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT id INTO v_erasure FROM ledger_erasure
    WHERE citizen_id = p_citizen AND due_at <= ledger_time() AND done_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'erasure: not asked for, or not due' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM vault.data_key WHERE citizen_id = p_citizen) THEN
        RAISE EXCEPTION 'erasure: the data key is not destroyed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN v_erasure;
END
$$;
REVOKE ALL ON FUNCTION ledger_erasure_ready(uuid) FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION ledger_erasure_ready(uuid) TO aurora_app;
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_leaner_append")]

    operations = [migrations.RunSQL(READY, "DROP FUNCTION ledger_erasure_ready(uuid);")]
