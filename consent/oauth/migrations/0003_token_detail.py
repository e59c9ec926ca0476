"""An access token bears its whole authorization detail, so that introspection needs no second row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0002_rights")]
    operations = [
        migrations.RemoveField(model_name="accesstoken", name="purpose"),
        migrations.RemoveField(model_name="accesstoken", name="categories"),
        migrations.AddField(
            model_name="accesstoken",
            name="detail",
            field=models.JSONField(default=dict, help_text="The authorization detail of this token: the grant's, or fewer categories."),
            preserve_default=False,
        ),
    ]
