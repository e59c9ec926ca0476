"""Row-level security on citizens and their keys. Who holds the digest of a national identifier may find its citizen, at sign-in."""

from django.db import migrations

from consent.scope import CURRENT_LOOKUP, policy_sql


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [
        migrations.RunSQL(*policy_sql("identity_citizen", column="id", extra=f"subject_hmac = {CURRENT_LOOKUP}")),
        migrations.RunSQL(*policy_sql("vault.data_key")),
    ]
