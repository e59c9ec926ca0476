"""What finds a citizen stands in mandates too, by which others were allowed to act: that table leaves the files of the database as the keys do."""

from django.db import migrations

FORWARD = """
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') AND current_setting('server_version_num')::integer >= 170000 THEN
    EXECUTE 'GRANT MAINTAIN ON consent_mandate TO aurora_app';
END IF; END $$;
"""
BACKWARD = """
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') AND current_setting('server_version_num')::integer >= 170000 THEN
    EXECUTE 'REVOKE MAINTAIN ON consent_mandate FROM aurora_app';
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("erasures", "0004_earlier_ones"), ("consent", "0015_purposes_of_the_twin")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
