"""What is registered is locked, for the tables' owner too: rows begin in their first state, only the state moves on, and nothing is deleted.

The service may write the columns of a move and no other; a trigger says which move writes which.
"""

from django.db import migrations

OWNER, VERSION = "recommender_evaluatorowner", "recommender_evaluatorversion"
MOVES = {
    OWNER: "state, decided_by, decided_at, closed_by, closed_at, closed_reason",
    VERSION: "state, asked_by, asked_at, released_by, released_at, closed_by, closed_at, reason",
}

GUARDS = """
CREATE FUNCTION recommender_evaluatorowner_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision constant text[] := ARRAY['state', 'decided_by', 'decided_at'];
    closing constant text[] := ARRAY['state', 'closed_by', 'closed_at', 'closed_reason'];
    written text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'asked' THEN RETURN NEW; END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        written := CASE
            WHEN OLD.state = 'asked' AND NEW.state IN ('approved', 'declined') THEN decision
            WHEN OLD.state = 'approved' AND NEW.state = 'replaced' THEN closing
            WHEN OLD.state IN ('approved', 'replaced') AND NEW.state = 'revoked' THEN closing
        END;
        IF written IS NOT NULL AND to_jsonb(NEW) - written = to_jsonb(OLD) - written THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'an owner''s key does not change so' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION recommender_evaluatorversion_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'registered' AND NOT EXISTS (
            SELECT FROM recommender_evaluatorversion v
            WHERE v.agency = NEW.agency AND v.identifier = NEW.identifier AND v.version >= NEW.version
        ) AND EXISTS (
            SELECT FROM recommender_evaluatorowner o WHERE o.id = NEW.owner_id AND o.agency = NEW.agency AND o.state = 'approved'
        ) THEN RETURN NEW; END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        written := CASE
            WHEN OLD.state = 'registered' AND NEW.state = 'asked' THEN ARRAY['state', 'asked_by', 'asked_at']
            WHEN OLD.state = 'asked' AND NEW.state = 'released' THEN ARRAY['state', 'released_by', 'released_at']
            WHEN OLD.state IN ('registered', 'asked') AND NEW.state = 'declined'
              OR OLD.state = 'released' AND NEW.state = 'retired' THEN ARRAY['state', 'closed_by', 'closed_at', 'reason']
        END;
        IF NEW.state = 'released' AND (
            EXISTS (
                SELECT FROM recommender_evaluatorversion v WHERE v.agency = NEW.agency AND v.identifier = NEW.identifier
                    AND v.version > NEW.version AND v.state IN ('released', 'retired')
            ) OR EXISTS (SELECT FROM recommender_evaluatorowner o WHERE o.id = NEW.owner_id AND o.state = 'revoked')
        ) THEN written := NULL; END IF;
        IF written IS NOT NULL AND to_jsonb(NEW) - written = to_jsonb(OLD) - written THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'an evaluator''s version is locked' USING ERRCODE = 'restrict_violation';
END $$;
"""
DROP_GUARDS = "".join(f"DROP FUNCTION {table}_guard();" for table in MOVES)


def _forward(table: str, columns: str) -> str:
    return (
        f"CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard();"
        f"CREATE TRIGGER guard_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_guard();"
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM aurora_app; GRANT UPDATE ({columns}) ON {table} TO aurora_app; END IF; END $$;"
    )


def _back(table: str) -> str:
    return (
        f"DROP TRIGGER guard ON {table}; DROP TRIGGER guard_all ON {table};"
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
        f"GRANT UPDATE, DELETE ON {table} TO aurora_app; END IF; END $$;"
    )


class Migration(migrations.Migration):
    dependencies = [("recommender", "0001_initial")]
    operations = [
        migrations.RunSQL(GUARDS, DROP_GUARDS),
        *(migrations.RunSQL(_forward(table, columns), _back(table)) for table, columns in MOVES.items()),
    ]
