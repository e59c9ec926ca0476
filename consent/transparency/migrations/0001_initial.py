import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("month", models.DateField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Figure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("measure", models.TextField()),
                ("agency", models.TextField()),
                ("told", models.BigIntegerField(null=True)),
                (
                    "month",
                    models.ForeignKey(
                        db_column="month",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="figures",
                        to="consent_transparency.publication",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("month", "measure", "agency"), name="one_figure_of_a_kind")],
            },
        ),
    ]
