"""Counts of requests by month, which nobody asked for: what is published comes of `consent_transparency`. A function less that looks across citizens."""

from importlib import import_module

from django.db import migrations

# As it stood, for the way back.
BEFORE = import_module("consent.breakglass.migrations.0003_erasure").NOW
GIVEN = """
REVOKE ALL ON FUNCTION consent_breakglass_totals(timestamptz) FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION consent_breakglass_totals(timestamptz) TO aurora_app;
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_breakglass", "0004_words_stay")]
    operations = [migrations.RunSQL("DROP FUNCTION consent_breakglass_totals(timestamptz);", BEFORE + GIVEN)]
