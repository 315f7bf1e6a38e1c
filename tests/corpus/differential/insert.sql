# name: insert-values-all-columns
INSERT INTO customers VALUES (900001, '测试一', '110105199001010010', '13900000001', 'new1@example.com', '1990-01-01', '北京市朝阳区1号', 5000.00, 'note', true, '2024-01-01 00:00:00+00', 1, 1);
SELECT * FROM customers WHERE id = 900001;

# name: insert-column-list
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900002, '测试二', '110105199001010029', '13900000002', 1);
SELECT id, name, id_number, phone, email, birth_date FROM customers WHERE id = 900002;

# name: insert-reordered-columns
INSERT INTO customers (phone, branch_id, id_number, name, id) VALUES ('13900000003', 2, '110105199001010037', 'X', 900003);
SELECT phone, id_number, branch_id FROM customers WHERE id = 900003;

# name: insert-several-rows
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900004, 'A', '110105199001010045', '13900000004', 1), (900005, 'B', '110105199001010053', NULL, 2), (900006, 'C', '110105199001010061', '', 3);
SELECT id, phone, phone IS NULL FROM customers WHERE id BETWEEN 900004 AND 900006 ORDER BY id;

# name: insert-params
# params: ["900007", "参数", "11010519900101007X", "13900000007", "p@example.com", "1991-02-03", "1"]
INSERT INTO customers (id, name, id_number, phone, email, birth_date, branch_id) VALUES ($1, $2, $3, $4, $5, $6, $7);
SELECT id, name, id_number, phone, email, birth_date FROM customers WHERE phone = '13900000007';

# name: insert-params-null
# params: ["900008", "N", "110105199001010088", null, null, null, "1"]
INSERT INTO customers (id, name, id_number, phone, email, birth_date, branch_id) VALUES ($1, $2, $3, $4, $5, $6, $7);
SELECT id, phone, email, birth_date FROM customers WHERE id = 900008;

# name: insert-default-keyword-plain
INSERT INTO customers (id, name, id_number, vip, branch_id) VALUES (900009, 'D', '110105199001010096', DEFAULT, 1);
SELECT id, vip, id_number FROM customers WHERE id = 900009;

# name: insert-default-keyword-sealed
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900010, 'D', '110105199001010109', DEFAULT, 1);
SELECT id, phone FROM customers WHERE id = 900010;

# name: insert-default-in-an-expression
# expect: error 42601
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900011, 'D', '110105199001010117', DEFAULT, 1), (900012, 'E', '110105199001010125', '13900000012', DEFAULT + 1);

# name: insert-returning-star
INSERT INTO customers (id, name, id_number, phone, created_at, branch_id) VALUES (900013, 'R', '110105199001010133', '13900000013', '2024-01-01Z', 1) RETURNING *;

# name: insert-returning-columns
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900014, 'R', '110105199001010141', '13900000014', 1) RETURNING phone, id AS key, id_number idn;

# name: insert-returning-params
# params: ["900015", "13900000015"]
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES ($1, 'R', '110105199001010150', $2, 1) RETURNING id, phone;

# name: insert-select-same-table
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT 900016, name, '110105199001010168', phone, branch_id FROM customers WHERE id = 5 RETURNING id, phone;

# name: insert-select-across-ids-of-one-domain
# expect: refuse
INSERT INTO employees (id, login, name, branch_id, phone) SELECT 9016, 'e9016', 'x', 1, phone FROM customers WHERE id = 50 RETURNING phone;

# name: insert-select-plain-source
INSERT INTO transactions (id, account_id, at, kind, amount) SELECT 900017, id, '2024-01-01Z', 'cash', 10 FROM accounts WHERE id = 3 RETURNING id, amount, counterparty;

# name: insert-select-values
INSERT INTO branches SELECT * FROM (VALUES (901, 'Z901', 'n', 'c')) v RETURNING *;

# name: on-conflict-do-nothing-primary-key
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (5, 'X', '110105199001010176', '13900000018', 1) ON CONFLICT (id) DO NOTHING;
SELECT phone FROM customers WHERE id = 5;

