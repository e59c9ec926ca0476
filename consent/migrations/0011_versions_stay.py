"""Versions of data and recipients are never taken away, as they are never changed: another could be put in their place under the same number.

Those of purposes are held by the consents that name them.
"""

from django.db import migrations

TABLES = "consent_datacategoryversion, consent_agencyversion"


def _for_the_service(statement: str) -> str:
    return f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {statement}; END IF; END $$;"


class Migration(migrations.Migration):
    dependencies = [("consent", "0010_for_decision_order")]
    operations = [
        migrations.RunSQL(
            _for_the_service(f"REVOKE DELETE ON {TABLES} FROM aurora_app"), _for_the_service(f"GRANT DELETE ON {TABLES} TO aurora_app")
        )
    ]
