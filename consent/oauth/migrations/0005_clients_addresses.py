"""Where else an agency is: its keys, its notices, its own API."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0003_narrowed_and_expired"),
        ("consent_oauth", "0004_held_token"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="jwks_uri",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Where the agency keeps its public keys (RFC 7591, 2).", max_length=512
            ),
        ),
        migrations.AddField(
            model_name="client",
            name="notice_uri",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Where signed notices of withdrawal go.", max_length=512
            ),
        ),
        migrations.AddField(
            model_name="client",
            name="resource",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The agency's own API, as the audience of tokens that are for it (RFC 8707).",
                max_length=512,
            ),
        ),
        migrations.AlterField(
            model_name="client",
            name="jwks",
            field=models.JSONField(blank=True, help_text="Public keys (RFC 7517); or jwks_uri, where they are.", null=True),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("jwks__isnull", False), ("jwks_uri", "")),
                    models.Q(("jwks__isnull", True), models.Q(("jwks_uri", ""), _negated=True)),
                    _connector="OR",
                ),
                name="client_keys_or_their_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resource", ""), _negated=True), fields=("resource",), name="client_resource_once"
            ),
        ),
    ]
