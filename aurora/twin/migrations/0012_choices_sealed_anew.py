"""A new key of the citizen seals the same choice anew: that column alone may be written."""

from django.db import migrations

AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"


class Migration(migrations.Migration):
    dependencies = [("twin", "0011_facts_that_disagree")]

    operations = [
        migrations.RunSQL(
            AS_APP.format("GRANT UPDATE (sealed) ON twin_factchoice TO aurora_app;"),
            AS_APP.format("REVOKE UPDATE (sealed) ON twin_factchoice FROM aurora_app;"),
        )
    ]
