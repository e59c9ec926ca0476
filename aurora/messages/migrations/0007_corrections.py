"""Kinds of messages more: what became of a request to correct a fact. The column is as it was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aurora_messages", "0006_erasures"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("receipt", "Receipt"),
                    ("reminder_ongoing", "Reminder Ongoing"),
                    ("reminder_ending", "Reminder Ending"),
                    ("consent_expired", "Consent Expired"),
                    ("agency_confirmed_deletion", "Agency Confirmed Deletion"),
                    ("agency_overdue", "Agency Overdue"),
                    ("mandate_offered", "Mandate Offered"),
                    ("mandate_changed", "Mandate Changed"),
                    ("reconsent_needed", "Reconsent Needed"),
                    ("estimate_recalled", "Estimate Recalled"),
                    ("break_glass", "Break Glass"),
                    ("concern_answered", "Concern Answered"),
                    ("concern_put_off", "Concern Put Off"),
                    ("concern_overdue", "Concern Overdue"),
                    ("correction_answered", "Correction Answered"),
                    ("correction_overdue", "Correction Overdue"),
                    ("use_disclosed", "Use Disclosed"),
                    ("erasure_asked", "Erasure Asked"),
                    ("erasure_done", "Erasure Done"),
                ],
                max_length=32,
            ),
        ),
    ]
