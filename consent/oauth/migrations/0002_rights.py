"""Row-level security on what bears a citizen. Who holds a code or token finds its row, no other; writing takes the citizen's scope."""

from django.db import migrations

from consent.scope import CURRENT_LOOKUP, policy_sql

HELD = f"digest = {CURRENT_LOOKUP}"

# A used code is what its replay is recognised by: it stays as long as a token that came of it.
PURGE = """
CREATE FUNCTION consent_oauth_purge(at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
    total bigint := 0;
BEGIN
    DELETE FROM consent_oauth_accesstoken WHERE expires_at < at - interval '1 day';
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM consent_oauth_refreshtoken WHERE expires_at < at - interval '1 day';
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM consent_oauth_authorizationcode c
    WHERE c.expires_at < at - interval '1 day'
      AND NOT EXISTS (SELECT FROM consent_oauth_accesstoken t WHERE t.code_digest = c.digest)
      AND NOT EXISTS (SELECT FROM consent_oauth_refreshtoken t WHERE t.code_digest = c.digest);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN total + gone;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0001_initial")]
    operations = [
        migrations.RunSQL(*policy_sql("consent_oauth_grant")),
        migrations.RunSQL(*policy_sql("consent_oauth_authorizationcode", extra=HELD)),
        migrations.RunSQL(*policy_sql("consent_oauth_accesstoken", extra=HELD)),
        migrations.RunSQL(*policy_sql("consent_oauth_refreshtoken", extra=HELD)),
        migrations.RunSQL(PURGE, "DROP FUNCTION consent_oauth_purge(timestamptz);"),
    ]
