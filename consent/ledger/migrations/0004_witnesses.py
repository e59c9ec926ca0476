"""Witnesses, what they cosigned, alarms, and heads of former names; and who may write which of them."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

# The worker, in the service's role, asks the witnesses and keeps what they say. Nobody but the owner deletes anything; the service cannot change what an
# alarm says, nor whose a cosignature is. Former heads come from the sequencer, out of its file.
RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        REVOKE ALL ON ledger_witness, ledger_cosignature, ledger_alarm, ledger_former FROM aurora_app;
        GRANT SELECT, INSERT ON ledger_witness, ledger_cosignature, ledger_alarm TO aurora_app;
        GRANT SELECT ON ledger_former TO aurora_app;
        GRANT UPDATE (size, stated_at, cosigned_at, due_at, lease, leased_until, failures, trouble) ON ledger_witness TO aurora_app;
        GRANT UPDATE (line, at) ON ledger_cosignature TO aurora_app;
        GRANT UPDATE (seen_at, seen_by) ON ledger_alarm TO aurora_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_sequencer') THEN
        GRANT DELETE ON ledger_checkpoint TO aurora_sequencer;
        GRANT SELECT, DELETE ON ledger_cosignature TO aurora_sequencer;
        GRANT SELECT, INSERT, UPDATE ON ledger_former TO aurora_sequencer;
        GRANT SELECT, INSERT ON ledger_alarm TO aurora_sequencer;
        GRANT USAGE ON SEQUENCE ledger_alarm_id_seq TO aurora_sequencer;
    END IF;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_kept_back"),
    ]

    operations = [
        migrations.CreateModel(
            name="Former",
            fields=[
                ("origin", models.TextField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("note", models.TextField()),
                ("told", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("inconsistent", "Inconsistent"),
                            ("unknown_size", "Unknown Size"),
                            ("witness_went_back", "Witness Went Back"),
                            ("tree_damaged", "Tree Damaged"),
                        ]
                    ),
                ),
                ("origin", models.TextField()),
                ("witness", models.TextField(default="")),
                ("size", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                ("seen_by", models.UUIDField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "origin", "witness", "size"), name="ledger_alarm_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("seen_at__isnull", True), ("seen_by__isnull", True)),
                            models.Q(("seen_at__isnull", False), ("seen_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="ledger_alarm_seen_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Witness",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("origin", models.TextField()),
                ("vkey", models.TextField()),
                ("size", models.BigIntegerField(default=0)),
                ("stated_at", models.BigIntegerField(null=True)),
                ("cosigned_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField()),
                ("lease", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("trouble", models.TextField(default="")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("origin", "vkey"), name="ledger_witness_once")],
            },
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("origin", models.TextField()),
                ("size", models.BigIntegerField()),
                ("line", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "witness",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="cosignatures", to="ledger.witness"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("origin", "size", "witness"), name="ledger_cosignature_once")],
            },
        ),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
