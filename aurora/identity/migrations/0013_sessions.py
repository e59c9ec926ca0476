"""Sessions say whose they are, so that all of somebody's can be listed and ended. Their table stays, and what stands in it: nobody is signed out."""

from django.db import migrations, models

THERE = """
CREATE TABLE IF NOT EXISTS django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, expire_date timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS django_session_expire_date_a5c62663 ON django_session (expire_date);
"""
# With a default in the database: the release before writes rows without it.
ADD = """
ALTER TABLE django_session ADD COLUMN account varchar(64) NOT NULL DEFAULT '';
CREATE INDEX session_by_account ON django_session (account) WHERE account <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0012_administrators")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(THERE, migrations.RunSQL.noop),
                migrations.RunSQL(ADD, "ALTER TABLE django_session DROP COLUMN account"),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Session",
                    fields=[
                        ("session_key", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key")),
                        ("session_data", models.TextField(verbose_name="session data")),
                        ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                        ("account", models.CharField(db_default="", default="", max_length=64)),
                    ],
                    options={
                        "verbose_name": "session",
                        "verbose_name_plural": "sessions",
                        "db_table": "django_session",
                        "abstract": False,
                        "indexes": [
                            models.Index(condition=models.Q(("account", ""), _negated=True), fields=["account"], name="session_by_account")
                        ],
                    },
                ),
            ],
        ),
    ]
