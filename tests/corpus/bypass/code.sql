# name: function-sql
CREATE FUNCTION f1() RETURNS SETOF text LANGUAGE sql AS 'SELECT address FROM customers';
SELECT f1();

# name: function-sql-atomic
CREATE FUNCTION f2() RETURNS SETOF text BEGIN ATOMIC SELECT address FROM customers; END;
SELECT * FROM f2();

# name: function-plpgsql
CREATE FUNCTION f3() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT string_agg(address, ',') FROM customers); END $$;
SELECT f3();

# name: function-dynamic
CREATE FUNCTION f4(q text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE q; END $$;
SELECT f4('SELECT address::text FROM custom' || 'ers');

# name: function-takes-row
CREATE FUNCTION f5(c customers) RETURNS text LANGUAGE sql AS 'SELECT ($1).address';
SELECT f5(c) FROM customers c;

# name: function-as-attribute
CREATE FUNCTION f6(c customers) RETURNS text LANGUAGE sql AS 'SELECT ($1).address';
SELECT c.f6 FROM customers c;

# name: function-takes-column
CREATE FUNCTION f7(varchar) RETURNS varchar LANGUAGE sql AS 'SELECT $1';
SELECT f7(address) FROM customers;

# name: function-raises-notice
CREATE FUNCTION f8(a varchar) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'got %', a; RETURN 1; END $$;
SELECT f8(address) FROM customers WHERE id < 9;

# name: function-in-where-notice
CREATE FUNCTION f9(a varchar) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'got %', a; RETURN true; END $$;
SELECT id FROM customers WHERE f9(address);

# name: function-refcursor
CREATE FUNCTION f10() RETURNS refcursor LANGUAGE plpgsql AS $$ DECLARE r refcursor := 'rc'; BEGIN OPEN r FOR SELECT address FROM customers; RETURN r; END $$;
SELECT f10();
FETCH ALL FROM rc;

# name: function-table
CREATE FUNCTION f11() RETURNS TABLE (a text) LANGUAGE sql AS 'SELECT address FROM customers';
SELECT a FROM f11();

# name: function-security-definer
CREATE FUNCTION f12() RETURNS SETOF customers LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM customers';
SELECT address FROM f12();

# name: procedure-call
CREATE PROCEDURE pr1(INOUT a text) LANGUAGE plpgsql AS $$ BEGIN SELECT address INTO a FROM customers WHERE id = 5; END $$;
CALL pr1('');

# name: do-notice
DO $$ DECLARE r record; BEGIN FOR r IN SELECT address FROM customers LIMIT 9 LOOP RAISE NOTICE '%', r.address; END LOOP; END $$;

# name: do-exception
DO $$ BEGIN RAISE EXCEPTION '%', (SELECT address FROM customers WHERE id = 5); END $$;

# name: do-insert-open
DO $$ BEGIN INSERT INTO scratch SELECT id, address FROM customers; END $$;
SELECT v FROM scratch;

# name: do-set-config
DO $$ BEGIN PERFORM set_config('my.leak', (SELECT address FROM customers WHERE id = 5), false); END $$;
SELECT current_setting('my.leak');

# name: set-config-subquery
SELECT set_config('my.leak2', (SELECT address FROM customers WHERE id = 5), false);
SHOW my.leak2;

# name: do-dynamic
DO $$ BEGIN EXECUTE 'CREATE TEMP TABLE dd AS SELECT address FROM customers'; END $$;
SELECT * FROM dd;

# name: do-notify
LISTEN leak;
DO $$ BEGIN PERFORM pg_notify('leak', (SELECT address FROM customers WHERE id = 5)); END $$;
SELECT (SELECT address FROM customers WHERE id = 5) IS NOT NULL, v FROM (SELECT string_agg(address, '') AS v FROM customers) x;

# name: trigger-on-open-table
CREATE FUNCTION tg1() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := (SELECT address FROM customers WHERE id = 5); RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT ON scratch FOR EACH ROW EXECUTE FUNCTION tg1();
INSERT INTO scratch VALUES (1, 'x') RETURNING v;

# name: trigger-on-protected-table
CREATE FUNCTION tg2() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', OLD.address; RETURN NEW; END $$;
CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION tg2();
UPDATE customers SET vip = vip WHERE id < 9;

# name: trigger-transition-table
CREATE FUNCTION tg3() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO scratch SELECT id, address FROM o; RETURN NULL; END $$;
CREATE TRIGGER t AFTER UPDATE ON customers REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION tg3();
UPDATE customers SET vip = vip;
SELECT v FROM scratch;

# name: default-expression-function
CREATE FUNCTION f13() RETURNS text LANGUAGE sql AS 'SELECT string_agg(address, '','') FROM customers';
CREATE TABLE dflt (id int, v text DEFAULT f13());
INSERT INTO dflt (id) VALUES (1) RETURNING v;

# name: row-security-policy-function
# roles: teller auditor dev
CREATE FUNCTION f14(a varchar) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN true; END $$;
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON customers USING (f14(address));
SELECT id FROM customers;

# name: prepare-execute
PREPARE p1 AS SELECT address, phone FROM customers;
EXECUTE p1;

# name: prepare-param
PREPARE p2 (text) AS SELECT $1 || address FROM customers;
EXECUTE p2('');

# name: pg-prepared-statements
PREPARE p3 AS SELECT address FROM customers WHERE id = 5;
EXPLAIN ANALYZE EXECUTE p3;
EXECUTE p3;

# name: cursor
DECLARE c1 CURSOR FOR SELECT address FROM customers;
FETCH ALL FROM c1;

# name: cursor-hold
DECLARE c2 CURSOR WITH HOLD FOR SELECT address, phone FROM customers;
FETCH 10 FROM c2;
MOVE BACKWARD ALL FROM c2;

# name: cursor-binary
DECLARE c3 BINARY CURSOR FOR SELECT address, email FROM customers;
FETCH ALL FROM c3;

# name: cursor-scroll
DECLARE c4 SCROLL CURSOR FOR SELECT * FROM customers;
FETCH LAST FROM c4;
FETCH ABSOLUTE 3 FROM c4;

# name: copy-out
# modes: simple
COPY customers TO STDOUT;

# name: copy-out-columns
# modes: simple
COPY customers (address, phone) TO STDOUT;

# name: copy-out-query
# modes: simple
COPY (SELECT address FROM customers) TO STDOUT;

# name: copy-out-csv
# modes: simple
COPY (SELECT * FROM customers) TO STDOUT (FORMAT csv, FORCE_QUOTE *);

# name: copy-out-binary
# modes: simple
COPY customers TO STDOUT (FORMAT binary);

# name: copy-out-returning
# modes: simple
COPY (UPDATE customers SET vip = vip RETURNING address) TO STDOUT;

# name: copy-old-syntax
# modes: simple
COPY BINARY customers TO STDOUT;

# name: copy-view
# modes: simple
COPY (TABLE customer_contacts) TO STDOUT;

# name: explain-analyze-filter
EXPLAIN (ANALYZE, VERBOSE) SELECT address FROM customers WHERE address = (SELECT address FROM customers WHERE id = 5);
SELECT address FROM customers WHERE id = 5;

# name: pg-stats
# roles: dba
ANALYZE customers;
SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'customers';

# name: pg-statistic
# roles: dba
ANALYZE customers;
SELECT stavalues1::text, stavalues2::text FROM pg_statistic WHERE starelid = 'customers'::regclass;

# name: pg-stats-teller
ANALYZE customers;
SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'customers';

# name: large-object
SELECT lo_from_bytea(987654, convert_to((SELECT string_agg(address, ',') FROM customers), 'UTF8'));
SELECT lo_get(987654);

# name: large-object-table
# roles: dba
SELECT lo_from_bytea(987655, convert_to((SELECT string_agg(address, ',') FROM customers), 'UTF8'));
SELECT data FROM pg_largeobject WHERE loid = 987655;

# name: dba-select
# roles: dba
SELECT * FROM customers;

# name: dba-function
# roles: dba
CREATE FUNCTION df() RETURNS SETOF text LANGUAGE sql AS 'SELECT address FROM customers';
SELECT df();

# name: dba-set-role
# roles: dba
SET ROLE app;
SELECT address FROM customers;

# name: dba-session-authorization
# roles: dba
SET SESSION AUTHORIZATION app;
SELECT address, phone FROM customers;

# name: dba-set-local-role
# roles: dba
SET LOCAL ROLE manager;
SELECT * FROM customers;

# name: dba-copy
# roles: dba
# modes: simple
COPY customers TO STDOUT;

# name: dba-toast
# roles: dba
SELECT address FROM pg_catalog.pg_class k JOIN customers c ON k.relname = 'customers';

# name: multi-statement
# modes: simple
SELECT 1\; SELECT address FROM customers;

# name: multi-statement-after-open
# modes: simple
SELECT name FROM branches\; SELECT phone, address FROM customers\; SELECT 2;

# name: client-encoding-gbk
SET client_encoding = 'GBK';
SELECT email, id_number, address FROM customers;

# name: client-encoding-latin1
SET client_encoding = 'LATIN1';
SELECT email, phone FROM customers;

# name: client-encoding-utf8-names
SET NAMES 'UTF8';
SELECT address FROM customers;

# name: bytea-output-escape
SET bytea_output = 'escape';
SELECT convert_to(email, 'UTF8') FROM customers;

# name: debug-print-plan
SET client_min_messages = 'log';
SET debug_print_plan = on;
SELECT address FROM customers WHERE id = 5;

# name: log-to-client
# roles: dba
SET client_min_messages = 'debug5';
SET log_statement = 'all';
SELECT address FROM customers;

# name: notify-payload
LISTEN ch;
SELECT pg_notify('ch', address) FROM customers;
SELECT string_agg(address, '') FROM customers;

# name: dblink-like-xpath
SELECT (xpath('//address/text()', query_to_xml('SELECT address FROM customers', false, false, '')))[1];

# name: ts-stat
SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', email) FROM customers');

