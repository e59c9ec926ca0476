"""Former versions of keys leave the files of the database as the newest do; and whoever leaves asks for no correction any more."""

from django.db import migrations

FORWARD = """
ALTER TABLE vault.former_key ALTER COLUMN wrapped SET STATISTICS 0;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') AND current_setting('server_version_num')::integer >= 170000 THEN
    EXECUTE 'GRANT MAINTAIN ON vault.former_key TO aurora_app';
END IF; END $$;
"""
BACKWARD = """
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') AND current_setting('server_version_num')::integer >= 170000 THEN
    EXECUTE 'REVOKE MAINTAIN ON vault.former_key FROM aurora_app';
END IF; END $$;
ALTER TABLE vault.former_key ALTER COLUMN wrapped SET STATISTICS -1;
"""


class Migration(migrations.Migration):
    dependencies = [("erasures", "0002_rights"), ("identity", "0010_resealing"), ("corrections", "0002_rights")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(
            "CREATE TRIGGER not_closed AFTER INSERT ON corrections_correction REFERENCING NEW TABLE AS fresh "
            "FOR EACH STATEMENT EXECUTE FUNCTION erasures_refuse_closed('leaving');",
            "DROP TRIGGER not_closed ON corrections_correction;",
        ),
    ]
