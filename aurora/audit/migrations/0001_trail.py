"""The operators' trail, and the only way to write it."""

import uuid
from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("ledger", "0009_proof")]

    operations = [
        migrations.CreateModel(
            name="TrailHead",
            fields=[
                ("operator_id", models.UUIDField(primary_key=True, serialize=False)),
                ("first", models.BigIntegerField(default=1)),
                ("number", models.BigIntegerField()),
                ("commitment", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="OperatorDeed",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("operator_id", models.UUIDField()),
                ("number", models.BigIntegerField()),
                ("prev", models.BinaryField()),
                ("commitment", models.BinaryField()),
                ("at", models.DateTimeField(help_text="By the database's clock.")),
                ("kind", models.TextField(choices=[("opened", "Opened"), ("sent", "Sent"), ("deed", "Deed"), ("sign_in", "Sign In")])),
                ("route", models.TextField()),
                ("deed", models.TextField()),
                ("about", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("outcome", models.TextField()),
                ("salt", models.BinaryField()),
            ],
            options={
                "indexes": [models.Index(fields=["-id"], name="audit_newest"), models.Index(fields=["deed", "-id"], name="audit_by_deed")],
                "constraints": [models.UniqueConstraint(fields=("operator_id", "number"), name="audit_one_number")],
            },
        ),
        migrations.RunSQL(
            (Path(__file__).parent / "0001_trail.sql").read_text(encoding="utf-8"),
            "DROP TRIGGER stays_whole ON audit_operatordeed; DROP TRIGGER stays ON audit_operatordeed; DROP FUNCTION audit_operatordeed_stays();"
            "ALTER TABLE audit_operatordeed DROP CONSTRAINT audit_plain; DROP FUNCTION audit_plain(text, integer);"
            "DROP FUNCTION audit_note(uuid, uuid, text, text, text, text[], text, bytea);",
        ),
    ]
