-- The roles of an Aurora database; schemas.sql has what they may do. Idempotent. Run by `manage.py provision` and by the embedded services,
-- connected to Aurora's database as a role that may create roles. Passwords are set by the caller, never here.
--
-- aurora_owner  owns the tables and runs migrations. An owner can lift row-level security, so the service never connects as it.
-- aurora_app    the service. Owns nothing and cannot pass row-level security by.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['aurora_owner', 'aurora_app'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role_name);
        ELSIF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name AND (rolsuper OR rolbypassrls OR rolcreaterole)) THEN
            -- Not silently taken away: someone gave these rights, and must know that Aurora will not run with them.
            RAISE EXCEPTION 'role % may pass row-level security by; take SUPERUSER, BYPASSRLS and CREATEROLE from it', role_name;
        END IF;
    END LOOP;
    IF pg_has_role('aurora_app', 'aurora_owner', 'MEMBER') THEN
        RAISE EXCEPTION 'role aurora_app is a member of aurora_owner; revoke that membership';
    END IF;
    -- An administrator who is no superuser must be a member of the owner to hand it the database and the schemas.
    IF NOT pg_has_role(current_user, 'aurora_owner', 'USAGE') THEN
        EXECUTE format('GRANT aurora_owner TO %I', current_user);
    END IF;
END
$$;

-- A forgotten transaction would hold locks and keep dead rows from vacuum.
ALTER ROLE aurora_app SET idle_in_transaction_session_timeout = '60s';
