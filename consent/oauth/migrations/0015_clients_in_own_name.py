import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """A client need not ask citizens for anything. Changes nothing in the database: the arrays could be empty there before."""

    dependencies = [("consent_oauth", "0014_drafts_begin_open")]
    operations = [
        migrations.AlterField(
            model_name="client",
            name="redirect_uris",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=512), blank=True, help_text="Compared exactly (RFC 9700, 2.1).", size=None
            ),
        ),
        migrations.AlterField(
            model_name="client",
            name="allowed_purposes",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, size=None),
        ),
        migrations.AlterField(
            model_name="client",
            name="allowed_categories",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, size=None),
        ),
    ]
