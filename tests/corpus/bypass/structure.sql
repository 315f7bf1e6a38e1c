# name: join-using
SELECT address FROM customers JOIN (SELECT id FROM branches) b USING (id);

# name: natural-join
SELECT * FROM customers NATURAL JOIN (SELECT id FROM branches) b;

# name: join-using-alias
SELECT y.* FROM customers c JOIN cards k USING (id) AS x, LATERAL (SELECT c.address) y;

# name: derived-table
SELECT a FROM (SELECT address AS a FROM customers) x;

# name: derived-table-renamed
SELECT q.b FROM (SELECT id, address FROM customers) q (a, b);

# name: derived-three-deep
SELECT z FROM (SELECT y AS z FROM (SELECT x AS y FROM (SELECT address AS x FROM customers) a) b) c;

# name: derived-whole-row
SELECT x FROM (SELECT * FROM customers) x;

# name: derived-row-to-json
SELECT row_to_json(x) FROM (SELECT id, address FROM customers) x;

# name: cte
WITH x AS (SELECT address FROM customers) SELECT * FROM x;

# name: cte-named-as-open-table
WITH branches AS (SELECT id, address AS name FROM customers) SELECT name FROM branches;

# name: cte-recursive
WITH RECURSIVE r(i, a) AS (SELECT 1, address::text FROM customers WHERE id = 1 UNION ALL SELECT i + 1, c.address::text FROM r JOIN customers c ON c.id = i + 1 WHERE i < 20) SELECT a FROM r;

# name: cte-shadows-then-base
WITH customers AS (SELECT * FROM public.customers) SELECT address FROM customers;

# name: cte-dml-returning
WITH u AS (UPDATE customers SET vip = vip RETURNING address, phone) SELECT * FROM u;

# name: cte-insert-into-open
WITH i AS (INSERT INTO scratch SELECT id, address FROM customers RETURNING v) SELECT v FROM i;

# name: union
SELECT code FROM branches UNION SELECT address FROM customers;

# name: union-all-first-branch-open
SELECT name FROM branches UNION ALL SELECT phone FROM customers UNION ALL SELECT address FROM customers;

# name: intersect
SELECT address FROM customers INTERSECT SELECT address FROM customers;

# name: except
SELECT address FROM customers EXCEPT SELECT 'x';

# name: lateral
SELECT x.a FROM customers c, LATERAL (SELECT c.address AS a) x;

# name: lateral-values
SELECT v.a FROM customers c, LATERAL (VALUES (c.address), (c.phone)) v (a);

# name: lateral-function
SELECT s FROM customers c, LATERAL unnest(ARRAY[c.address]) s;

# name: lateral-set-returning
SELECT regexp_split_to_table(c.address, 'zz') FROM customers c;

# name: scalar-subquery
SELECT b.id, (SELECT address FROM customers c WHERE c.id = b.id) FROM branches b;

# name: correlated-string-agg
SELECT b.id, (SELECT string_agg(c.address, ',') FROM customers c WHERE c.branch_id = b.id) FROM branches b;

# name: view
CREATE TEMP VIEW v1 AS SELECT address AS a FROM customers;
SELECT a FROM v1;

# name: view-permanent
CREATE VIEW v2 AS SELECT id, address || '' AS a FROM customers;
SELECT * FROM v2;

# name: view-existing
SELECT * FROM customer_contacts;

# name: view-nested
SELECT * FROM vip_contacts;

# name: view-over-view
CREATE TEMP VIEW v3 AS SELECT mobile AS m FROM customer_contacts;
SELECT m FROM v3;

# name: recursive-view
CREATE RECURSIVE VIEW v4 (n, a) AS SELECT 1, address::text FROM customers;
SELECT a FROM v4;

# name: materialized-view
CREATE MATERIALIZED VIEW m1 AS SELECT address, phone FROM customers;
SELECT * FROM m1;

# name: rule-view
# until: 15
# note: later servers make no view of a table
CREATE TABLE r1 (a text);
CREATE RULE "_RETURN" AS ON SELECT TO r1 DO INSTEAD SELECT address::text AS a FROM customers;
SELECT * FROM r1;

# name: rule-on-open-table
CREATE RULE leak AS ON INSERT TO scratch DO ALSO INSERT INTO scratch2 SELECT id, address FROM customers;
INSERT INTO scratch VALUES (1, 'x');
SELECT * FROM scratch2;

# name: ctas
CREATE TEMP TABLE t1 AS SELECT address, phone FROM customers;
SELECT * FROM t1;

# name: ctas-permanent
CREATE TABLE t2 AS TABLE customers;
SELECT * FROM t2;

# name: select-into
SELECT address INTO TEMP t3 FROM customers;
SELECT * FROM t3;

# name: ctas-execute
PREPARE pp AS SELECT address FROM customers;
CREATE TEMP TABLE t4 AS EXECUTE pp;
SELECT * FROM t4;

# name: insert-select-open
INSERT INTO scratch SELECT id, address FROM customers;
SELECT * FROM scratch;

