"""Notices of corrections name the fact's category; its key, which can be an illness, lies sealed in the request. The table is written anew, so that
what was taken out lies in none of its pages. Cannot be undone.
"""

from django.db import migrations

SQL = """
UPDATE consent_webhooks_delivery SET payload = payload #- '{data,key}' WHERE correction_id IS NOT NULL;
ALTER TABLE consent_webhooks_delivery ALTER COLUMN payload TYPE jsonb USING payload || '{}'::jsonb;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0012_corrections")]
    operations = [migrations.RunSQL(SQL)]
