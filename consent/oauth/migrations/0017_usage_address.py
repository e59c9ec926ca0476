"""Where an agency tells of its uses when asked (findUsage)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0016_still_registered")]
    operations = [
        migrations.AddField(
            model_name="client",
            name="usage_uri",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Where the agency tells of its uses when asked (findUsage).",
                max_length=512,
            ),
        ),
    ]
