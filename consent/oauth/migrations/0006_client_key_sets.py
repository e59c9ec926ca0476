"""What clients' jwks_uri last answered."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent_oauth", "0005_clients_addresses"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClientKeySet",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="consent_oauth.client",
                    ),
                ),
                ("uri", models.CharField(help_text="Where it was fetched; keys of another address are not the client's.", max_length=512)),
                ("jwks", models.JSONField(null=True)),
                ("etag", models.CharField(blank=True, max_length=256)),
                (
                    "fetched_at",
                    models.DateTimeField(
                        help_text="When the address last answered with a good set, or said that nothing changed.", null=True
                    ),
                ),
                (
                    "tried_at",
                    models.DateTimeField(
                        help_text="When a fetch last began: the claim of who fetches, and what spaces fetches out.", null=True
                    ),
                ),
                ("next_due", models.DateTimeField(db_index=True, help_text="When the worker refreshes it.")),
                ("failures", models.PositiveIntegerField(default=0, help_text="In a row.")),
                ("error", models.CharField(blank=True, help_text="Why the last fetch failed.", max_length=32)),
            ],
        ),
    ]
