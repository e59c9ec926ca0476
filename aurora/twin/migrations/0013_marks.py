"""The key of a fact, which can be an illness, is sealed with its value; beside it stands a mark. Same for what citizens choose. Cannot be undone."""

import json

from django.db import migrations, models
from django.db.models import Q

from aurora.twin.migrations._marked import carry, rewritten


def content(key):
    """What was sealed was the value alone, as JSON."""

    def made(plain):
        said = json.dumps([key, json.loads(plain)], ensure_ascii=False).encode()
        return said.ljust(len(said) + -len(said) % 32)

    return made


def facts(apps, schema_editor):
    def anew(row, mark):
        before = f"fact:{row['id']}:{row['category']}.{row['key']}".encode()
        return {"sealed": (before, f"fact:{row['id']}:{row['category']}:".encode() + mark, content(row["key"]))}

    carry(schema_editor, "twin_fact", ("sealed",), anew)


def choices(apps, schema_editor):
    def anew(row, mark):
        before = b"fact-choice:" + row["id"].bytes
        return {"sealed": (before, before + f":{row['category']}:".encode() + mark, content(row["key"]))}

    carry(schema_editor, "twin_factchoice", ("sealed",), anew)


FACTS_MARK = "Finds its key again, and does not say it (`aurora.twin.sealing`)."
CHOICES_MARK = "The chosen fact's: finds its key again, and does not say it."


class Migration(migrations.Migration):
    dependencies = [("twin", "0012_choices_sealed_anew"), ("identity", "0011_marking_key")]

    operations = [
        migrations.RemoveConstraint("fact", "one_current_fact"),
        migrations.RemoveConstraint("fact", "fact_once_a_pull"),
        migrations.AddField("fact", "mark", models.BinaryField(max_length=16, null=True, help_text=FACTS_MARK)),
        migrations.AddField("factchoice", "mark", models.BinaryField(max_length=16, null=True, help_text=CHOICES_MARK)),
        migrations.RunPython(facts),
        migrations.RunPython(choices),
        migrations.AlterField("fact", "mark", models.BinaryField(max_length=16, help_text=FACTS_MARK)),
        migrations.AlterField("factchoice", "mark", models.BinaryField(max_length=16, help_text=CHOICES_MARK)),
        migrations.RemoveField("fact", "key"),
        migrations.RemoveField("factchoice", "key"),
        migrations.AlterField("fact", "sealed", models.BinaryField(help_text="Its key and its value.")),
        migrations.AlterField("factchoice", "sealed", models.BinaryField(help_text="Key and value, as for a fact.")),
        migrations.RunSQL(rewritten("twin_fact") + rewritten("twin_factchoice")),
        migrations.AddConstraint(
            "fact",
            models.UniqueConstraint(
                fields=["citizen", "category", "mark", "source"], condition=Q(superseded_at__isnull=True), name="one_current_fact"
            ),
        ),
        migrations.AddConstraint("fact", models.UniqueConstraint(fields=["pull_id", "category", "mark"], name="fact_once_a_pull")),
    ]
