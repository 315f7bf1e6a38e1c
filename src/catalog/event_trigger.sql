-- Optional: tells pgveil of DDL the moment it commits, where polling takes up to its interval.
-- Run once per database as a superuser (PostgreSQL asks for one to create an event trigger).
-- Roles, memberships and ALTER ROLE are shared between databases and fire no event trigger: polling notices those.
CREATE SCHEMA IF NOT EXISTS pgveil;
GRANT USAGE ON SCHEMA pgveil TO PUBLIC;

CREATE OR REPLACE FUNCTION pgveil.notify_ddl() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('pgveil_ddl', '');
END
$$;

DROP EVENT TRIGGER IF EXISTS pgveil_ddl;
CREATE EVENT TRIGGER pgveil_ddl ON ddl_command_end EXECUTE FUNCTION pgveil.notify_ddl();
