"""A kind of message more: somebody who runs Aurora may look at data without a consent, or was found to have done so without good cause. The column is as it was."""

from django.db import migrations, models

KINDS = (
    "receipt", "reminder_ongoing", "reminder_ending", "consent_expired", "agency_confirmed_deletion", "agency_overdue", "mandate_offered",
    "mandate_changed", "reconsent_needed", "estimate_recalled", "break_glass",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("aurora_messages", "0003_estimate_recalled")]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(choices=[(kind, kind.replace("_", " ").title()) for kind in KINDS], max_length=32),
        )
    ]
