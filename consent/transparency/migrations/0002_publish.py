"""Published numbers are written by one function and by nobody else, and never changed. See 0002_publish.sql."""

from pathlib import Path

from django.db import migrations

from consent.scope import append_only_sql

PUBLICATION, FIGURE = "consent_transparency_publication", "consent_transparency_figure"
INNER = "consent_transparency_counted(timestamptz, timestamptz), consent_transparency_protected(jsonb)"
RIGHTS = f"""
REVOKE ALL ON FUNCTION {INNER}, consent_transparency_publish() FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE ALL ON FUNCTION {INNER} FROM aurora_app;
    GRANT EXECUTE ON FUNCTION consent_transparency_publish() TO aurora_app;
    REVOKE ALL ON {PUBLICATION}, {FIGURE} FROM aurora_app;
    GRANT SELECT ON {PUBLICATION}, {FIGURE} TO aurora_app;
END IF; END $$;
"""
FUNCTIONS = (Path(__file__).parent / "0002_publish.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [
        ("consent_transparency", "0001_initial"),
        ("consent", "0015_purposes_of_the_twin"),
        ("ledger", "0003_kept_back"),
        ("consent_uses", "0002_rights"),
        ("consent_concerns", "0002_rights"),
        ("consent_breakglass", "0002_rights"),
    ]
    operations = [
        migrations.RunSQL(*append_only_sql(PUBLICATION)),
        migrations.RunSQL(*append_only_sql(FIGURE)),
        migrations.RunSQL(
            FUNCTIONS + RIGHTS,
            "DROP FUNCTION consent_transparency_publish(); DROP FUNCTION consent_transparency_protected(jsonb);"
            "DROP FUNCTION consent_transparency_counted(timestamptz, timestamptz);",
        ),
    ]
