"""What operators wrote of somebody is sealed for the platform, whose key outlives them: it leaves the files of the database, and is sampled for no statistic."""

from django.db import migrations

COLUMNS = ("text_sealed", "review_sealed", "who_digest")
FORWARD = """
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') AND current_setting('server_version_num')::integer >= 170000 THEN
    EXECUTE 'GRANT MAINTAIN ON consent_breakglass_request TO aurora_app';
END IF; END $$;
""" + "".join(f"ALTER TABLE consent_breakglass_request ALTER COLUMN {name} SET STATISTICS 0;" for name in COLUMNS)
BACKWARD = """
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') AND current_setting('server_version_num')::integer >= 170000 THEN
    EXECUTE 'REVOKE MAINTAIN ON consent_breakglass_request FROM aurora_app';
END IF; END $$;
""" + "".join(f"ALTER TABLE consent_breakglass_request ALTER COLUMN {name} SET STATISTICS -1;" for name in COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("erasures", "0005_mandates"), ("consent_breakglass", "0006_rewrapped")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
