"""Which fact a request is about is sealed with what is said in it; beside it stands the fact's mark. Cannot be undone."""

import json

from django.db import migrations, models
from django.db.models import Q

from aurora.twin.migrations._marked import carry, rewritten

MARK = "The fact's: finds its key again, and does not say it."


def requests(apps, schema_editor):
    def anew(row, mark):
        def asked(plain):
            return json.dumps({"key": row["key"], **json.loads(plain)}, ensure_ascii=False).encode()

        def place(part):
            before = f"correction:{row['id']}:{part}".encode()
            return before, before + b":" + mark

        found = {"sealed": (*place("asked"), asked)}
        if row["answer_sealed"] is not None:
            found["answer_sealed"] = (*place("answer"), bytes)
        return found

    carry(schema_editor, "corrections_correction", ("sealed", "answer_sealed"), anew)


class Migration(migrations.Migration):
    dependencies = [("corrections", "0002_rights"), ("twin", "0013_marks")]

    operations = [
        migrations.RemoveConstraint("correction", "one_open_correction_a_fact"),
        migrations.AddField("correction", "mark", models.BinaryField(max_length=16, null=True, help_text=MARK)),
        migrations.RunPython(requests),
        migrations.AlterField("correction", "mark", models.BinaryField(max_length=16, help_text=MARK)),
        migrations.RemoveField("correction", "key"),
        migrations.AlterField(
            "correction",
            "sealed",
            models.BinaryField(help_text="Which fact, what the source says, what the citizen says is right, and why."),
        ),
        migrations.RunSQL(rewritten("corrections_correction")),
        migrations.AddConstraint(
            "correction",
            models.UniqueConstraint(
                fields=["citizen", "category", "mark", "source"], condition=Q(state="open"), name="one_open_correction_a_fact"
            ),
        ),
    ]
