"""Tokens bound to keys (RFC 9449), tokens of the agency itself, and rotation for clients that want it.

Access tokens of before are bearer tokens: they go, and clients refresh. The function that looks a token up takes the proof as well, in
the same round trip; only a proof of the token's own key is taken, so that strangers fill no table.
"""

import authlib.oauth2.rfc6749.models
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

REASONS = [
    ("consent_withdrawn", "Consent Withdrawn"),
    ("code_replayed", "Code Replayed"),
    ("by_client", "By Client"),
    ("superseded", "Superseded"),
    ("refresh_replayed", "Refresh Replayed"),
]
BOUND = models.Q(("jkt__regex", "^[A-Za-z0-9_-]{43}$"))

# Proofs of before this moment were taken by nobody, so a new table has forgotten none.
UNLOGGED = """
ALTER TABLE consent_oauth_usedproof SET UNLOGGED;
ALTER TABLE consent_oauth_proofmemory SET UNLOGGED;
INSERT INTO consent_oauth_proofmemory (id, since) VALUES (1, now() - interval '1 hour');
"""

# taken: the first to present it; replayed: not the first; forgotten: signed before the memory begins, which a crash emptied.
TAKE = """
CREATE FUNCTION consent_oauth_take_proof(proof bytea, expires timestamptz, made_after timestamptz, at timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    begun timestamptz;
BEGIN
    SELECT m.since INTO begun FROM consent_oauth_proofmemory m WHERE m.id = 1;
    IF NOT FOUND THEN
        INSERT INTO consent_oauth_proofmemory (id, since) VALUES (1, at) ON CONFLICT DO NOTHING;
        SELECT m.since INTO begun FROM consent_oauth_proofmemory m WHERE m.id = 1;
    END IF;
    IF made_after < begun THEN
        RETURN 'forgotten';
    END IF;
    INSERT INTO consent_oauth_usedproof (digest, expires_at) VALUES (proof, expires) ON CONFLICT DO NOTHING;
    RETURN CASE WHEN FOUND THEN 'taken' ELSE 'replayed' END;
END
$$;
REVOKE ALL ON FUNCTION consent_oauth_take_proof(bytea, timestamptz, timestamptz, timestamptz) FROM PUBLIC;
"""

FORMER = """
CREATE FUNCTION consent_oauth_held_token(
    held bytea, OUT citizen_id uuid, OUT client_id text, OUT agency text, OUT grant_id uuid, OUT consent_id uuid, OUT detail jsonb,
    OUT expires_at timestamptz, OUT revoked_reason text
) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT t.citizen_id, c.client_id::text, a.code::text, t.grant_id, t.consent_id, t.detail, t.expires_at, t.revoked_reason::text
        FROM consent_oauth_accesstoken t
        JOIN consent_oauth_client c ON c.id = t.client_id AND c.active
        JOIN consent_agency a ON a.id = c.agency_id AND a.active
        WHERE t.digest = held;
END
$$;
REVOKE ALL ON FUNCTION consent_oauth_held_token(bytea) FROM PUBLIC;
"""

ARGUMENTS = "held bytea, key text, proof bytea, expires timestamptz, made_after timestamptz, with_nonce boolean, at timestamptz"
TYPES = "bytea, text, bytea, timestamptz, timestamptz, boolean, timestamptz"
VERDICT = """
    IF FOUND THEN
        verdict := CASE WHEN nonce_wanted AND NOT with_nonce THEN 'nonce'
                   ELSE consent_oauth_take_proof(proof, expires, made_after, at) END;
        RETURN NEXT;
    END IF;
"""

HELD = f"""
CREATE FUNCTION consent_oauth_held_token(
    {ARGUMENTS},
    OUT citizen_id uuid, OUT client_id text, OUT agency text, OUT grant_id uuid, OUT consent_id uuid, OUT detail jsonb,
    OUT expires_at timestamptz, OUT revoked_reason text, OUT nonce_wanted boolean, OUT verdict text
) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT t.citizen_id, c.client_id, a.code, t.grant_id, t.consent_id, t.detail, t.expires_at, t.revoked_reason, c.dpop_nonce
    INTO citizen_id, client_id, agency, grant_id, consent_id, detail, expires_at, revoked_reason, nonce_wanted
    FROM consent_oauth_accesstoken t
    JOIN consent_oauth_client c ON c.id = t.client_id AND c.active
    JOIN consent_agency a ON a.id = c.agency_id AND a.active
    WHERE t.digest = held AND t.jkt = key;
    {VERDICT}
END
$$;
REVOKE ALL ON FUNCTION consent_oauth_held_token({TYPES}) FROM PUBLIC;
"""

