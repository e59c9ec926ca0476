"""The service may write an evaluation's way and end, and not whose it is, of which model, on what and when it was asked for."""

from django.db import migrations

TABLE = "twin_evaluation"
MOVES = "state, attempt, due_at, lease_token, lease_until, finished_at, code, entry_id, basis, sealed"
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"


class Migration(migrations.Migration):
    dependencies = [("twin", "0004_evaluations")]

    operations = [
        migrations.RunSQL(
            AS_APP.format(f"REVOKE UPDATE, TRUNCATE ON {TABLE} FROM aurora_app; GRANT UPDATE ({MOVES}) ON {TABLE} TO aurora_app;"),
            AS_APP.format(f"REVOKE UPDATE ({MOVES}) ON {TABLE} FROM aurora_app; GRANT UPDATE ON {TABLE} TO aurora_app;"),
        )
    ]
