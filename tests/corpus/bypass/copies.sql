# name: delimiter-and-null
# modes: simple
COPY customers TO STDOUT WITH (DELIMITER '|', NULL 'none');

# name: with-header
# modes: simple
COPY customers (id, address) TO STDOUT WITH (FORMAT csv, HEADER true, QUOTE '''', ESCAPE '\');

# name: in-another-encoding
# modes: simple
COPY customers TO STDOUT WITH (ENCODING 'GBK');

# name: old-options
# modes: simple
COPY customers TO STDOUT DELIMITERS ',' WITH NULL AS '-';

# name: quoted-table
# modes: simple
COPY "public"."customers" ("address") TO STDOUT;

# name: of-a-cte
# modes: simple
COPY (WITH x AS (SELECT * FROM customers) SELECT address FROM x) TO STDOUT;

# name: of-values
# modes: simple
COPY (VALUES ((SELECT address FROM customers WHERE id = 5))) TO STDOUT;

# name: of-an-insert
# modes: simple
COPY (INSERT INTO scratch2 SELECT id, address FROM customers RETURNING v) TO STDOUT;

# name: of-a-delete
# modes: simple
COPY (DELETE FROM cards RETURNING pan, holder) TO STDOUT;

# name: of-a-view
# modes: simple
COPY (SELECT * FROM vip_contacts) TO STDOUT (FORMAT binary);

# name: of-whole-rows
# modes: simple
COPY (SELECT c FROM customers c) TO STDOUT;

# name: of-json
# modes: simple
COPY (SELECT json_agg(c) FROM customers c) TO STDOUT;

# name: in-a-batch
# modes: simple
SELECT 1\; COPY customers TO STDOUT\; SELECT 2;

# name: extended
# modes: text binary
COPY customers TO STDOUT;

# name: to-a-file-and-read
# roles: dba
COPY (SELECT address FROM customers) TO '{directory}/out.txt';
SELECT pg_read_file('{directory}/out.txt');

# name: to-a-program-and-read
# roles: dba
COPY (SELECT address FROM customers) TO PROGRAM 'cat > {directory}/piped.txt';
SELECT pg_read_file('{directory}/piped.txt');

# name: from-a-program
# roles: dba
COPY scratch2 (v) FROM PROGRAM 'psql -h 127.0.0.1 -p {port} -U app -d {database} -Atc "SELECT address FROM customers"';
SELECT v FROM scratch2;

# name: select-into-permanent
SELECT id, address, phone INTO taken FROM customers;
SELECT * FROM taken;

# name: table-as-with-other-names
CREATE TEMP TABLE taken (a, b) AS SELECT address, phone FROM customers;
SELECT a, b FROM taken;

# name: table-as-in-a-schema
CREATE SCHEMA mine CREATE VIEW v AS SELECT address FROM public.customers;
SELECT address FROM mine.v;

# name: unlogged-table
CREATE UNLOGGED TABLE taken AS SELECT * FROM customers WHERE id < 50;
SELECT address FROM taken;

# name: on-commit-drop
CREATE TEMP TABLE taken ON COMMIT DROP AS SELECT address FROM customers;
SELECT * FROM taken;

# name: materialized-view-of-ones-own
CREATE MATERIALIZED VIEW mine AS SELECT c.address, k.pan FROM customers c JOIN cards k ON k.customer_id = c.id;
SELECT * FROM mine;

# name: materialized-view-filled-later
CREATE MATERIALIZED VIEW mine AS SELECT address FROM customers WITH NO DATA;
REFRESH MATERIALIZED VIEW mine;
SELECT * FROM mine;

# name: insert-into-an-archive
INSERT INTO customers_archive SELECT * FROM customers WHERE id < 20;
SELECT address, phone FROM customers_archive;

# name: insert-by-a-query-with-default
INSERT INTO scratch2 (v) SELECT address FROM customers UNION ALL SELECT name FROM branches RETURNING v;

# name: insert-overriding
CREATE TEMP TABLE i (id int GENERATED ALWAYS AS IDENTITY, v text);
INSERT INTO i OVERRIDING USER VALUE SELECT id, address FROM customers RETURNING v;

# name: insert-generated-column
CREATE TEMP TABLE g (v text, w text GENERATED ALWAYS AS (v || '.') STORED);
INSERT INTO g (v) SELECT address FROM customers RETURNING w;

# name: insert-array-column
CREATE TEMP TABLE a (v text[]);
INSERT INTO a SELECT array_agg(address) FROM customers RETURNING v;

# name: insert-composite-column
CREATE TEMP TABLE r (c customers);
INSERT INTO r SELECT c FROM customers c;
SELECT (c).address FROM r;

# name: update-rows-at-once
INSERT INTO scratch2 VALUES (5, '');
UPDATE scratch2 SET (id, v) = (SELECT id, address FROM customers WHERE id = 5) RETURNING v;

# name: update-from-a-view
INSERT INTO scratch2 VALUES (5, '');
UPDATE scratch2 s SET v = i.address FROM invoker_contacts i WHERE i.id = s.id RETURNING s.v;

# name: merge-with-do-nothing
INSERT INTO scratch2 VALUES (5, ''), (7, '');
MERGE INTO scratch2 s USING (SELECT id, address AS a FROM customers) c ON s.id = c.id WHEN MATCHED AND s.id = 5 THEN UPDATE SET v = c.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING;
SELECT v FROM scratch2;

# name: merge-into-the-protected
# oracle: yes
MERGE INTO customers c USING branches b ON c.id = b.id WHEN MATCHED AND c.address LIKE '%1室' THEN UPDATE SET vip = true;

# name: conflict-with-a-condition
# oracle: yes
INSERT INTO customers (id, name, id_number, branch_id) SELECT id, 'x', 'y', 1 FROM generate_series(1, 50) id ON CONFLICT (id) DO UPDATE SET vip = true WHERE customers.address LIKE '%1室';

# name: conflict-into-an-open-table
INSERT INTO scratch VALUES (5, 'x');
INSERT INTO scratch (id, v) SELECT id, phone FROM customers WHERE id = 5 ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v || (SELECT address FROM customers WHERE id = 5) RETURNING v;

# name: large-object-by-descriptor
SELECT lo_create(987656);
SELECT lowrite(lo_open(987656, 131072), (SELECT convert_to(string_agg(address, ','), 'UTF8') FROM customers));
SELECT lo_get(987656);

# name: large-object-put
SELECT lo_create(987657);
SELECT lo_put(987657, 0, convert_to(address, 'UTF8')) FROM customers WHERE id = 5;
SELECT loread(lo_open(987657, 262144), 1000);

# name: large-object-exported
# roles: dba
SELECT lo_from_bytea(987658, convert_to((SELECT string_agg(address, ',') FROM customers), 'UTF8'));
SELECT lo_export(987658, '{directory}/object');
SELECT pg_read_file('{directory}/object');

# name: sequence-as-a-store
# oracle: yes
CREATE SEQUENCE carrier;
SELECT setval('carrier', (SELECT length(address) FROM customers WHERE id = 40));
SELECT last_value FROM carrier;

# name: random-seed-as-a-store
# roles: teller dev dba
# oracle: yes
SELECT setseed(length(address) / 100.0) FROM customers WHERE id = 40;
SELECT random();

# name: advisory-lock-as-a-store
# oracle: yes
SELECT pg_advisory_xact_lock(length(address)) FROM customers WHERE id = 40;
SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();

# name: name-of-a-table-as-a-store
DO $$ BEGIN EXECUTE format('COMMENT ON TABLE scratch IS %L', (SELECT string_agg(address, ',') FROM public.customers)); END $$;
SELECT obj_description('scratch'::regclass);
