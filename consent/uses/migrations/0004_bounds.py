"""How many uses of one citizen an agency reports in a day is counted, in one statement, by a function; and a note is dated by the database.

The count takes in what a law keeps back, of which nothing may tell: so nobody reads it through the service, not in the citizen's scope either.
A time that the service gives to a note stands within a little of the transaction's, so that nobody who takes a web process over says that an answer
left us last year, or leaves us next year.
"""

from importlib import import_module

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
ERASE_GATED = import_module("consent.uses.migrations.0003_erasure").erase("PERFORM ledger_erasure_ready(citizen);")
NOTES = "    DELETE FROM consent_uses_deliverynote n WHERE n.citizen_id = citizen;\n"
assert NOTES in ERASE_GATED
ERASE = ERASE_GATED.replace(NOTES, NOTES + "    DELETE FROM consent_uses_tally t WHERE t.citizen_id = citizen;\n")

TALLY = f"""
ALTER TABLE consent_uses_tally ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION consent_uses_count_in(citizen uuid, agency uuid, on_day date, more integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    total bigint;
BEGIN
    IF citizen IS DISTINCT FROM nullif(current_setting('aurora.citizen', true), '')::uuid OR more < 0 THEN
        RAISE EXCEPTION 'consent_uses_count_in: outside the scope of the citizen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO consent_uses_tally AS t (citizen_id, agency_id, day, uses) VALUES (citizen, agency, on_day, more)
    ON CONFLICT (citizen_id, agency_id) DO UPDATE SET
        uses = CASE WHEN t.day = excluded.day THEN t.uses ELSE 0 END + excluded.uses, day = excluded.day
    RETURNING t.uses INTO total;
    RETURN total;
END
$$;
REVOKE ALL ON FUNCTION consent_uses_count_in(uuid, uuid, date, integer) FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION consent_uses_count_in(uuid, uuid, date, integer) TO aurora_app;
    REVOKE ALL ON consent_uses_tally FROM aurora_app;
END IF; END $$;
"""
# Notes are written half a second after, and wait while the database is away: so much may a true one be old.
DATED = """
CREATE FUNCTION consent_uses_dated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := greatest(least(NEW.at, now()), now() - interval '5 minutes');
    RETURN NEW;
END $$;
CREATE TRIGGER dated BEFORE INSERT ON consent_uses_deliverynote FOR EACH ROW EXECUTE FUNCTION consent_uses_dated();
"""
UNDATED = "DROP TRIGGER dated ON consent_uses_deliverynote; DROP FUNCTION consent_uses_dated();"


class Migration(migrations.Migration):
    dependencies = [("consent_uses", "0003_erasure")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("uses", models.PositiveIntegerField()),
                ("citizen_id", models.UUIDField()),
                ("agency_id", models.UUIDField()),
            ],
            options={
                "verbose_name_plural": "tallies",
                "constraints": [models.UniqueConstraint(fields=("citizen_id", "agency_id"), name="one_tally_of_uses")],
            },
        ),
        migrations.RunSQL(TALLY, "DROP FUNCTION consent_uses_count_in(uuid, uuid, date, integer);"),
        migrations.RunSQL(ERASE, ERASE_GATED),
        migrations.RunSQL(DATED, UNDATED),
    ]
