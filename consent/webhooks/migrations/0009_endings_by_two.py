"""All consents at a source end on the word of two: who ordered it, and another one who confirmed it. An order comes to be unconfirmed, and stays what it was.

Orders from before are as they were; one that was under way waits until somebody else confirms it.
"""

from django.db import migrations, models

HISTORY = """
CREATE FUNCTION consent_webhooks_sourceending_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decided constant text[] := ARRAY['confirmed_by', 'confirmed_at', 'declined_by', 'finished_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.confirmed_by IS NULL AND NEW.declined_by IS NULL AND NEW.finished_at IS NULL THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF OLD.finished_at IS NULL AND to_jsonb(NEW) - decided = to_jsonb(OLD) - decided
            AND (OLD.confirmed_by IS NULL OR (NEW.confirmed_by, NEW.confirmed_at) = (OLD.confirmed_by, OLD.confirmed_at)) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an order to end a source is confirmed or declined once, and not changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER history BEFORE INSERT OR UPDATE OR DELETE ON consent_webhooks_sourceending
    FOR EACH ROW EXECUTE FUNCTION consent_webhooks_sourceending_history();
"""


class Migration(migrations.Migration):
    dependencies = [("consent_webhooks", "0008_addressed_later")]
    operations = [
        migrations.AddField("sourceending", "confirmed_by", models.UUIDField(help_text="Another operator's id.", null=True)),
        migrations.AddField("sourceending", "confirmed_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "sourceending", "declined_by", models.UUIDField(help_text="Who declined it, or took their own order back.", null=True)
        ),
        migrations.AddConstraint(
            model_name="sourceending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                    models.Q(
                        models.Q(("confirmed_by", models.F("ordered_by")), _negated=True),
                        ("confirmed_at__isnull", False),
                        ("confirmed_by__isnull", False),
                        ("declined_by__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="source_ending_by_two",
            ),
        ),
        migrations.RunSQL(
            HISTORY, "DROP TRIGGER history ON consent_webhooks_sourceending; DROP FUNCTION consent_webhooks_sourceending_history();"
        ),
    ]
