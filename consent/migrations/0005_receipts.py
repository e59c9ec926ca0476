"""Receipts: the citizen's own, sealed, never changed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from consent.scope import append_only_sql, policy_sql

KINDS = [
    ("given", "Given"),
    ("declined", "Declined"),
    ("replaced", "Replaced"),
    ("narrowed", "Narrowed"),
    ("withdrawn", "Withdrawn"),
    ("expired", "Expired"),
]


class Migration(migrations.Migration):
    dependencies = [("consent", "0004_versions"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("language", models.CharField(max_length=2)),
                ("issued_at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
                ("sealed", models.BinaryField()),
                (
                    "citizen",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "consent",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="receipts", to="consent.consentrecord"),
                ),
                (
                    "event",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="receipt", to="consent.consentevent"),
                ),
            ],
            options={"ordering": ["issued_at", "id"]},
        ),
        migrations.RunSQL(*policy_sql("consent_receipt")),
        migrations.RunSQL(*append_only_sql("consent_receipt")),
    ]
