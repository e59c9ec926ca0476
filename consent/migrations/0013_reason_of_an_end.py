"""Why somebody else than the citizen ended a consent: what the citizen asked an operator for is the citizen's own word."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0012_who_writes_mandates")]
    operations = [
        migrations.AddField(
            "consentevent",
            "reason",
            models.CharField(
                blank=True, db_default="", default="", help_text="Why somebody else than the citizen ended it.", max_length=32
            ),
        )
    ]