# name: ts-headline
SELECT ts_headline(address, to_tsquery('x')) FROM customers;

# name: ts-rewrite
SELECT ts_debug('simple', email) FROM customers;

# name: generate-series-lateral
SELECT substr(c.address, 1, g * 50) FROM customers c, generate_series(1, 2) g;

# name: unnest-with-ordinality
SELECT u FROM unnest((SELECT array_agg(address) FROM customers)) WITH ORDINALITY u (u, n);

# name: rows-from
SELECT * FROM ROWS FROM (unnest((SELECT array_agg(address) FROM customers)), generate_series(1, 3)) r (a, b);

# name: grouping-sets
SELECT address FROM customers GROUP BY GROUPING SETS ((address), ());

# name: group-by-functional-dependency
SELECT c.address, count(*) FROM customers c JOIN cards k ON k.customer_id = c.id GROUP BY c.id;

# name: having-string-agg
SELECT branch_id, string_agg(address, '|') FROM customers GROUP BY branch_id HAVING count(*) > 0;

# name: json-object-agg
SELECT jsonb_object_agg(id, address) FROM customers;

# name: json-each-values
SELECT jsonb_path_query(to_jsonb(c), '$.address') FROM customers c;

# name: hstore-like-record
SELECT json_each(row_to_json(c)) FROM customers c;

