"""An owner may sign by certificates: an authority's certificate and an identity in the place of a key. The trigger names the columns that a move writes, so it guards these too."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recommender", "0004_models_rights"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="evaluatorowner",
            name="evaluator_owner_key_once",
        ),
        migrations.AddField(
            model_name="evaluatorowner",
            name="anchor",
            field=models.TextField(blank=True, default="", help_text="The authority's certificate, PEM."),
        ),
        migrations.AddField(
            model_name="evaluatorowner",
            name="identity",
            field=models.CharField(blank=True, default="", help_text="subject:, dns:, email: or uri: and a name.", max_length=300),
        ),
        migrations.AlterField(
            model_name="evaluatorowner",
            name="public_key",
            field=models.TextField(help_text="PEM, SubjectPublicKeyInfo: P-256, or the authority's."),
        ),
        migrations.AddConstraint(
            model_name="evaluatorowner",
            constraint=models.UniqueConstraint(
                models.F("key_sha256"),
                models.F("identity"),
                django.db.models.functions.text.MD5("anchor"),
                condition=models.Q(("state", "declined"), _negated=True),
                name="evaluator_owner_key_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluatorowner",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("anchor", ""), ("identity", "")),
                    models.Q(models.Q(("anchor", ""), _negated=True), models.Q(("identity", ""), _negated=True)),
                    _connector="OR",
                ),
                name="evaluator_owner_key_or_authority",
            ),
        ),
    ]
