"""A draft comes to be open: that somebody agreed is written on what stood there to be agreed to. Only what one person does alone, or a command
did, is written as done; no row comes to be with the name of a second person in it.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION consent_oauth_clientdraft_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.decided_by IS NOT NULL OR (NEW.state <> 'open' AND NEW.kind <> 'suspend' AND NEW.requested_by IS NOT NULL) THEN
        RAISE EXCEPTION 'consent_oauth_clientdraft begins open' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER begins BEFORE INSERT ON consent_oauth_clientdraft FOR EACH ROW EXECUTE FUNCTION consent_oauth_clientdraft_begins();
"""
BACKWARD = "DROP TRIGGER begins ON consent_oauth_clientdraft; DROP FUNCTION consent_oauth_clientdraft_begins();"


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0013_drop_of_token")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
