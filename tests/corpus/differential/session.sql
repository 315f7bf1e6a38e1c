# name: sql-prepare-execute
PREPARE p1 (text) AS SELECT id, phone FROM customers WHERE phone = $1;
EXECUTE p1('{phone:5}');
EXECUTE p1('{phone:6}');
DEALLOCATE p1;

# name: sql-prepare-untyped
PREPARE p2 AS SELECT id, phone FROM customers WHERE phone = $1;
EXECUTE p2('{phone:7}');
DEALLOCATE p2;

# name: sql-prepare-no-params
# roles: app teller
PREPARE p3 AS SELECT id, phone FROM customers WHERE id < 4 ORDER BY id;
EXECUTE p3;
EXECUTE p3;
DEALLOCATE p3;

# name: sql-prepare-insert
PREPARE p4 AS INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES ($1, 'p', $2, $3, 1) RETURNING id, phone;
EXECUTE p4(920001, '110105199001012001', '13933330001');
SELECT phone FROM customers WHERE id = 920001;
DEALLOCATE p4;

# name: sql-prepare-update
PREPARE p5 AS UPDATE customers SET phone = $2 WHERE phone = $1 RETURNING id, phone;
EXECUTE p5('{phone:8}', '13933330002');
DEALLOCATE ALL;

# name: sql-prepare-plain-param
# roles: app teller
PREPARE p6 (bigint) AS SELECT phone FROM customers WHERE id = $1;
EXECUTE p6(9);
DEALLOCATE p6;

# name: sql-prepare-duplicate
# expect: error 42P05
PREPARE p7 AS SELECT 1;
PREPARE p7 AS SELECT 2;

# name: execute-unknown
# expect: error 26000
EXECUTE nosuch;

# name: deallocate-unknown
# expect: error 26000
DEALLOCATE nosuch;

# name: cursor-fetch-all
# roles: app teller
DECLARE c1 CURSOR FOR SELECT id, phone FROM customers WHERE id < 6 ORDER BY id;
FETCH ALL FROM c1;
CLOSE c1;

# name: cursor-fetch-n
# roles: app teller
DECLARE c2 CURSOR FOR SELECT id, phone FROM customers WHERE id < 9 ORDER BY id;
FETCH 3 FROM c2;
FETCH NEXT FROM c2;
FETCH FORWARD 2 FROM c2;
CLOSE c2;

# name: cursor-scroll
DECLARE c3 SCROLL CURSOR FOR SELECT id, phone FROM customers WHERE id < 9 ORDER BY id;
FETCH LAST FROM c3;
FETCH PRIOR FROM c3;
FETCH ABSOLUTE 2 FROM c3;
FETCH BACKWARD 1 FROM c3;
MOVE FORWARD 3 FROM c3;
FETCH c3;
CLOSE c3;

# name: cursor-sealed-predicate
DECLARE c4 CURSOR FOR SELECT id, phone FROM customers WHERE phone = '{phone:5}';
FETCH ALL c4;
CLOSE ALL;

# name: cursor-binary
DECLARE c5 BINARY CURSOR FOR SELECT id, phone, birth_date FROM customers WHERE id = 5;
FETCH ALL FROM c5;
CLOSE c5;

# name: cursor-unprotected
# roles: app teller
DECLARE c6 CURSOR FOR SELECT id, code FROM branches ORDER BY id;
FETCH 2 FROM c6;
CLOSE c6;

# name: cursor-unknown
# expect: error 34000
FETCH ALL FROM nosuch;

# name: cursor-where-current-of
# expect: refuse
DECLARE c7 CURSOR FOR SELECT id, phone FROM customers WHERE id = 5 FOR UPDATE;
FETCH NEXT FROM c7;
UPDATE customers SET phone = '13933330007' WHERE CURRENT OF c7;
SELECT phone FROM customers WHERE id = 5;

# name: savepoint-and-rollback
SAVEPOINT s;
UPDATE customers SET phone = '13933330008' WHERE id = 5;
ROLLBACK TO SAVEPOINT s;
SELECT phone FROM customers WHERE id = 5;

# name: error-then-rollback-to
# roles: app teller
# expect: error 22012
SAVEPOINT s;
SELECT 1 / 0;
ROLLBACK TO SAVEPOINT s;
SELECT id, phone FROM customers WHERE id = 5;

# name: set-local-datestyle
SET LOCAL datestyle = 'SQL, DMY';
SELECT birth_date, created_at FROM customers WHERE id = 5;

# name: set-local-timezone
SET LOCAL timezone = 'Asia/Shanghai';
SELECT verified_at, met_at FROM kyc WHERE customer_id = 5;

# name: set-bytea-output
# expect: refuse
# note: the server does not report bytea_output
SET LOCAL bytea_output = 'escape';
SELECT photo FROM kyc WHERE customer_id = 5;

# name: show
# roles: app teller
SHOW standard_conforming_strings;

# name: lock-table
LOCK TABLE customers IN SHARE MODE;
SELECT count(*) FROM customers;

# name: temp-table
CREATE TEMP TABLE t_open (id int, v text) ON COMMIT DROP;
INSERT INTO t_open SELECT id, code FROM branches;
SELECT * FROM t_open ORDER BY id;

# name: truncate
TRUNCATE transactions;
SELECT count(*) FROM transactions;

# name: analyze
# roles: app
ANALYZE customers;

# name: copy-out-table
COPY branches TO STDOUT;

# name: copy-out-protected
# roles: app teller
COPY cards TO STDOUT;

