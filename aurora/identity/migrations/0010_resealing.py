"""A citizen's data key has two versions for a while: what may be sealed anew where nothing may be changed, and how the former one ends."""

from pathlib import Path

from django.db import migrations

from consent.scope import policy_sql

# To the service: what the rotation calls. The rest is called by these functions and by triggers, as their owner.
GRANTED = (
    "vault.key_of_kept(uuid, integer)",
    "vault.reseal(text, text, uuid, bytea, bytea)",
    "vault.oldest_transaction()",
    "vault.retire_former(uuid)",
    "vault.forget_hidden()",
    "vault.rotations_due(timestamptz, integer)",
    "vault.keys_before(timestamptz, integer)",
    "vault.rotation_counts()",
)
INNER = ("vault.sealed_head(integer)", "vault.keeps_back(uuid, integer)", "vault.reseals(uuid, bytea, bytea)")
TRIGGERS = ("vault.resealed_only()", "vault.append_only()")
ALL = ", ".join(GRANTED + INNER + TRIGGERS)
RIGHTS = f"""
REVOKE ALL ON FUNCTION {ALL} FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE ALL ON FUNCTION {ALL} FROM aurora_app;
    GRANT EXECUTE ON FUNCTION {", ".join(GRANTED)} TO aurora_app;
    REVOKE UPDATE, DELETE, TRUNCATE ON vault.former_key FROM aurora_app;
    REVOKE DELETE, TRUNCATE ON vault.key_rotation FROM aurora_app;
END IF; END $$;
"""
BACK = """
DROP TRIGGER resealed_only ON ledger_ledgerentry;
DROP TRIGGER resealed_only ON consent_receipt;
DROP TRIGGER resealed_only ON consent_concerns_concernpart;
CREATE OR REPLACE FUNCTION erasures_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND nullif(current_setting('aurora.erasing', true), '') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER append_only ON consent_concerns_concernpart;
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON consent_concerns_concernpart
    FOR EACH STATEMENT EXECUTE FUNCTION consent_concerns_concernpart_append_only();
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nullif(current_setting('aurora.erasing', true), '') IS NOT NULL
        AND (TG_TABLE_NAME, TG_OP) IN (('ledger_ledgerentry', 'DELETE'), ('ledger_leaf', 'UPDATE')) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% on % is refused: the access log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
ALTER TABLE vault.key_rotation DROP CONSTRAINT key_rotation_goes_along;
ALTER TABLE vault.former_key DROP CONSTRAINT former_key_goes_along;
DROP POLICY own_rows ON vault.former_key;
ALTER TABLE vault.former_key DISABLE ROW LEVEL SECURITY;
""" + "".join(f"DROP FUNCTION {name};" for name in (*GRANTED, *TRIGGERS, "vault.reseals(uuid, bytea, bytea)", "vault.keeps_back(uuid, integer)", "vault.sealed_head(integer)"))  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0009_key_rotation"),
        ("ledger", "0009_proof"),
        ("consent", "0015_purposes_of_the_twin"),
        ("consent_concerns", "0004_for_a_child"),
        ("consent_uses", "0004_bounds"),
        ("erasures", "0002_rights"),
    ]
    operations = [
        migrations.RunSQL(*policy_sql("vault.key_rotation")),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), BACK),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
