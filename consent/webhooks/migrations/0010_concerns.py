"""What agencies are told of may be a citizen's case that they must answer: then it is of no consent."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

KINDS = (
    ("consent.withdrawn", "Withdrawn"), ("consent.narrowed", "Narrowed"), ("consent.expired", "Expired"), ("consent.replaced", "Replaced"),
    ("concern.raised", "Concern Raised"), ("concern.replied", "Concern Replied"), ("concern.closed", "Concern Closed"),
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0009_endings_by_two")]
    operations = [
        migrations.AlterField("delivery", "kind", models.CharField(choices=list(KINDS), max_length=20)),
        migrations.AlterField(
            "delivery",
            "grant",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent_oauth.grant"),
        ),
        migrations.AlterField(
            "delivery",
            "consent",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.consentrecord"),
        ),
        migrations.AddField(
            "delivery",
            "concern_id",
            models.UUIDField(help_text="The citizen's case, where this tells of one; then it is of no consent.", null=True),
        ),
        migrations.AddIndex(
            "delivery", models.Index(fields=["concern_id"], condition=Q(concern_id__isnull=False), name="delivery_of_concern")
        ),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(
                condition=Q(concern_id__isnull=True, consent__isnull=False, grant__isnull=False)
                | Q(concern_id__isnull=False, consent__isnull=True, grant__isnull=True, confirm_by__isnull=True),
                name="delivery_of_consent_or_concern",
            ),
        ),
    ]
