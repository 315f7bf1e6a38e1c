# name: everything-quoted
SELECT "c"."address", "c"."phone" FROM "public"."customers" AS "c";

# name: capitals
SELECT ADDRESS, Phone FROM CUSTOMERS;

# name: three-part-name
SELECT customers.address FROM {database}.public.customers;

# name: four-part-column
SELECT {database}.public.customers.address FROM {database}.public.customers;

# name: unicode-escape-of-ones-own
SELECT U&"!0061ddress" UESCAPE '!' FROM public.customers;

# name: unicode-escaped-schema
SELECT address FROM U&"\0070ublic".U&"customer\0073";

# name: unicode-escape-of-six-digits
SELECT U&"\+000061ddress", phone FROM customers;

# name: alias-of-an-open-table-s-name
SELECT branches.address FROM customers AS branches;

# name: alias-with-columns
SELECT x.g, x.d FROM customers AS x (a, b, c, d, e, f, g);

# name: alias-with-names-of-another-table
SELECT x.login, x.title FROM customers AS x (id, code, city, login, title);

# name: alias-hides-a-column
SELECT name FROM customers AS x (id, address, id_number, phone, email, birth_date, name);

# name: comments-for-blanks
SELECT/**/address/*;*/FROM/* -- */customers;

# name: comment-that-ends-a-line
SELECT address --'
FROM customers --;

# name: comment-like-a-hint
/*+ NoMask */ /* pgveil: off */ SELECT address FROM customers;

# name: leading-semicolons
;;; SELECT address FROM customers;

# name: tabs-and-form-feeds
SELECT	address,phoneFROMcustomers;

# name: national-character
SELECT N'x', address FROM customers;

# name: bit-and-hex-strings
SELECT B'1', X'1F', address FROM customers;

# name: continued-string
SELECT 'a'
'b', address FROM customers;

# name: end-as-a-label-before-union
SELECT 1::text END UNION ALL SELECT address FROM customers;

# name: end-as-a-label-of-returning
UPDATE customers SET vip = vip RETURNING 1 END, address;

# name: end-as-a-label-in-a-subquery
SELECT * FROM (SELECT id END, address FROM customers) x;

# name: isnull-is-a-test
SELECT address ISNULL, phone NOTNULL, email FROM customers;

# name: keyword-as-a-column
# until: 15
CREATE TEMP TABLE newer AS SELECT address AS system_user FROM customers;
SELECT system_user FROM newer;

# name: keyword-as-a-quoted-alias
SELECT address AS "select", phone AS "from" FROM customers;

# name: quote-doubled-in-an-identifier
SELECT address AS "a""b" FROM customers;

# name: quote-doubled-in-a-literal
SELECT 'it''s', address FROM customers WHERE name <> 'x''' OR id > 0;

# name: backslash-in-a-literal
SELECT 'C:\dir\''', address FROM customers WHERE '\' <> '''' OR true;

# name: identifier-cut-at-63-bytes
CREATE TEMP VIEW a23456789_123456789_123456789_123456789_123456789_123456789_123first AS SELECT address FROM customers;
SELECT address FROM a23456789_123456789_123456789_123456789_123456789_123456789_123second;

# name: cte-of-the-table-s-name
WITH customers AS (SELECT 1 AS id) SELECT c.address FROM customers x, public.customers c;

# name: cte-in-an-inner-query
SELECT (WITH customers AS (SELECT 'x' AS address) SELECT address FROM customers), address FROM customers;

# name: cte-not-in-sight-of-its-own-query
WITH customers AS (SELECT address FROM customers) SELECT address FROM customers;

# name: cte-in-insert
WITH branches AS (SELECT id, address FROM customers) INSERT INTO scratch2 SELECT id, address FROM branches RETURNING v;

# name: cte-materialized
WITH m AS MATERIALIZED (SELECT * FROM customers), n AS NOT MATERIALIZED (SELECT * FROM m) SELECT address FROM n;

# name: cte-with-search
WITH RECURSIVE r AS (SELECT id, manager_id, address FROM customers WHERE id < 5 UNION ALL SELECT c.id, c.manager_id, c.address FROM r JOIN customers c ON c.id = r.id + 40 AND r.id < 100) SEARCH DEPTH FIRST BY id SET ord SELECT address, ord FROM r;

# name: cte-with-cycle
WITH RECURSIVE r AS (SELECT id, address FROM customers WHERE id < 5 UNION ALL SELECT c.id, c.address FROM r JOIN customers c ON c.id = r.id) CYCLE address SET again USING path SELECT address, path FROM r;

# name: temporary-table-of-the-table-s-name
CREATE TEMP TABLE customers AS SELECT * FROM public.customers;
SELECT address, phone FROM customers;

# name: temporary-view-of-the-table-s-name
CREATE TEMP VIEW customers AS SELECT address AS note FROM public.customers;
SELECT note FROM customers;

# name: temporary-schema-by-name
CREATE TEMP TABLE t AS SELECT address FROM customers;
SELECT address FROM pg_temp.t;

# name: search-path-in-the-transaction
SET LOCAL search_path = branch_office, public;
SELECT name FROM customers;

# name: search-path-at-the-start
# startup: search_path=branch_office,public
SELECT name FROM customers;

# name: search-path-among-the-options
# startup: options=-c search_path=branch_office
SELECT name FROM customers;

# name: search-path-emptied
SET search_path = '';
SELECT address FROM public.customers;

# name: search-path-by-schema-command
SET SCHEMA 'branch_office';
SELECT name FROM customers;

# name: search-path-reset
SET search_path = pg_catalog;
RESET search_path;
SELECT address FROM customers;

# name: search-path-changed-after-parse
PREPARE by_name AS SELECT name::text FROM customers;
SET search_path = branch_office;
EXECUTE by_name;

# name: rolled-back-search-path
SAVEPOINT s;
SET search_path = branch_office;
ROLLBACK TO s;
SELECT address FROM customers;

# name: rolled-back-rename
SAVEPOINT s;
ALTER TABLE branches RENAME TO was_branches;
ROLLBACK TO s;
SELECT address FROM customers;

# name: type-of-the-table
SELECT (NULL::customers).id, c::public.customers FROM customers c;

# name: name-as-a-string
SELECT address FROM customers WHERE 'customers'::regclass = tableoid;

# name: three-part-oracle
# oracle: yes
SELECT id FROM {database}.public.customers WHERE {database}.public.customers.address LIKE '%1室' ORDER BY id;
