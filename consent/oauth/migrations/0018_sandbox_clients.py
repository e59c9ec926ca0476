"""Clients that developers register by themselves in a sandbox, and what they asked lately."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent_oauth", "0017_usage_address"),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxClient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("secret_digest", models.BinaryField(unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="sandbox", to="consent_oauth.client"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SandboxRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=32)),
                ("subject", models.CharField(blank=True, max_length=64)),
                ("status", models.PositiveSmallIntegerField()),
                ("code", models.CharField(blank=True, max_length=64)),
                ("proved", models.BooleanField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="requests", to="consent_oauth.sandboxclient"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="sandboxclient",
            index=models.Index(condition=models.Q(("ended_at__isnull", True)), fields=["expires_at"], name="sandbox_client_live"),
        ),
        migrations.AddConstraint(
            model_name="sandboxclient",
            constraint=models.CheckConstraint(condition=models.Q(("expires_at__gt", models.F("created_at"))), name="sandbox_client_ends"),
        ),
        migrations.AddIndex(
            model_name="sandboxrequest",
            index=models.Index(fields=["client", "proved", "-id"], name="sandbox_request_newest"),
        ),
        migrations.AddIndex(
            model_name="sandboxrequest",
            index=models.Index(fields=["at"], name="sandbox_request_by_age"),
        ),
    ]