HELD_BY_CLIENT = f"""
CREATE FUNCTION consent_oauth_held_client_token(
    {ARGUMENTS},
    OUT client_id text, OUT agency text, OUT scopes varchar[], OUT expires_at timestamptz, OUT nonce_wanted boolean, OUT verdict text
) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT c.client_id, a.code, t.scopes, t.expires_at, c.dpop_nonce
    INTO client_id, agency, scopes, expires_at, nonce_wanted
    FROM consent_oauth_clienttoken t
    JOIN consent_oauth_client c ON c.id = t.client_id AND c.active
    JOIN consent_agency a ON a.id = c.agency_id AND a.active
    WHERE t.digest = held AND t.jkt = key AND t.revoked_at IS NULL;
    {VERDICT}
END
$$;
REVOKE ALL ON FUNCTION consent_oauth_held_client_token({TYPES}) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0006_client_key_sets")]
    operations = [
        migrations.CreateModel(
            name="ClientToken",
            fields=[
                ("digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("scopes", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None)),
                ("jkt", models.CharField(max_length=43)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent_oauth.client"),
                ),
            ],
            options={"constraints": [models.CheckConstraint(condition=BOUND, name="clienttoken_bound")]},
            bases=(authlib.oauth2.rfc6749.models.TokenMixin, models.Model),
        ),
        migrations.CreateModel(
            name="ProofMemory",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="UsedProof",
            fields=[
                (
                    "digest",
                    models.BinaryField(
                        help_text="SHA-256 of the key's thumbprint and the jti.", max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL("TRUNCATE consent_oauth_accesstoken;", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="accesstoken",
            name="jkt",
            field=models.CharField(default=None, help_text="Thumbprint of the key that it is bound to (RFC 9449, 6).", max_length=43),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="authorizationcode",
            name="dpop_jkt",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="The key it is for (RFC 9449, 10), or any.", max_length=43
            ),
        ),
        migrations.AddField(
            model_name="client",
            name="dpop_nonce",
            field=models.BooleanField(db_default=False, default=False, help_text="Its proofs need a nonce of ours (RFC 9449, 8)."),
        ),
        migrations.AddField(
            model_name="client",
            name="rotate_refresh",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Each refresh gives a new refresh token (RFC 9700, 4.14.2)."
            ),
        ),
        migrations.AlterField(
            model_name="pushedrequest",
            name="params",
            field=models.JSONField(help_text="redirect_uri, state, code_challenge, detail, dpop_jkt: validated."),
        ),
        migrations.AddField(model_name="refreshtoken", name="used_at", field=models.DateTimeField(null=True)),
        migrations.AlterField(
            model_name="accesstoken", name="revoked_reason", field=models.CharField(blank=True, choices=REASONS, max_length=20)
        ),
        migrations.AlterField(
            model_name="refreshtoken", name="revoked_reason", field=models.CharField(blank=True, choices=REASONS, max_length=20)
        ),
        migrations.AddConstraint(model_name="accesstoken", constraint=models.CheckConstraint(condition=BOUND, name="accesstoken_bound")),
        migrations.RunSQL(UNLOGGED, migrations.RunSQL.noop),
        migrations.RunSQL(TAKE, "DROP FUNCTION consent_oauth_take_proof(bytea, timestamptz, timestamptz, timestamptz);"),
        migrations.RunSQL("DROP FUNCTION consent_oauth_held_token(bytea);", FORMER),
        migrations.RunSQL(HELD, f"DROP FUNCTION consent_oauth_held_token({TYPES});"),
        migrations.RunSQL(HELD_BY_CLIENT, f"DROP FUNCTION consent_oauth_held_client_token({TYPES});"),
    ]
