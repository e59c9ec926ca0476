"""For whom a token is: Aurora's API, or an agency's own (RFC 8707, RFC 9068)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent_oauth", "0009_grant_parts"),
    ]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="audience",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="An agency's own API (RFC 9068); none: Aurora's.", max_length=512
            ),
        ),
        migrations.AddField(
            model_name="authorizationcode",
            name="resource",
            field=models.CharField(blank=True, db_default="", default="", help_text="As pushed (RFC 8707), or none.", max_length=512),
        ),
        migrations.AlterField(
            model_name="pushedrequest",
            name="params",
            field=models.JSONField(
                help_text="redirect_uri, state, code_challenge, detail, dpop_jkt, action, grant_id, resource: validated."
            ),
        ),
    ]
