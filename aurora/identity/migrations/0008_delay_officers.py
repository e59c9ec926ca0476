"""Who asks for a permission of lawful delay, agrees to it, declines or ends it, is an agency officer at that moment: the database asks.

Else whoever takes a web process over makes up two ids, and an agency keeps from citizens what it does. Agreed to is only what a person asked for who
is an officer still. Operators are identity's rows, so the trigger is identity's, on a table of the log's.
"""

from django.db import migrations

OFFICERS = """
CREATE FUNCTION identity_is_agency_officer(operator uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM identity_operator o WHERE o.id = operator AND o.is_active AND 'agency_officer' = ANY (o.roles))
$$;
CREATE FUNCTION identity_delay_officers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NOT identity_is_agency_officer(NEW.asked_by) THEN
        RAISE EXCEPTION 'only an agency officer asks for a lawful delay' USING ERRCODE = 'check_violation';
    ELSIF TG_OP = 'UPDATE' AND NEW.state = 'standing' AND OLD.state <> 'standing' AND NOT identity_is_agency_officer(NEW.asked_by) THEN
        RAISE EXCEPTION 'who asked for this lawful delay is no agency officer any more' USING ERRCODE = 'check_violation';
    ELSIF TG_OP = 'UPDATE' AND NEW.decided_by IS DISTINCT FROM OLD.decided_by AND NOT identity_is_agency_officer(NEW.decided_by) THEN
        RAISE EXCEPTION 'only an agency officer decides on a lawful delay' USING ERRCODE = 'check_violation';
    ELSIF TG_OP = 'UPDATE' AND NEW.ended_by IS DISTINCT FROM OLD.ended_by AND NOT identity_is_agency_officer(NEW.ended_by) THEN
        RAISE EXCEPTION 'only an agency officer ends a lawful delay' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER officers BEFORE INSERT OR UPDATE ON ledger_delaypermission
    FOR EACH ROW EXECUTE FUNCTION identity_delay_officers();
"""
UNDO = """
DROP TRIGGER officers ON ledger_delaypermission;
DROP FUNCTION identity_delay_officers();
DROP FUNCTION identity_is_agency_officer(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0007_break_glass_roles"), ("ledger", "0003_kept_back")]
    operations = [migrations.RunSQL(OFFICERS, UNDO)]
