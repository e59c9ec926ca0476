import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0004_agency_officers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="operator",
            name="roles",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("operations", "Operations"),
                        ("privacy_officer", "Privacy Officer"),
                        ("auditor", "Auditor"),
                        ("agency_officer", "Agency Officer"),
                        ("model_steward", "Model Steward"),
                    ],
                    max_length=16,
                ),
                default=list,
                size=None,
            ),
        ),
    ]
