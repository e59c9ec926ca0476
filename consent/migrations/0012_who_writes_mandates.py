"""Who is given power over another sees it and writes none of it: rows are written in the scope of whom they give power over.

Whoever holds the digest that an offer names may put themself in, and touches nothing else of it. An event is written in the principal's scope
too, but for the one that says that an offer has found its person.
"""

from django.db import migrations

from consent.scope import CURRENT_CITIZEN

OF_EITHER = f"principal_id = {CURRENT_CITIZEN} OR attorney_id = {CURRENT_CITIZEN}"
OF_PRINCIPAL = f"principal_id = {CURRENT_CITIZEN}"
ITS_MANDATE = "EXISTS (SELECT FROM consent_mandate m WHERE m.id = mandate_id"

FORWARD = f"""
DROP POLICY own_rows ON consent_mandate;
CREATE POLICY own_rows ON consent_mandate USING ({OF_PRINCIPAL}) WITH CHECK ({OF_PRINCIPAL});
CREATE POLICY held ON consent_mandate FOR SELECT USING (attorney_id = {CURRENT_CITIZEN});
DROP POLICY own_rows ON consent_mandateevent;
CREATE POLICY seen ON consent_mandateevent FOR SELECT USING ({ITS_MANDATE}));
CREATE POLICY written ON consent_mandateevent FOR INSERT WITH CHECK (
    {ITS_MANDATE} AND (m.{OF_PRINCIPAL} OR (consent_mandateevent.kind = 'addressed' AND consent_mandateevent.by_id IS NULL))));
CREATE FUNCTION consent_mandate_addressed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'offered' OR to_jsonb(NEW) - 'attorney_id' IS DISTINCT FROM to_jsonb(OLD) - 'attorney_id' THEN
        RAISE EXCEPTION 'who is put into an offer changes nothing else of it' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER addressed BEFORE UPDATE ON consent_mandate FOR EACH ROW
    WHEN (OLD.attorney_id IS NULL AND NEW.attorney_id IS NOT NULL) EXECUTE FUNCTION consent_mandate_addressed();
"""
BACKWARD = f"""
DROP TRIGGER addressed ON consent_mandate; DROP FUNCTION consent_mandate_addressed();
DROP POLICY written ON consent_mandateevent; DROP POLICY seen ON consent_mandateevent;
CREATE POLICY own_rows ON consent_mandateevent USING ({ITS_MANDATE})) WITH CHECK ({ITS_MANDATE}));
DROP POLICY held ON consent_mandate; DROP POLICY own_rows ON consent_mandate;
CREATE POLICY own_rows ON consent_mandate USING ({OF_EITHER}) WITH CHECK ({OF_EITHER});
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0011_versions_stay")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
