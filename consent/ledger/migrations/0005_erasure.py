"""What is left of a citizen's log once it is erased: commitments."""

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

from consent.scope import policy_sql

OUTER = "ledger_ask_erasure(uuid, uuid), ledger_cancel_erasure(uuid, uuid), ledger_erase(uuid)"
INNER = "ledger_erasure_entry(uuid, uuid, text), ledger_erased_citizen(), ledger_refuse_entry(), ledger_refuse_leaf()"
GONE = "None once its citizen's log is erased."
RIGHTS = f"""
REVOKE ALL ON FUNCTION {OUTER}, {INNER} FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        REVOKE ALL ON FUNCTION {INNER} FROM aurora_app;
        GRANT EXECUTE ON FUNCTION {OUTER} TO aurora_app;
        REVOKE ALL ON ledger_erasure FROM aurora_app;
        GRANT SELECT ON ledger_erasure TO aurora_app;
    END IF;
END
$$;
"""
BACK = f"""
DROP TRIGGER erased_only ON ledger_leaf;
DROP TRIGGER erased_only ON ledger_ledgerentry;
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the access log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
DROP FUNCTION {OUTER}, {INNER};
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_witnesses")]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("citizen_id", models.UUIDField(null=True, unique=True)),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("entries", models.BigIntegerField(null=True)),
                ("head", models.BinaryField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(done_at__isnull=True, citizen_id__isnull=False) | Q(done_at__isnull=False, citizen_id__isnull=True),
                        name="ledger_erased_is_nobodys",
                    )
                ]
            },
        ),
        migrations.AlterField("Pending", "entry_id", models.UUIDField(null=True, help_text=GONE)),
        migrations.AlterField("Leaf", "entry_id", models.UUIDField(null=True, unique=True, help_text=GONE)),
        migrations.RunSQL(*policy_sql("ledger_erasure")),
        migrations.RunSQL(Path(__file__).with_name("0005_erasure.sql").read_text("utf-8"), BACK),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
