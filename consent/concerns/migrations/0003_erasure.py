"""A citizen's cases go with their log, and in no other way: which entries, kinds of data, purposes and days stand in them in clear."""

from django.db import migrations

ERASE = """
CREATE FUNCTION consent_concerns_erase(citizen uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM set_config('aurora.erasing', ledger_erasure_ready(citizen)::text, true);
    DELETE FROM consent_concerns_concernpart p WHERE p.citizen_id = citizen;
    DELETE FROM consent_concerns_concern c WHERE c.citizen_id = citizen;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('aurora.erasing', '', true);
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION consent_concerns_erase(uuid) FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION consent_concerns_erase(uuid) TO aurora_app;
    REVOKE DELETE, TRUNCATE ON consent_concerns_concern FROM aurora_app;
END IF; END $$;
-- Whoever runs the statement: a row goes only while its own citizen's erasure is under way.
CREATE FUNCTION consent_concerns_erased_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nullif(current_setting('aurora.erasing', true), '') IS NULL OR OLD.citizen_id IS DISTINCT FROM ledger_erased_citizen() THEN
        RAISE EXCEPTION 'a case is not taken away but with its citizen''s log' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER erased_only BEFORE DELETE ON consent_concerns_concern FOR EACH ROW EXECUTE FUNCTION consent_concerns_erased_only();
CREATE TRIGGER erased_only BEFORE DELETE ON consent_concerns_concernpart FOR EACH ROW EXECUTE FUNCTION consent_concerns_erased_only();
DROP TRIGGER history ON consent_concerns_concern;
CREATE TRIGGER history BEFORE UPDATE ON consent_concerns_concern FOR EACH ROW EXECUTE FUNCTION consent_concerns_history();
DROP TRIGGER append_only ON consent_concerns_concernpart;
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON consent_concerns_concernpart
    FOR EACH STATEMENT EXECUTE FUNCTION consent_concerns_concernpart_append_only();
"""
BACK = """
DROP TRIGGER append_only ON consent_concerns_concernpart;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_concerns_concernpart
    FOR EACH STATEMENT EXECUTE FUNCTION consent_concerns_concernpart_append_only();
DROP TRIGGER history ON consent_concerns_concern;
CREATE TRIGGER history BEFORE UPDATE OR DELETE ON consent_concerns_concern FOR EACH ROW EXECUTE FUNCTION consent_concerns_history();
DROP TRIGGER erased_only ON consent_concerns_concernpart;
DROP TRIGGER erased_only ON consent_concerns_concern;
DROP FUNCTION consent_concerns_erased_only();
DROP FUNCTION consent_concerns_erase(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("consent_concerns", "0002_rights"), ("ledger", "0007_erasure_ready")]

    operations = [migrations.RunSQL(ERASE, BACK)]
