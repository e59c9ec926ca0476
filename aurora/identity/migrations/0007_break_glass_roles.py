"""Who asks, decides and reviews behind the glass has the role for it at that moment: whatever the service's code believes, the database asks.

Operators are identity's rows, so the trigger is identity's, on a table of consent's, which knows operators by their ids only.
"""

from django.db import migrations

ROLES = """
CREATE FUNCTION identity_may_break_glass(operator uuid, role text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM identity_operator o WHERE o.id = operator AND o.is_active AND role = ANY (o.roles))
$$;
CREATE FUNCTION identity_break_glass_roles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NOT identity_may_break_glass(NEW.asked_by, 'privacy_officer') THEN
        RAISE EXCEPTION 'only a privacy officer asks to break the glass' USING ERRCODE = 'check_violation';
    ELSIF TG_OP = 'UPDATE' AND OLD.decided_by IS NULL AND NEW.decided_by <> NEW.asked_by
        AND NOT identity_may_break_glass(NEW.decided_by, 'privacy_officer') THEN
        RAISE EXCEPTION 'only a privacy officer decides on a break-glass request' USING ERRCODE = 'check_violation';
    ELSIF TG_OP = 'UPDATE' AND OLD.reviewed_by IS NULL AND NEW.reviewed_by IS NOT NULL
        AND NOT identity_may_break_glass(NEW.reviewed_by, 'auditor') THEN
        RAISE EXCEPTION 'only an auditor reviews a break-glass request' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER roles BEFORE INSERT OR UPDATE ON consent_breakglass_request
    FOR EACH ROW EXECUTE FUNCTION identity_break_glass_roles();
"""
UNDO = """
DROP TRIGGER roles ON consent_breakglass_request;
DROP FUNCTION identity_break_glass_roles();
DROP FUNCTION identity_may_break_glass(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0006_offers_brought"), ("consent_breakglass", "0002_rights")]
    operations = [migrations.RunSQL(ROLES, UNDO)]
