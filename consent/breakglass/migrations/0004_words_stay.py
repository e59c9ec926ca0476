"""The service moves a request on, and writes nothing else of it: who takes a web process over cannot wipe why somebody's data were read.

The trigger lets words go where they all go, since a citizen's erasure does that; `consent_breakglass_erase` does it as the owner.
"""

from django.db import migrations

TABLE = "consent_breakglass_request"
MOVES = "state, decided_by, decided_at, expires_at, ended_by, ended_at, verdict, reviewed_by, reviewed_at, review_sealed"
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"


class Migration(migrations.Migration):
    dependencies = [("consent_breakglass", "0003_erasure")]
    operations = [
        migrations.RunSQL(
            AS_APP.format(f"REVOKE UPDATE ON {TABLE} FROM aurora_app; GRANT UPDATE ({MOVES}) ON {TABLE} TO aurora_app;"),
            AS_APP.format(f"REVOKE UPDATE ({MOVES}) ON {TABLE} FROM aurora_app; GRANT UPDATE ON {TABLE} TO aurora_app;"),
        ),
    ]
