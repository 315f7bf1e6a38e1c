-- Gives tables of other people's suites the form that a policy's sealed columns have: what `pgveil policy ddl` prints, and what
-- it leaves to the administrator. A table that is there is converted now, one that a test makes as soon as it is made.
-- psql -v statements=FILE: the statements, one a line.
\set QUIET on
CREATE SCHEMA veil;
CREATE TABLE veil.lines (id serial, line text);
\set copy '\\copy veil.lines (line) from ' :'statements' ' with (format csv, delimiter e''\\001'', quote e''\\002'')'
:copy
CREATE VIEW veil.statements AS
    SELECT id, line, (regexp_match(line, '^(?:ALTER TABLE|CREATE INDEX ON) (\S+) '))[1] AS relation,
           coalesce((regexp_match(line, ' ALTER COLUMN (.*) TYPE text;$'))[1], (regexp_match(line, '\(left\((.*?), \d+\)'))[1]) AS sealed
    FROM veil.lines WHERE line !~ '^--';

CREATE FUNCTION veil.seal(relation oid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    name text := format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = relation;
    -- A table that tests make in several shapes has not every column each time
    columns text[] := array_agg(quote_ident(attname)) FROM pg_attribute WHERE attrelid = relation
        AND quote_ident(attname) IN (SELECT s.sealed FROM veil.statements s WHERE s.relation = name);
    sealed smallint[] := array_agg(attnum) FROM pg_attribute WHERE attrelid = relation AND quote_ident(attname) = ANY (columns);
    uniques text[] := array_agg((SELECT format('CREATE UNIQUE INDEX %I ON %s (%s)', conname, name,
            string_agg(format(CASE WHEN attnum = ANY (sealed) THEN 'left(%I, 27)' ELSE '%I' END, attname), ', ' ORDER BY place))
        FROM unnest(conkey) WITH ORDINALITY AS k (attnum, place) JOIN pg_attribute a USING (attnum) WHERE attrelid = relation))
        FROM pg_constraint WHERE conrelid = relation AND contype = 'u' AND conkey && sealed;
    line text;
BEGIN
    IF columns IS NULL THEN RETURN; END IF;
    FOR line IN
        -- Uniqueness moves to the equality term; conditions and defaults compute with what is encrypted
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', name, conname)
        FROM pg_constraint WHERE conrelid = relation AND contype IN ('u', 'c') AND conkey && sealed
        UNION ALL
        SELECT format('DROP INDEX %s', indexrelid::regclass)
        FROM pg_index WHERE indrelid = relation AND NOT indisunique AND string_to_array(indkey::text, ' ')::smallint[] && sealed
        UNION ALL
        SELECT format('ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT', name, unnest) FROM unnest(columns)
        UNION ALL
        SELECT * FROM (SELECT s.line FROM veil.statements s WHERE s.relation = name AND s.sealed = ANY (columns) ORDER BY id) lines
        UNION ALL
        SELECT unnest(uniques)
    LOOP EXECUTE line; END LOOP;
END $$;

CREATE FUNCTION veil.seal_new() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM veil.seal(objid) FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table';
END $$;

SELECT veil.seal(c.oid) FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace;
CREATE EVENT TRIGGER veil ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION veil.seal_new();