# name: on-conflict-do-nothing-bare
INSERT INTO customers (id, name, id_number, branch_id) VALUES (900019, 'X', '{id_number:5}', 1) ON CONFLICT DO NOTHING RETURNING id;

# name: on-conflict-sealed-unique-do-nothing
INSERT INTO customers (id, name, id_number, branch_id) VALUES (900020, 'X', '{id_number:5}', 1) ON CONFLICT (id_number) DO NOTHING;
SELECT count(*) FROM customers WHERE id_number = '{id_number:5}';

# name: on-conflict-sealed-unique-do-update-excluded
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900021, 'X', '{id_number:5}', '13900000021', 1) ON CONFLICT (id_number) DO UPDATE SET phone = EXCLUDED.phone RETURNING id, phone;

# name: on-conflict-update-plain-column
INSERT INTO customers (id, name, id_number, branch_id) VALUES (5, 'X', '110105199001010184', 3) ON CONFLICT (id) DO UPDATE SET branch_id = EXCLUDED.branch_id RETURNING id, branch_id;

# name: on-conflict-update-literal
INSERT INTO customers (id, name, id_number, branch_id) VALUES (5, 'X', '110105199001010192', 3) ON CONFLICT (id) DO UPDATE SET phone = '13900000023' RETURNING id, phone;

# name: on-conflict-update-where
INSERT INTO customers AS c (id, name, id_number, branch_id) VALUES (5, 'X', '110105199001010205', 3) ON CONFLICT (id) DO UPDATE SET branch_id = EXCLUDED.branch_id WHERE c.phone = '{phone:5}' RETURNING c.id, c.branch_id;

# name: on-conflict-params
# params: ["900024", "{account_no:6}", "77.50"]
INSERT INTO accounts (id, account_no, customer_id, branch_id, balance) VALUES ($1, $2, 6, 1, $3) ON CONFLICT (account_no) DO UPDATE SET balance = accounts.balance + EXCLUDED.balance RETURNING id, account_no, balance;

# name: on-conflict-two-rows-one-new
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (900025, '{account_no:7}', 7, 1), (900026, '6013990000900026', 7, 1) ON CONFLICT (account_no) DO NOTHING RETURNING id;

# name: unique-violation-sealed
# expect: error 23505
INSERT INTO customers (id, name, id_number, branch_id) VALUES (900027, 'X', '{id_number:8}', 1);

# name: unique-violation-sealed-params
# expect: error 23505
# params: ["{account_no:8}"]
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (900028, $1, 8, 1);

# name: unique-violation-update
# expect: error 23505
UPDATE cards SET pan = '{pan:9}' WHERE id = 10;

# name: unique-violation-primary-key
# expect: error 23505
INSERT INTO customers (id, name, id_number, branch_id) VALUES (9, 'X', '110105199001010213', 1);

# name: not-null-violation-sealed
# expect: error 23502
INSERT INTO customers (id, name, id_number, branch_id) VALUES (900029, 'X', NULL, 1);

# name: not-null-violation-omitted
# expect: error 23502
INSERT INTO accounts (id, customer_id, branch_id) VALUES (900030, 1, 1);

# name: too-long-for-varchar
# expect: error 22001
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900031, 'X', '110105199001010221', '139000000001390000000013900', 1);

# name: trailing-blanks-are-cut-not-refused
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900032, 'X', '110105199001010230', '13900000032            ', 1) RETURNING phone, length(name);

# name: bad-date
# expect: error 22007
INSERT INTO customers (id, name, id_number, birth_date, branch_id) VALUES (900033, 'X', '110105199001010248', 'no date', 1);

# name: date-out-of-range
# expect: error 22008
INSERT INTO customers (id, name, id_number, birth_date, branch_id) VALUES (900034, 'X', '110105199001010256', '2023-02-30', 1);

