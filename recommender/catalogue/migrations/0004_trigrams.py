"""The words of each three letters, in place of the letters of each word: what is rare in a word leads to those like it at once."""

import django.contrib.postgres.fields
from django.db import migrations, models

FILL = """
INSERT INTO catalogue_searchtrigram (language, trigram, words, lengths)
SELECT language, trigram, array_agg(id), array_agg(length)
FROM (SELECT DISTINCT id, language, length(word)::smallint AS length, substr('  ' || word || ' ', place, 3) AS trigram
      FROM catalogue_searchword, generate_series(1, length(word) + 1) AS place) AS found
GROUP BY language, trigram;
"""
# As of the other tables of the search index (0002): the service reads, adds and deletes.
REVOKE = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN REVOKE UPDATE, TRUNCATE ON catalogue_searchtrigram FROM aurora_app; END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_word_lexemes")]

    operations = [
        migrations.CreateModel(
            name="SearchTrigram",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=2)),
                (
                    "trigram",
                    models.CharField(help_text="Of the word with two spaces before and one behind, as pg_trgm counts them.", max_length=3),
                ),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text="Their ids.", size=None),
                ),
                (
                    "lengths",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), help_text="Of each of these words, in letters.", size=None
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="searchtrigram",
            constraint=models.UniqueConstraint(fields=("language", "trigram"), name="catalogue_trigram_once"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="searchword", name="catalogue_word_trigrams"),
        migrations.RemoveField(model_name="searchword", name="trigrams"),
    ]
