"""Kinds of messages more: what became of a concern, and a use that a law had kept back. The column is as it was."""

from django.db import migrations, models

KINDS = (
    "receipt", "reminder_ongoing", "reminder_ending", "consent_expired", "agency_confirmed_deletion", "agency_overdue", "mandate_offered",
    "mandate_changed", "reconsent_needed", "estimate_recalled", "break_glass", "concern_answered", "concern_put_off", "concern_overdue",
    "use_disclosed",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("aurora_messages", "0004_break_glass")]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(choices=[(kind, kind.replace("_", " ").title()) for kind in KINDS], max_length=32),
        )
    ]
