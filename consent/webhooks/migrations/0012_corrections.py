"""A delivery may tell of a request to correct a fact, or that a fact was corrected: then it is of no consent."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0015_purposes_of_the_twin"),
        ("consent_oauth", "0017_usage_address"),
        ("consent_webhooks", "0011_erased"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_of_consent_or_concern",
        ),
        migrations.AddField(
            model_name="delivery",
            name="correction_id",
            field=models.UUIDField(
                help_text="The request to correct a fact, where this tells of one; then it is of no consent.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[
                    ("consent.withdrawn", "Withdrawn"),
                    ("consent.narrowed", "Narrowed"),
                    ("consent.expired", "Expired"),
                    ("consent.replaced", "Replaced"),
                    ("concern.raised", "Concern Raised"),
                    ("concern.replied", "Concern Replied"),
                    ("concern.closed", "Concern Closed"),
                    ("correction.asked", "Correction Asked"),
                    ("correction.closed", "Correction Closed"),
                    ("fact.corrected", "Fact Corrected"),
                    ("data.erased", "Erased"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("concern_id__isnull", True), ("consent__isnull", False), ("correction_id__isnull", True), ("grant__isnull", False)
                    ),
                    models.Q(
                        ("concern_id__isnull", False),
                        ("confirm_by__isnull", True),
                        ("consent__isnull", True),
                        ("correction_id__isnull", True),
                        ("grant__isnull", True),
                    ),
                    models.Q(
                        ("concern_id__isnull", True),
                        ("confirm_by__isnull", True),
                        ("consent__isnull", True),
                        ("correction_id__isnull", False),
                        ("grant__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="delivery_of_consent_or_concern",
            ),
        ),
    ]
