"""The access log lies by months, and an entry on a permit bears the permit's id."""

from pathlib import Path

from django.db import migrations

from consent.scope import policy_sql

HERE = Path(__file__).parent
TABLE = "ledger_ledgerentry"
APPEND = "ledger_append(uuid, uuid, timestamptz, text, text, text, text[], uuid[], text, uuid, text, bytea, bytea)"
INNER = "ledger_first_id(timestamptz), ledger_finish_part(text), ledger_make_month(date)"

# A function that is replaced keeps its rights; these are new. What only other functions call is the owner's alone.
RIGHTS = f"""
REVOKE ALL ON FUNCTION {INNER}, ledger_make_months() FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        REVOKE ALL ON FUNCTION {INNER} FROM aurora_app;
        REVOKE ALL ON {TABLE} FROM aurora_app;
        GRANT SELECT ON {TABLE} TO aurora_app;
        GRANT EXECUTE ON FUNCTION ledger_make_months() TO aurora_app;
    END IF;
END
$$;
"""

# Back to one table, with everything that migration 0001 gave it.
WHOLE = f"""
ALTER TABLE {TABLE} RENAME TO ledger_entry_months;
ALTER TABLE ledger_entry_months RENAME CONSTRAINT ledger_ledgerentry_pkey TO ledger_entry_months_pkey;
CREATE TABLE {TABLE} (LIKE ledger_entry_months INCLUDING CONSTRAINTS);
INSERT INTO {TABLE} SELECT * FROM ledger_entry_months;
ALTER TABLE {TABLE} ADD CONSTRAINT ledger_ledgerentry_pkey PRIMARY KEY (id);
ALTER TABLE {TABLE} ADD CONSTRAINT ledger_entry_citizen_seq UNIQUE (citizen_id, seq);
CREATE UNIQUE INDEX ledger_entry_permit ON {TABLE} (permit_id) WHERE permit_id IS NOT NULL;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
DROP TABLE ledger_entry_months;
DROP SCHEMA ledger_months;
DROP FUNCTION ledger_make_months();
DROP FUNCTION ledger_make_month(date);
DROP FUNCTION ledger_finish_part(text);
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        REVOKE ALL ON {TABLE} FROM aurora_app;
        GRANT SELECT ON {TABLE} TO aurora_app;
    END IF;
END
$$;
"""  # noqa: S608 - made of the constants above


def _sql(name: str) -> str:
    return (HERE / name).read_text("utf-8")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_access_log")]

    operations = [
        # In the database the number is unique within a month, and over all months by the lock of the citizen's head.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("LedgerEntry", "ledger_entry_citizen_seq"),
                migrations.RemoveConstraint("LedgerEntry", "ledger_entry_permit"),
            ]
        ),
        # Run backwards from the last: the former function, the one table, its policy.
        migrations.RunSQL(migrations.RunSQL.noop, policy_sql(TABLE)[0]),
        migrations.RunSQL(_sql("0002_months.sql"), WHOLE),
        migrations.RunSQL(policy_sql(TABLE)[0], migrations.RunSQL.noop),
        migrations.RunSQL(
            _sql("0002_append.sql"),
            _sql("0001_append.sql").replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
            + "DROP FUNCTION ledger_first_id(timestamptz);",
        ),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