# name: bad-numeric
# expect: error 22P02
INSERT INTO customers (id, name, id_number, credit_limit, branch_id) VALUES (900035, 'X', '110105199001010264', 'abc', 1);

# name: numeric-overflow
# expect: error 22003
INSERT INTO customers (id, name, id_number, credit_limit, branch_id) VALUES (900036, 'X', '110105199001010272', 1234567890123456.00, 1);

# name: numeric-is-rounded-to-scale
INSERT INTO customers (id, name, id_number, credit_limit, branch_id) VALUES (900037, 'X', '110105199001010280', 12.345, 1) RETURNING credit_limit;

# name: foreign-key-violation
# expect: error 23503
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900038, 'X', '110105199001010299', '13900000038', 999);

# name: char-is-padded
INSERT INTO customers (id, name, id_number, branch_id) VALUES (900039, 'X', 'short', 1) RETURNING id_number;

# name: insert-unicode-and-quotes
INSERT INTO customers (id, name, id_number, phone, notes, branch_id) VALUES (900040, 'O''Neil', '110105199001010301', '13900000040', E'it''s \\ a "tab"\t和换行\n', 1) RETURNING name, notes;

# name: insert-dollar-quoted
INSERT INTO customers (id, name, id_number, notes, branch_id) VALUES (900041, 'X', '110105199001010310', $q$dollar 'quoted' $1$q$, 1) RETURNING notes;

# name: insert-empty-string-stays-empty
INSERT INTO customers (id, name, id_number, phone, notes, branch_id) VALUES (900042, 'X', '110105199001010328', '', '', 1) RETURNING phone, notes, phone IS NULL;

# name: insert-cast-literal
INSERT INTO customers (id, name, id_number, birth_date, credit_limit, branch_id) VALUES (900043, 'X', '110105199001010336', '1990-05-06'::date, 500::numeric, 1) RETURNING birth_date, credit_limit;

# name: insert-default-values-fails-on-not-null
# expect: error 23502
INSERT INTO customers DEFAULT VALUES;

# name: insert-with-cte
WITH src AS (SELECT 900044 AS id, 1 AS branch) INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT id, 'cte', '110105199001010344', '13900000044', branch FROM src RETURNING id, phone;

# name: insert-too-many-values
# expect: error 42601
INSERT INTO customers (id, name) VALUES (1, 'a', 'b');

# name: insert-unknown-column
# expect: error 42703
INSERT INTO customers (id, nosuch) VALUES (1, 'a');

# name: insert-no-column-list-several-rows
INSERT INTO cards VALUES (900050, '6228480000000900050', 5, 5, '2030-01-01', '王小明', 'active'), (900051, '6228480000000900051', 6, 6, NULL, NULL, 'active') RETURNING *;

# name: insert-no-column-list-params
# params: ["900052", "6013990000900052", "2.50"]
INSERT INTO accounts VALUES ($1, $2, 5, 1, 'CNY', $3, '2024-01-01', 'open') RETURNING *;

# name: insert-through-a-view
# note: a peer stored what went through a view in clear
# expect: refuse
CREATE TEMP VIEW v2 AS SELECT id, name, id_number, phone, branch_id FROM customers;
INSERT INTO v2 VALUES (900051, 'X', '110105199001010512', '13900000051', 1);
SELECT id, phone FROM customers WHERE id = 900051;

# name: insert-with-literals-default-and-a-call-beside-a-param
# note: a peer sealed none of the row where it held two literals, DEFAULT or a call
# params: ["13900000052"]
INSERT INTO customers (id, name, id_number, phone, notes, branch_id, created_at) VALUES (900052, 'X', '110105199001010520', $1, DEFAULT, 1, now()) RETURNING id, id_number, phone, notes;
# params: ["13900000052"]
SELECT id, id_number FROM customers WHERE phone = $1;

