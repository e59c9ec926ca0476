"""What was in use is kept: versions and uses are added and never changed or deleted, by the tables' owner neither.

A catalogue's members must be there, once each, and be versions of different services. The service reads and adds; of the search index, which is made
from the versions, it may also delete.
"""

from django.db import migrations

LOCKED = ("catalogue_serviceversion", "catalogue_catalogueversion", "catalogue_catalogueuse")
INDEX = ("catalogue_searchentry", "catalogue_searchword")

GUARDS = """
CREATE FUNCTION catalogue_locked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was in the catalogue is never changed' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION catalogue_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT (count(*), count(DISTINCT identifier)) FROM catalogue_serviceversion WHERE id = ANY (NEW.members))
        IS DISTINCT FROM (cardinality(NEW.members)::bigint, cardinality(NEW.members)::bigint) THEN
        RAISE EXCEPTION 'a catalogue is made of recorded versions of different services' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members BEFORE INSERT ON catalogue_catalogueversion FOR EACH ROW EXECUTE FUNCTION catalogue_members();
"""
DROP_GUARDS = """
DROP TRIGGER members ON catalogue_catalogueversion;
DROP FUNCTION catalogue_members();
DROP FUNCTION catalogue_locked();
"""


def _rights(table: str, revoked: str) -> tuple[str, str]:
    app = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} ON {} {} aurora_app; END IF; END $$;"
    return app.format(f"REVOKE {revoked}", table, "FROM"), app.format("GRANT UPDATE, DELETE", table, "TO")


def _locked(table: str) -> tuple[str, str]:
    revoke, grant = _rights(table, "UPDATE, DELETE, TRUNCATE")
    return (
        f"CREATE TRIGGER locked BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION catalogue_locked();"
        f"CREATE TRIGGER locked_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION catalogue_locked();" + revoke,
        f"DROP TRIGGER locked ON {table}; DROP TRIGGER locked_all ON {table};" + grant,
    )


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_catalogue")]
    operations = [
        migrations.RunSQL(GUARDS, DROP_GUARDS),
        *(migrations.RunSQL(*_locked(table)) for table in LOCKED),
        *(migrations.RunSQL(*_rights(table, "UPDATE, TRUNCATE")) for table in INDEX),
    ]
