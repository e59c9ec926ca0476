-- Schemas and standing rights of an Aurora database. Idempotent. Run after provision.sql by the same role; and by aurora_owner itself, when a
-- restore that was interrupted begins again and takes away what it had put there.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO aurora_owner;
-- Wrapped data keys live apart, so that long-lived backups can leave this schema out: else destroying a key is reversible.
CREATE SCHEMA IF NOT EXISTS vault AUTHORIZATION aurora_owner;
GRANT USAGE ON SCHEMA public, vault TO aurora_app;

ALTER DEFAULT PRIVILEGES FOR ROLE aurora_owner IN SCHEMA public, vault
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO aurora_app;
ALTER DEFAULT PRIVILEGES FOR ROLE aurora_owner IN SCHEMA public, vault
    GRANT USAGE, SELECT ON SEQUENCES TO aurora_app;
-- PUBLIC may execute new functions by default; a SECURITY DEFINER function must be for the service alone.
ALTER DEFAULT PRIVILEGES FOR ROLE aurora_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE aurora_owner IN SCHEMA public, vault
    GRANT EXECUTE ON FUNCTIONS TO aurora_app;