# name: function-that-reads-like-a-column
INSERT INTO scratch VALUES (1, '');
CREATE FUNCTION leak(scratch) RETURNS text LANGUAGE sql AS 'SELECT string_agg(address, '','') FROM public.customers';
SELECT s.leak FROM scratch s;

# name: function-of-record-that-reads-like-a-column
INSERT INTO scratch VALUES (1, '');
CREATE FUNCTION leak(record) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT string_agg(address, ',') FROM public.customers); END $$;
SELECT s.leak FROM scratch s;

# name: function-overloads-a-built-in-one
CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE sql AS 'SELECT string_agg(address, '','') FROM public.customers';
SELECT lower(1);

# name: function-before-a-built-in-one
CREATE FUNCTION public.upper(text) RETURNS text LANGUAGE sql AS 'SELECT string_agg(address, '','') FROM public.customers';
SET LOCAL search_path = public, pg_catalog;
SELECT upper('x'::text);

# name: function-renamed-to-a-built-in-one
CREATE FUNCTION leak(int) RETURNS text LANGUAGE sql AS 'SELECT string_agg(address, '','') FROM public.customers';
ALTER FUNCTION leak(int) RENAME TO upper;
SELECT upper(1);

# name: dba-schema-renamed
# roles: dba
ALTER SCHEMA public RENAME TO elsewhere;
SELECT address FROM elsewhere.customers;

# name: trigger-in-a-new-schema
CREATE FUNCTION tg4() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := (SELECT address FROM public.customers WHERE id = 5); RETURN NEW; END $$;
CREATE SCHEMA fresh CREATE TABLE t (a text) CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION public.tg4();
INSERT INTO fresh.t VALUES ('x') RETURNING a;

# name: function-behind-a-range-type
CREATE FUNCTION sd(text, text) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(address, ',') FROM public.customers WHERE id < 9); RETURN 1; END $$;
CREATE TYPE told AS RANGE (subtype = text, subtype_diff = sd);
CREATE TABLE ranges (r told);
INSERT INTO ranges SELECT ('[' || chr(65 + g % 26) || ',zz' || g || ')')::told FROM generate_series(1, 400) g;
CREATE INDEX ON ranges USING gist (r);
