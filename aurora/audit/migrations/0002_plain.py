"""A client's id may have a tilde: what was done to such a client is to stand in the trail, and is not refused for it."""

from django.db import migrations

PLAIN = """
CREATE OR REPLACE FUNCTION audit_plain(p_text text, p_most integer) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p_text ~ '^[A-Za-z0-9_.:@/~-]*$' AND length(p_text) <= p_most
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_trail")]

    operations = [migrations.RunSQL(PLAIN, migrations.RunSQL.noop)]
