"""Pages read the log by functions, whose plans are kept: the newest entries over all months, and whether any is missing."""

from pathlib import Path

from django.db import migrations

GONE = """
DROP FUNCTION ledger_look(uuid, bigint[]);
DROP FUNCTION ledger_newest(uuid, integer, bigint, uuid, uuid, timestamptz, timestamptz, text, text[], text, text[], uuid, text[]);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_erasure_ready")]

    operations = [migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), GONE)]
