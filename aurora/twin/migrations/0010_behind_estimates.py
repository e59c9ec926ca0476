"""What is kept of a model's says by which models' results it came, also when those are gone; reports on quality mark people, not rows."""

import django.contrib.postgres.fields
from django.db import migrations, models

DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
HEAD = f"""
CREATE OR REPLACE FUNCTION estimates_kept_of(versions uuid[], most integer) RETURNS TABLE (citizen_id uuid, category text, source text, version uuid)
LANGUAGE sql {DEFINER} AS $$
"""
BEFORE = """
    SELECT DISTINCT f.citizen_id, f.category::text, f.source::text, f.derived_by FROM twin_fact f WHERE f.derived_by = ANY(versions) LIMIT most
$$;
"""
# By the recalled version, whichever made the fact itself. `derived_by` is asked for so that the index on it serves: facts of sources are a
# thousand times as many.
AFTER = """
    SELECT DISTINCT f.citizen_id, f.category::text, f.source::text, v.version FROM twin_fact f, unnest(versions) AS v(version)
    WHERE f.derived_by IS NOT NULL AND (f.derived_by = v.version OR v.version = ANY(f.derived_through)) LIMIT most
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("twin", "0009_training")]

    operations = [
        migrations.AddField(
            model_name="fact",
            name="derived_through",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                default=list,
                help_text="The versions whose results went in, however far back: known also when those facts are gone.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="outcomereport",
            name="looked_at",
            field=models.CharField(blank=True, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.RunSQL(HEAD + AFTER, HEAD + BEFORE),
    ]
