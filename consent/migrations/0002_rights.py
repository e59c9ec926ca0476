"""Row-level security on what is a citizen's, history that cannot be rewritten, and counts that name nobody."""

from django.db import migrations

from consent.scope import append_only_sql, policy_sql

COUNTS = """
CREATE FUNCTION consent_counts() RETURNS TABLE (purpose varchar, state varchar, records bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.purpose_id, CASE WHEN r.state = 'given' AND r.expires_at <= now() THEN 'expired' ELSE r.state END, count(*)
    FROM consent_consentrecord r GROUP BY 1, 2
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]
    operations = [
        migrations.RunSQL(*policy_sql("consent_consentrecord")),
        migrations.RunSQL(*policy_sql("consent_consentevent")),
        migrations.RunSQL(*append_only_sql("consent_consentevent")),
        migrations.RunSQL(*append_only_sql("consent_notice")),
        migrations.RunSQL(COUNTS, "DROP FUNCTION consent_counts();"),
    ]