# name: copy-out-columns
# roles: app teller
COPY customers (id, phone, email, notes) TO STDOUT;

# name: copy-out-query
# roles: app teller
COPY (SELECT id, phone, name FROM customers WHERE id < 20 ORDER BY id) TO STDOUT;

# name: copy-out-csv
# roles: app teller
COPY (SELECT id, phone, notes FROM customers ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *);

# name: copy-out-csv-delimiter
COPY customers (id, address, birth_date) TO STDOUT WITH (FORMAT csv, DELIMITER ';', NULL 'nil');

# name: copy-out-binary
# roles: app teller
COPY (SELECT id, phone, birth_date, credit_limit FROM customers WHERE id < 20 ORDER BY id) TO STDOUT WITH (FORMAT binary);

# name: copy-out-every-type
COPY kyc TO STDOUT;

# name: copy-in-text
# copy: "920010\tA\t110105199001013010\t13944440010\t\\N\t1990-01-01\t\\N\t12.50\ta\\tb\tf\t2024-01-01 00:00:00+00\t1\t\\N\n"
COPY customers FROM STDIN;
SELECT * FROM customers WHERE phone = '13944440010';

# name: copy-in-columns
# copy: "920011\tA\t110105199001013011\t13944440011\t1\n920012\tB\t110105199001013012\t\\N\t2\n"
COPY customers (id, name, id_number, phone, branch_id) FROM STDIN;
SELECT id, phone FROM customers WHERE id IN (920011, 920012) ORDER BY id;

# name: copy-in-csv
# copy: "id,name,id_number,notes,branch_id\n920013,\"O\"\"Neil, J\",110105199001013013,\"two\nlines\",1\n920014,B,110105199001013014,,1\n"
COPY customers (id, name, id_number, notes, branch_id) FROM STDIN WITH (FORMAT csv, HEADER);
SELECT id, name, notes, notes IS NULL FROM customers WHERE id IN (920013, 920014) ORDER BY id;

# name: copy-in-end-marker
# copy: "920015\tA\t110105199001013015\t1\n\\.\n"
COPY customers (id, name, id_number, branch_id) FROM STDIN;
SELECT id, id_number FROM customers WHERE id = 920015;

# name: copy-in-unique-violation
# expect: error 23505
# copy: "920016\tA\t{id_number:5}\t1\n"
COPY customers (id, name, id_number, branch_id) FROM STDIN;

# name: copy-in-bad-date
# expect: error 22007
# copy: "920017\tA\t110105199001013017\tno\t1\n"
COPY customers (id, name, id_number, birth_date, branch_id) FROM STDIN;

# name: copy-in-too-few-columns
# expect: error 22P04
# copy: "920018\tA\n"
COPY customers (id, name, id_number, branch_id) FROM STDIN;

# name: copy-in-unprotected
# copy: "920\tZ920\tn\tc\n"
COPY branches FROM STDIN;
SELECT * FROM branches WHERE id = 920;

# name: set-config
# roles: app teller
SELECT pg_catalog.set_config('search_path', 'public', true);
SELECT id, name FROM branches ORDER BY id;

# name: pg-settings
# roles: app teller
SELECT setting FROM pg_settings WHERE name = 'server_version_num';

# name: pg-notify
# roles: app teller
SELECT pg_notify('news', 'one');

# name: copy-of-a-temporary-table
# roles: app teller auditor
# copy: "1\tone\n2\ttwo\n"
CREATE TEMP TABLE of_mine (id int, v text);
COPY of_mine FROM STDIN;
SELECT * FROM of_mine ORDER BY id;
COPY of_mine TO STDOUT;
COPY (SELECT v FROM of_mine WHERE id = 2) TO STDOUT WITH (FORMAT csv);

# name: show-a-setting-of-ones-own
SET LOCAL custom.setting = 'x';
SHOW custom.setting;

# name: copy-out-csv-quote
COPY (SELECT id, phone, notes FROM customers WHERE id < 9 ORDER BY id) TO STDOUT WITH (FORMAT csv, QUOTE '''', FORCE_QUOTE *);

# name: cursor-with-hold-over-a-new-table
# roles: app teller
# transaction: no
BEGIN;
CREATE TABLE held_rows (id int);
INSERT INTO held_rows VALUES (10), (20), (30);
DECLARE held CURSOR WITH HOLD FOR SELECT id FROM held_rows ORDER BY id;
COMMIT;
FETCH 2 FROM held;
FETCH 2 FROM held;
CLOSE held;
DROP TABLE held_rows;

# name: execute-with-too-few-arguments
# roles: app teller
# expect: error 42601
PREPARE two (varchar, int) AS SELECT id FROM customers WHERE phone = $1 AND branch_id = $2;
EXECUTE two ('13812345678');

# name: execute-with-too-many-arguments
# roles: app teller
# expect: error 42601
PREPARE one AS UPDATE customers SET phone = $1 WHERE id = 5;
EXECUTE one ('13812345678', 2, 3);

# name: execute-of-a-statement-with-an-unused-argument
# roles: app teller
PREPARE two (int, int) AS SELECT id, phone FROM customers WHERE id = $1;
EXECUTE two (5, 6);

# name: prepare-with-a-type-that-the-column-cannot-be-compared-with
# expect: error 42883
PREPARE p (text) AS SELECT id FROM customers WHERE birth_date = $1;

# name: prepare-with-a-type-that-the-column-does-not-take
# expect: error 42804
PREPARE p (text) AS UPDATE customers SET birth_date = $1 WHERE id = 5;
