"""An operator's words may be sealed anew under another key-encryption key: by the owner of the table, who touches nothing else of a request."""

from importlib import import_module

from django.db import migrations

# As it stands: the function, without its trigger.
HISTORY = import_module("consent.breakglass.migrations.0002_rights").HISTORY
BEFORE = HISTORY[HISTORY.index("CREATE FUNCTION") : HISTORY.index("CREATE TRIGGER history")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
LAST = "        -- Of an erased citizen no word stays; that there was a request does.\n"
# A sealed value's length is that of its words and of its head: 9 bytes more where it had none yet.
REWRAPPED = """        IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
            AND to_jsonb(NEW) - ARRAY['text_sealed', 'review_sealed'] = to_jsonb(OLD) - ARRAY['text_sealed', 'review_sealed']
            AND octet_length(NEW.text_sealed) - octet_length(OLD.text_sealed) IN (0, 9)
            AND coalesce(octet_length(NEW.review_sealed) - octet_length(OLD.review_sealed), 0) IN (0, 9)
            AND (NEW.review_sealed IS NULL) = (OLD.review_sealed IS NULL) THEN
            RETURN NEW;
        END IF;
"""
NOW = BEFORE.replace(LAST, REWRAPPED + LAST)
assert NOW != BEFORE


class Migration(migrations.Migration):
    dependencies = [("consent_breakglass", "0005_no_totals")]
    operations = [migrations.RunSQL(NOW, BEFORE)]
