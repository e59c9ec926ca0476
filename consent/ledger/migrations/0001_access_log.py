"""The access log: tables, the function that appends, and what nobody may do to them."""

import uuid
from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models import Q

from consent.scope import policy_sql

PERSONAL = ("ledger_ledgerentry", "ledger_head")
TREE = ("ledger_pending", "ledger_leaf", "ledger_tile", "ledger_checkpoint", "ledger_key")
SIGNATURE = "ledger_append(uuid, uuid, timestamptz, text, text, text, text[], uuid[], text, uuid, text, bytea, bytea)"

APPEND_ONLY = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the access log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
-- For each statement, not for each row: it is refused even where row-level security would leave it nothing to change.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

SHAPE = """
ALTER TABLE ledger_ledgerentry ADD CONSTRAINT ledger_entry_hashes
    CHECK (octet_length(prev) = 32 AND octet_length(commitment) = 32);
ALTER TABLE ledger_leaf ADD CONSTRAINT ledger_leaf_hash CHECK (index >= 0 AND octet_length(commitment) = 32);
ALTER TABLE ledger_tile ADD CONSTRAINT ledger_tile_hashes
    CHECK (index >= 0 AND octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0);
-- Hashes do not compress: do not try.
ALTER TABLE ledger_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
-- A head row is updated at each append: leave room for it on its page (no index changes).
ALTER TABLE ledger_head SET (fillfactor = 50);
-- A queue: its dead rows must go long before a fifth of the table is dead.
ALTER TABLE ledger_pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
"""

# The roles are there before migrations run; where they are not, the owner's rights are all there is.
# aurora_sequencer is for who wants the sequencer to run with less than the owner's rights; Aurora does not make it.
RIGHTS = f"""
REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        REVOKE ALL ON {", ".join(PERSONAL + TREE)} FROM aurora_app;
        REVOKE ALL ON SEQUENCE ledger_pending_id_seq FROM aurora_app;
        GRANT SELECT ON {", ".join(PERSONAL + TREE)} TO aurora_app;
        GRANT EXECUTE ON FUNCTION {SIGNATURE} TO aurora_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_sequencer') THEN
        GRANT SELECT, DELETE ON ledger_pending TO aurora_sequencer;
        GRANT SELECT, INSERT ON ledger_leaf TO aurora_sequencer;
        GRANT SELECT, INSERT, UPDATE ON ledger_tile, ledger_checkpoint, ledger_key TO aurora_sequencer;
    END IF;
END
$$;
"""  # noqa: S608 - made of the constants above


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("citizen_id", models.UUIDField()),
                ("seq", models.BigIntegerField()),
                ("prev", models.BinaryField()),
                ("commitment", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("event", models.TextField()),
                ("actor", models.TextField()),
                ("purpose", models.TextField(null=True)),
                ("categories", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("consent_ids", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("decision", models.TextField()),
                ("permit_id", models.UUIDField(null=True)),
                ("source", models.TextField(null=True)),
                ("sealed", models.BinaryField()),
            ],
            options={
                "verbose_name": "ledger entry",
                "verbose_name_plural": "ledger entries",
                "constraints": [
                    models.UniqueConstraint(fields=("citizen_id", "seq"), name="ledger_entry_citizen_seq"),
                    models.UniqueConstraint(fields=("permit_id",), condition=Q(permit_id__isnull=False), name="ledger_entry_permit"),
                    models.CheckConstraint(condition=Q(seq__gte=1), name="ledger_entry_seq_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("citizen_id", models.UUIDField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("prev", models.BinaryField()),
                ("commitment", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Pending",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("entry_id", models.UUIDField()),
                ("commitment", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.UUIDField(unique=True)),
                ("commitment", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey("level", "index", blank=True, editable=False, primary_key=True, serialize=False),
                ),
                ("level", models.SmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hashes", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("note", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Key",
            fields=[
                ("vkey", models.TextField(primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(SHAPE, migrations.RunSQL.noop),
        *(migrations.RunSQL(*policy_sql(table)) for table in PERSONAL),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER append_only ON ledger_leaf; DROP TRIGGER append_only ON ledger_ledgerentry; "
            "DROP FUNCTION ledger_refuse_change();",
        ),
        migrations.RunSQL(Path(__file__).with_name("0001_append.sql").read_text("utf-8"), f"DROP FUNCTION {SIGNATURE};"),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
