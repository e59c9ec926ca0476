"""Two indexes that others begin with, less: each is a page more that a planned pull writes to somewhere."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sources", "0010_token_context"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # By priority too: who waits, and what is planned, are each found in order.
        migrations.RemoveIndex(model_name="pull", name="pull_queued_of_source"),
        migrations.AddIndex(
            model_name="pull",
            index=models.Index(
                condition=models.Q(("state", "queued")), fields=["source", "priority", "due_at"], name="pull_queued_of_source"
            ),
        ),
        migrations.AlterField(
            model_name="pull",
            name="citizen",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="pullpart",
            name="pull",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="sources.pull"),
        ),
    ]
