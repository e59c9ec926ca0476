"""Lawful delay: what is kept back, who may have it kept back, and the functions that are the only way to either."""

import uuid
from pathlib import Path

from django.db import migrations, models
from django.db.models import F, Q

FUNCTIONS = (
    "ledger_time()",
    "ledger_delay_law(text)",
    "ledger_kept_closing(text, integer, timestamptz, timestamptz)",
    "ledger_keep_back(uuid, uuid, text, text, timestamptz, bytea, bytea)",
    "ledger_keep_longer(uuid, uuid, text, uuid, timestamptz, bytea, bytea)",
    "ledger_kept_citizen(uuid, text)",
    "ledger_kept_due(integer)",
    "ledger_kept_open(uuid)",
    "ledger_kept_disclosed(uuid, uuid)",
    "ledger_kept_erase(uuid)",
    "ledger_kept_counts()",
)
# Not to the service: what only other functions call, and erasure, which is the owner's.
INNER = ("ledger_kept_closing", "ledger_kept_erase")
GRANTED = [name for name in FUNCTIONS if not name.startswith(INNER)]
# No policy: under row-level security that is no row for anybody but the owner, even if somebody granted a right by mistake.
RIGHTS = f"""
ALTER TABLE ledger_keptback ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON FUNCTION {", ".join(FUNCTIONS)} FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        REVOKE ALL ON ledger_keptback FROM aurora_app;
        REVOKE DELETE, TRUNCATE ON ledger_delaypermission FROM aurora_app;
        REVOKE ALL ON FUNCTION {", ".join(FUNCTIONS)} FROM aurora_app;
        GRANT EXECUTE ON FUNCTION {", ".join(GRANTED)} TO aurora_app;
    END IF;
END
$$;
"""  # noqa: S608 - made of the constants above
REVERSE = (
    "DROP TRIGGER history ON ledger_delaypermission; DROP TRIGGER no_truncate ON ledger_keptback; DROP TRIGGER history ON ledger_keptback;"
    "DROP FUNCTION ledger_delaypermission_history(), ledger_keptback_history();"
    + "".join(f"DROP FUNCTION {name};" for name in reversed(FUNCTIONS))
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_months")]
    operations = [
        migrations.CreateModel(
            name="KeptBack",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("citizen_id", models.UUIDField(null=True)),
                ("agency", models.TextField()),
                ("law", models.TextField()),
                ("kept_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("state", models.TextField(choices=[("kept", "Kept"), ("disclosed", "Disclosed"), ("erased", "Erased")])),
                ("sealed", models.BinaryField(null=True)),
                ("longer_id", models.UUIDField(null=True, unique=True)),
                ("longer_at", models.DateTimeField(null=True)),
                ("longer_from", models.DateTimeField(null=True)),
                ("longer_sealed", models.BinaryField(null=True)),
                ("disclosed_at", models.DateTimeField(null=True)),
                ("entry_id", models.UUIDField(null=True)),
            ],
            options={
                "verbose_name_plural": "kept back",
                "indexes": [models.Index(fields=["until"], condition=Q(state="kept"), name="ledger_kept_due")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state="erased", citizen_id__isnull=True, sealed__isnull=True)
                        | (~Q(state="erased") & Q(citizen_id__isnull=False, sealed__isnull=False)),
                        name="ledger_kept_erased_is_gone",
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="disclosed") | Q(disclosed_at__isnull=False, entry_id__isnull=False),
                        name="ledger_kept_disclosed_where",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DelayPermission",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("agency", models.TextField()),
                ("law", models.TextField()),
                ("reason", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[("asked", "Asked"), ("standing", "Standing"), ("declined", "Declined"), ("ended", "Ended")],
                        default="asked",
                    ),
                ),
                ("asked_by", models.UUIDField(help_text="The operator's id.")),
                ("asked_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("ended_by", models.UUIDField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agency", "law"), condition=Q(state__in=["asked", "standing"]), name="ledger_delay_one_open"
                    ),
                    models.CheckConstraint(
                        condition=Q(state="asked", decided_by__isnull=True)
                        | Q(state="declined", decided_by__isnull=False)
                        | (Q(state__in=["standing", "ended"], decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                        name="ledger_delay_by_two",
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="ended") | Q(ended_by__isnull=False, ended_at__isnull=False), name="ledger_delay_ended"
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_name("0003_kept_back.sql").read_text("utf-8"), REVERSE),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
