"""A proof's place, checkpoint and tiles are read by one function, whose plans are kept."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_pages")]

    operations = [migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), "DROP FUNCTION ledger_proof(uuid)")]