# name: insert-in-a-batch-of-begin-and-commit
# modes: simple
# note: a peer lost BEGIN and COMMIT, another sealed the first statement only
SAVEPOINT one\; INSERT INTO branches VALUES (902, 'Z902', 'n', 'c')\; INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (900053, 'X', '110105199001010539', '13900000053', 902)\; SELECT id, phone FROM customers WHERE phone = '13900000053'\; ROLLBACK TO one\; SELECT count(*) FROM customers WHERE id = 900053;

# name: insert-literals-that-look-escaped
# note: a reader that guesses whether a quote is escaped changes these texts, and what follows them
INSERT INTO customers (id, name, id_number, phone, notes, branch_id) VALUES (900054, 'two '''' quotes', '110105199001010547', '13900000054', 'C:\dir\''); DELETE FROM customers; --', 1) RETURNING name, notes AS "a""""b", phone;
SELECT id, name, notes FROM customers WHERE phone = '13900000054' AND name <> 'x\'' OR 1=1 --';

# name: conflict-on-a-constraint-of-a-sealed-column
# note: an index over equality prefixes is no constraint: the server did not know it
INSERT INTO customers (id, name, id_number, phone, branch_id, manager_id) VALUES (900301, 'x', '{id_number:1}', '5', 1, 1) ON CONFLICT ON CONSTRAINT customers_id_number_key DO NOTHING;
INSERT INTO customers (id, name, id_number, phone, branch_id, manager_id) VALUES (900301, 'x', '{id_number:1}', '5', 1, 1) ON CONFLICT ON CONSTRAINT customers_id_number_key DO UPDATE SET name = excluded.name RETURNING id, name;
INSERT INTO customers (id, name, id_number, branch_id, manager_id) VALUES (1, 'y', 'z', 1, 1) ON CONFLICT ON CONSTRAINT customers_pkey DO UPDATE SET name = excluded.name RETURNING id, name, id_number;

# name: rows-from-arrays
# roles: app
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT * FROM UNNEST(('{91001,91002,91003}')::integer[], ('{"a, b",c,"q\"\\x"}')::varchar[], '{110105199001024001,110105199001024002,110105199001024003}'::varchar[], ('{13912340041,NULL,""}')::varchar[], '{1,1,1}'::integer[]) RETURNING id, phone;
SELECT id, name, id_number, phone, branch_id FROM customers WHERE id > 91000 ORDER BY id;
SELECT id FROM customers WHERE phone = '13912340041';

# name: rows-from-arrays-by-name
# roles: app
INSERT INTO customers (id, phone, id_number, name, branch_id) SELECT u.n, u.p, i, nm, b FROM unnest('{91011,91012}'::bigint[], '{x,y}'::text[], '{13912340051}'::text[], '{110105199001025001,110105199001025002}'::text[], '{1,2}'::int[]) AS u (n, nm, p, i, b);
SELECT id, name, id_number, phone, branch_id FROM customers WHERE id > 91000 ORDER BY id;

# name: rows-from-one-array
# roles: app
INSERT INTO customers (id_number, id, name, phone, branch_id) VALUES ('110105199001027001', 91041, 'a', NULL, 1);
UPDATE customers SET phone = '13912340061' WHERE id = 91041;
CREATE TEMPORARY TABLE t (a text);
INSERT INTO t SELECT * FROM unnest('{a,b}'::text[]);
SELECT * FROM t ORDER BY 1;

# name: rows-from-arrays-of-other-types
# roles: app
DELETE FROM kyc WHERE customer_id IN (30, 31);
INSERT INTO kyc (customer_id, risk, issued_on, exposed, case_id) SELECT * FROM unnest('{30,31}'::bigint[], '{7,NULL}'::smallint[], '{2020-02-29,1999-12-31}'::date[], '{t,f}'::boolean[], '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}'::uuid[]);
SELECT * FROM kyc WHERE customer_id IN (30, 31) ORDER BY customer_id;

# name: rows-from-arrays-too-long
# roles: app
# expect: error 22001
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT * FROM unnest('{91031}'::bigint[], '{x}'::text[], '{110105199001026001}'::text[], '{139123400511391234005113912340051}'::text[], '{1}'::int[]);