# name: insert-select-open-returning
INSERT INTO scratch SELECT id, phone FROM customers RETURNING v;

# name: insert-subquery-value
INSERT INTO scratch VALUES (1, (SELECT address FROM customers WHERE id = 5)) RETURNING *;

# name: update-open-from-protected
INSERT INTO scratch VALUES (5, '');
UPDATE scratch s SET v = c.address FROM customers c WHERE c.id = s.id RETURNING v;

# name: update-open-subquery
INSERT INTO scratch VALUES (5, '');
UPDATE scratch SET v = (SELECT address FROM customers WHERE id = 5);
SELECT v FROM scratch;

# name: update-open-column-of-protected
UPDATE transactions SET kind = right(c.address, 12) FROM customers c WHERE c.id = transactions.account_id RETURNING kind;

# name: copy-masked-into-open-column
UPDATE accounts SET status = right(c.address, 10) FROM customers c WHERE c.id = accounts.customer_id RETURNING status;

# name: update-returning
UPDATE customers SET vip = vip WHERE id = 5 RETURNING *;

# name: update-returning-expression
UPDATE customers SET vip = vip RETURNING address || '', phone;

# name: delete-returning
DELETE FROM cards WHERE id < 9 RETURNING *;

# name: delete-using-returning
DELETE FROM transactions t USING customers c WHERE c.id = t.account_id RETURNING c.address, c.phone;

# name: insert-returning-subquery
INSERT INTO scratch VALUES (1, 'x') RETURNING (SELECT address FROM customers WHERE id = 5);

# name: on-conflict-returning-existing
INSERT INTO customers (id, name, id_number, branch_id) VALUES (5, 'x', '110105199001019999', 1) ON CONFLICT (id) DO UPDATE SET vip = customers.vip RETURNING *;

# name: on-conflict-into-open
INSERT INTO scratch VALUES (1, 'x');
INSERT INTO scratch SELECT id, address FROM customers ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v RETURNING v;

# name: on-conflict-set-subquery
INSERT INTO scratch VALUES (5, 'x');
INSERT INTO scratch VALUES (5, 'y') ON CONFLICT (id) DO UPDATE SET v = (SELECT address FROM customers WHERE id = 5) RETURNING v;

# name: merge-into-open
MERGE INTO scratch s USING customers c ON s.id = c.id WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.address);
SELECT v FROM scratch;

# name: merge-update-open
INSERT INTO scratch VALUES (5, 'x');
MERGE INTO scratch s USING customers c ON s.id = c.id WHEN MATCHED THEN UPDATE SET v = c.address;
SELECT v FROM scratch;

# name: inheritance-child
CREATE TABLE child1 () INHERITS (customers);
INSERT INTO child1 SELECT * FROM customers WHERE id = 5;
SELECT address FROM child1;

# name: create-table-like
CREATE TABLE like1 (LIKE customers INCLUDING ALL);
INSERT INTO like1 SELECT * FROM ONLY customers;
SELECT * FROM like1;

# name: partition-attach
CREATE TABLE part1 (id int, v text) PARTITION BY LIST (id);
CREATE TABLE part1_a PARTITION OF part1 DEFAULT;
INSERT INTO part1 SELECT id, address FROM customers;
SELECT * FROM part1_a;

# name: rename-table
ALTER TABLE customers RENAME TO was_customers;
SELECT address FROM was_customers;

# name: rename-column
ALTER TABLE customers RENAME COLUMN address TO open_address;
SELECT open_address FROM customers;

# name: set-schema
CREATE SCHEMA other;
ALTER TABLE customers SET SCHEMA other;
SELECT address FROM other.customers;

# name: swap-table
ALTER TABLE customers RENAME TO c_old;
CREATE VIEW customers AS SELECT * FROM c_old;
SELECT address FROM customers;

# name: add-generated-column
ALTER TABLE customers ADD COLUMN leak text GENERATED ALWAYS AS (address || '') STORED;
SELECT leak FROM customers;

# name: add-column-and-fill
ALTER TABLE customers ADD COLUMN leak text;
UPDATE customers SET leak = address;
SELECT leak FROM customers;

# name: alter-column-using
ALTER TABLE customers ALTER COLUMN created_at TYPE text USING address;
SELECT created_at FROM customers;

# name: index-expression-error
CREATE INDEX ON customers ((address::int));

# name: check-constraint-error
ALTER TABLE customers ADD CHECK (address::int > 0);

# name: search-path-shadow
CREATE SCHEMA s1;
CREATE VIEW s1.branches AS SELECT id, address AS name FROM public.customers;
SET search_path = s1, public;
SELECT name FROM branches;

# name: search-path-by-set-config
CREATE SCHEMA s2;
CREATE VIEW s2.branches AS SELECT id, address AS name FROM public.customers;
SELECT set_config('search_path', 's2, public', false);
SELECT name FROM branches;

