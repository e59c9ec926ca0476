"""Row-level security on facts and on what was derived from them."""

from django.db import migrations

from consent.scope import policy_sql


class Migration(migrations.Migration):
    dependencies = [("twin", "0001_initial")]
    operations = [
        migrations.RunSQL(*policy_sql("twin_fact")),
        migrations.RunSQL(*policy_sql("twin_suggestionrun")),
    ]
