"""Feedback on suggestions, under row-level security; the service may change a reason, and not whose it is, of which run, service and kind."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from consent.scope import policy_sql

TABLE = "twin_feedback"
MOVES = "why, sealed, mandate_id, at"
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"
KINDS = ["shown", "opened", "helpful", "not_for_me", "applied"]
WHYS = ["situation", "have_it", "facts_wrong", "other"]


class Migration(migrations.Migration):
    dependencies = [
        ("twin", "0006_estimates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Feedback",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("run_id", models.UUIDField(help_text="The run of suggestions; it may be gone.")),
                ("service", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("shown", "Shown"),
                            ("opened", "Opened"),
                            ("helpful", "Helpful"),
                            ("not_for_me", "Not For Me"),
                            ("applied", "Applied"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "why",
                    models.CharField(
                        blank=True,
                        choices=[("situation", "Situation"), ("have_it", "Have It"), ("facts_wrong", "Facts Wrong"), ("other", "Other")],
                        max_length=11,
                    ),
                ),
                ("sealed", models.BinaryField(help_text="The citizen's own words.", null=True)),
                ("mandate_id", models.UUIDField(help_text="On which mandate somebody else said it; null: the citizen.", null=True)),
                ("at", models.DateTimeField()),
                ("citizen", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("citizen", "run_id", "service", "kind"), name="feedback_once"),
                    models.CheckConstraint(condition=Q(kind__in=KINDS), name="feedback_kind_known"),
                    models.CheckConstraint(
                        condition=Q(kind="not_for_me", why__in=WHYS) | (~Q(kind="not_for_me") & Q(why="")), name="feedback_says_why_not"
                    ),
                    models.CheckConstraint(condition=Q(sealed__isnull=True) | Q(why="other"), name="feedback_words_for_other_only"),
                    models.CheckConstraint(
                        condition=Q(mandate_id__isnull=True) | ~Q(kind__in=("shown", "opened")), name="feedback_measured_by_nobody"
                    ),
                ],
            },
        ),
        migrations.RunSQL(*policy_sql(TABLE)),
        migrations.RunSQL(
            AS_APP.format(f"REVOKE UPDATE, TRUNCATE ON {TABLE} FROM aurora_app; GRANT UPDATE ({MOVES}) ON {TABLE} TO aurora_app;"),
            AS_APP.format(f"REVOKE UPDATE ({MOVES}) ON {TABLE} FROM aurora_app; GRANT UPDATE ON {TABLE} TO aurora_app;"),
        ),
    ]