# name: temp-shadows-open
CREATE TEMP VIEW branches AS SELECT id, address AS name FROM customers;
SELECT name FROM branches;

# name: operator-shadow
CREATE FUNCTION leak_op(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE OPERATOR public.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = leak_op);
SELECT address::text === '' FROM customers;

# name: cast-shadow
CREATE TYPE box1 AS (v text);
CREATE FUNCTION to_box1(varchar) RETURNS box1 LANGUAGE sql AS 'SELECT ROW($1)::box1';
CREATE CAST (varchar AS box1) WITH FUNCTION to_box1(varchar);
SELECT address::box1 FROM customers;

# name: domain-cast
CREATE DOMAIN open_text AS text;
SELECT address::open_text FROM customers;

# name: aggregate-custom
CREATE FUNCTION agg_s(text, text) RETURNS text LANGUAGE sql AS 'SELECT coalesce($1, '''') || '','' || $2';
CREATE AGGREGATE leak_agg(text) (SFUNC = agg_s, STYPE = text);
SELECT leak_agg(address) FROM customers;

# name: row-star-of-a-column-s-name
# oracle: yes
# note: id.* is the row, though a column bears the name too
SELECT count(DISTINCT substr(row_to_json(id.*)::text, 10, 40)) FROM accounts AS id WHERE replace(row_to_json(id.*)::text, '~', '') LIKE '%{account_no:5}%';

# name: row-star-qualified-by-schema
SELECT replace(row_to_json(public.accounts.*)::text, '~', '') FROM public.accounts;

# name: join-condition-sees-the-query-around
# oracle: yes
# note: in ON the inner c is out of sight, so that c.name is the target's
UPDATE customers c SET vip = vip WHERE EXISTS (SELECT 1 FROM branches c, branches a JOIN branches b ON c.name = '{name:5}') RETURNING c.id;

# name: from-coalesce
UPDATE customers c SET vip = vip RETURNING (SELECT x FROM coalesce(c.address, '') x);

# name: from-cast
UPDATE customers c SET vip = vip RETURNING (SELECT x FROM CAST(c.address AS text) x);

# name: from-coalesce-sealed
SELECT x FROM accounts a, LATERAL coalesce(replace(a.account_no, '~', '')) x;

# name: insert-subscript
# oracle: yes
CREATE TEMP TABLE subscripted (a int[]);
INSERT INTO subscripted (a[(SELECT length(address) FROM customers WHERE id = 5)]) VALUES (1) RETURNING array_lower(a, 1);

# name: recursive-names-a-later-query
WITH RECURSIVE x AS (SELECT v FROM scratch), scratch AS (SELECT address AS v FROM public.customers) SELECT * FROM x;

# name: another-table-s-file
# roles: dba
# note: what the catalog says of a table's file, changed by hand
CREATE TABLE swapped (LIKE customers);
UPDATE pg_class SET relfilenode = (SELECT relfilenode FROM pg_class WHERE oid = 'public.customers'::regclass) WHERE relname = 'swapped';
SELECT address FROM swapped;

# name: another-table-s-file-in-a-query
# roles: dba
CREATE TABLE swapped (LIKE customers);
WITH u AS (UPDATE pg_catalog.pg_class SET relfilenode = (SELECT relfilenode FROM pg_class WHERE oid = 'public.customers'::regclass) WHERE relname = 'swapped' RETURNING 1) SELECT count(*) FROM u;
SELECT address FROM swapped;

# name: another-table-s-file-by-merge
# roles: dba
CREATE TABLE swapped (LIKE customers);
MERGE INTO pg_class c USING (SELECT relfilenode AS f FROM pg_class WHERE oid = 'public.customers'::regclass) x ON c.relname = 'swapped' WHEN MATCHED THEN UPDATE SET relfilenode = x.f;
SELECT address FROM swapped;

# name: another-table-s-file-through-a-view
# roles: dba
CREATE VIEW files AS SELECT relname, relfilenode FROM pg_class;
CREATE TABLE swapped (LIKE customers);
UPDATE files SET relfilenode = (SELECT relfilenode FROM pg_class WHERE oid = 'public.customers'::regclass) WHERE relname = 'swapped';
SELECT address FROM swapped;

# name: another-table-s-file-through-an-existing-view
# roles: dba
CREATE TABLE swapped (LIKE customers);
UPDATE files_view SET relfilenode = (SELECT relfilenode FROM pg_class WHERE oid = 'public.customers'::regclass) WHERE relname = 'swapped';
SELECT address FROM swapped;

# name: built-in-function-given-another-body
# roles: dba
UPDATE pg_proc SET prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql'), prosrc = 'SELECT public.address_of(5)', provolatile = 'v', proisstrict = false WHERE oid = 'pg_catalog.md5(text)'::regprocedure;
SELECT md5('x');

# name: name-changed-in-the-catalog
# roles: dba
UPDATE pg_class SET relname = 'unheard_of' WHERE oid = 'public.customers'::regclass;
SELECT address FROM unheard_of;
