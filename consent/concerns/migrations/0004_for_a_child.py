"""A guardian reports a concern for a child: the case keeps on which mandate. None of before was, and none is given one afterwards (the trigger of 0002)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent_concerns", "0003_erasure"), ("consent", "0015_purposes_of_the_twin")]

    operations = [
        migrations.AddField(
            model_name="concern",
            name="mandate",
            field=models.ForeignKey(
                help_text="On which a guardian reported it for a child. Null: the citizen did.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consent.mandate",
            ),
        ),
    ]
