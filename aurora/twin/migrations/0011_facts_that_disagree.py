"""Facts that disagree, or are asked to be corrected, are marked; what a citizen holds to be right is a row of theirs; what was known at a time has an index."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from consent.scope import policy_sql

TABLE = "twin_factchoice"
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"


class Migration(migrations.Migration):
    dependencies = [
        ("twin", "0010_behind_estimates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FactChoice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("concept", models.CharField(max_length=64)),
                ("category", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=64)),
                ("source", models.CharField(max_length=64)),
                ("chosen_at", models.DateTimeField()),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name="fact",
            name="differs",
            field=models.BooleanField(db_default=False, default=False, help_text="Another current fact says otherwise of the same."),
        ),
        migrations.AddField(
            model_name="fact",
            name="in_question",
            field=models.BooleanField(db_default=False, default=False, help_text="The citizen has asked its source to correct it."),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                condition=models.Q(("superseded_at__isnull", False)),
                fields=["citizen", "category", "superseded_at"],
                name="fact_known_until",
            ),
        ),
        migrations.AddField(
            model_name="factchoice",
            name="citizen",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name="factchoice",
            constraint=models.UniqueConstraint(fields=("citizen", "concept"), name="one_choice_a_concept"),
        ),
        migrations.RunSQL(*policy_sql(TABLE)),
        # Another choice is another row.
        migrations.RunSQL(
            AS_APP.format(f"REVOKE UPDATE, TRUNCATE ON {TABLE} FROM aurora_app;"), AS_APP.format(f"GRANT UPDATE ON {TABLE} TO aurora_app;")
        ),
    ]
