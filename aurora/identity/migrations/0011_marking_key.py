"""Each citizen gets a key that marks (`vault.mark`), wrapped like their data key. No planner needs to know how it lies."""

from django.db import migrations, models

from aurora.identity import vault

BATCH = 1000


def make(apps, schema_editor):
    rows = apps.get_model("identity", "DataKey").objects.using(schema_editor.connection.alias)
    while few := list(rows.filter(marking_wrapped__isnull=True).values_list("pk", flat=True)[:BATCH]):
        for citizen_id in few:
            rows.filter(pk=citizen_id).update(marking_wrapped=vault.new_marking_wrapped(citizen_id=citizen_id))


class Migration(migrations.Migration):
    dependencies = [("identity", "0010_resealing")]

    operations = [
        migrations.AddField("datakey", "marking_wrapped", models.BinaryField(null=True)),
        # Not undone: what is marked by it would be found no more.
        migrations.RunPython(make),
        migrations.AlterField("datakey", "marking_wrapped", models.BinaryField()),
        migrations.RunSQL(
            "ALTER TABLE vault.data_key ALTER COLUMN marking_wrapped SET STATISTICS 0;",
            "ALTER TABLE vault.data_key ALTER COLUMN marking_wrapped SET STATISTICS -1;",
        ),
    ]
