"""A report stands as it was made, for the table's owner too: the service reads and adds."""

from django.db import migrations

GUARD = """
CREATE FUNCTION monitoring_locked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a report is never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER locked BEFORE UPDATE OR DELETE ON monitoring_monitoringreport FOR EACH ROW EXECUTE FUNCTION monitoring_locked();
CREATE TRIGGER locked_all BEFORE TRUNCATE ON monitoring_monitoringreport FOR EACH STATEMENT EXECUTE FUNCTION monitoring_locked();
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON monitoring_monitoringreport FROM aurora_app;
END IF; END $$;
"""
DROP = """
DROP TRIGGER locked ON monitoring_monitoringreport;
DROP TRIGGER locked_all ON monitoring_monitoringreport;
DROP FUNCTION monitoring_locked();
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT UPDATE, DELETE ON monitoring_monitoringreport TO aurora_app;
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, DROP)]
