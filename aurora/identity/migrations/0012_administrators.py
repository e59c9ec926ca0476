"""Two more roles: who edits the catalogue, and who says which operators there are."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0011_marking_key"),
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
                        ("catalogue_editor", "Catalogue Editor"),
                        ("administrator", "Administrator"),
                    ],
                    max_length=16,
                ),
                default=list,
                size=None,
            ),
        ),
    ]
