"""A kind of message more: an estimate that a citizen had kept was deleted, since its model proved faulty. The column is as it was."""

from django.db import migrations, models

KINDS = (
    "receipt", "reminder_ongoing", "reminder_ending", "consent_expired", "agency_confirmed_deletion", "agency_overdue", "mandate_offered",
    "mandate_changed", "reconsent_needed", "estimate_recalled",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("aurora_messages", "0002_rights")]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(choices=[(kind, kind.replace("_", " ").title()) for kind in KINDS], max_length=32),
        )
    ]
