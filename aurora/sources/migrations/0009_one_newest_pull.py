"""Every pull has its source, and each connection one newest pull: the database says so from now on."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sources", "0008_scale_functions")]
    operations = [
        migrations.AlterField(
            model_name="pull",
            name="source",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sources.datasource"),
        ),
        migrations.AddConstraint(
            model_name="pull",
            constraint=models.UniqueConstraint(condition=models.Q(("newest", True)), fields=("connection",), name="one_newest_pull"),
        ),
    ]
