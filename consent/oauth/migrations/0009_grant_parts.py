"""A grant has parts, each a consent, and keeps nothing of what they say.

The function tells of a grant whose citizen it is, to who names its client as well: with that scope the grant itself can be read.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from consent.scope import policy_sql

FORWARD = """
INSERT INTO consent_oauth_grantpart (grant_id, citizen_id, consent_id, added_at)
SELECT id, citizen_id, consent_id, created_at FROM consent_oauth_grant;
UPDATE consent_oauth_authorizationcode c SET part_id = p.id FROM consent_oauth_grantpart p WHERE p.grant_id = c.grant_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""
# Back again a grant is its newest part; the details are of the whole consent, as they were when they were kept.
BACKWARD = """
UPDATE consent_oauth_grant g
SET consent_id = p.consent_id,
    authorization_details = jsonb_build_object(
        'type', 'aurora_twin_access', 'purpose', r.purpose_id, 'categories', to_jsonb(r.categories), 'once', r.once,
        'until', to_char((r.expires_at - interval '1 microsecond') AT TIME ZONE 'Europe/Helsinki', 'YYYY-MM-DD')
    )
FROM (SELECT DISTINCT ON (grant_id) * FROM consent_oauth_grantpart ORDER BY grant_id, added_at DESC, id DESC) p
JOIN consent_consentrecord r ON r.id = p.consent_id
WHERE p.grant_id = g.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""

CITIZEN_OF = """
CREATE FUNCTION consent_oauth_citizen_of_grant(which uuid, holder text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT g.citizen_id FROM consent_oauth_grant g JOIN consent_oauth_client c ON c.id = g.client_id
    WHERE g.id = which AND c.client_id = holder
$$;
REVOKE ALL ON FUNCTION consent_oauth_citizen_of_grant(uuid, text) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION consent_oauth_citizen_of_grant(uuid, text) TO aurora_app;
    END IF;
END $$;
"""

# What the consent of an access token is and was given to, for who holds the token: introspection asks it in one round trip.
CONSENT_OF = """
CREATE FUNCTION consent_oauth_consent_of_token(
    held bytea, at timestamptz, OUT purpose text, OUT categories varchar[], OUT withdrawn varchar[], OUT category_versions jsonb,
    OUT recipient_version smallint, OUT purpose_version smallint, OUT purposes jsonb, OUT data jsonb, OUT agency smallint
) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT r.purpose_id::text, r.categories, r.withdrawn, r.category_versions, r.recipient_version, v.version,
            (SELECT jsonb_object_agg(p.code, p.binding_since) FROM consent_purpose p WHERE p.binding_since > 1),
            (SELECT jsonb_object_agg(d.code, d.binding_since) FROM consent_datacategory d WHERE d.binding_since > 1),
            a.binding_since
        FROM consent_oauth_accesstoken t
        JOIN consent_consentrecord r ON r.id = t.consent_id
        JOIN consent_purposeversion v ON v.id = r.purpose_version_id
        JOIN consent_agency a ON a.id = r.recipient_id
        WHERE t.digest = held AND r.state = 'given' AND r.not_before <= at AND r.expires_at > at;
END
$$;
REVOKE ALL ON FUNCTION consent_oauth_consent_of_token(bytea, timestamptz) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION consent_oauth_consent_of_token(bytea, timestamptz) TO aurora_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent_oauth", "0008_client_drafts"),
        ("consent", "0007_running_out"),
        ("consent_webhooks", "0002_rights"),  # it names the column that goes; 0003 no longer does
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="GrantPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("added_at", models.DateTimeField()),
                (
                    "citizen",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "consent",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.consentrecord"),
                ),
                (
                    "grant",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="consent_oauth.grant"),
                ),
            ],
        ),
        migrations.RunSQL(*policy_sql("consent_oauth_grantpart")),
        migrations.AddField(
            model_name="authorizationcode",
            name="part",
            field=models.ForeignKey(
                help_text="What was just decided.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consent_oauth.grantpart",
            ),
        ),
        # Backwards the columns come back empty, are filled, and only then must be.
        migrations.AlterField(model_name="grant", name="authorization_details", field=models.JSONField(null=True)),
        migrations.AlterField(
            model_name="grant",
            name="consent",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.consentrecord"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveField(model_name="grant", name="authorization_details"),
        migrations.RemoveField(model_name="grant", name="consent"),
        migrations.AlterField(
            model_name="authorizationcode",
            name="part",
            field=models.ForeignKey(
                help_text="What was just decided.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consent_oauth.grantpart",
            ),
        ),
        migrations.AlterField(
            model_name="pushedrequest",
            name="params",
            field=models.JSONField(help_text="redirect_uri, state, code_challenge, detail, dpop_jkt, action, grant_id: validated."),
        ),
        migrations.RunSQL(CITIZEN_OF, "DROP FUNCTION consent_oauth_citizen_of_grant(uuid, text);"),
        migrations.RunSQL(CONSENT_OF, "DROP FUNCTION consent_oauth_consent_of_token(bytea, timestamptz);"),
    ]
