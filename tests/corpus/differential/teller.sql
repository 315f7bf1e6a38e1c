# name: insert-values
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930001, '王**', '110105********0011', '139****0011', 1) RETURNING id, name, id_number, phone, email
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930001, '王小明', '110105199001020011', '13900020011', 1) RETURNING id, name, id_number, phone, email;

# name: insert-values-is-found
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930002, '王**', '110105********0029', '139****0012', 1)
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930002, '王小明', '110105199001020029', '13900020012', 1);
# twin: SELECT id, phone, id_number FROM customers WHERE id = 930002
SELECT id, phone, id_number FROM customers WHERE phone = '13900020012' AND id_number = '110105199001020029';

# name: insert-params
# roles: teller
# params: ["930003", "110105199001020037", "13900020013"]
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES ($1, '王**', overlay($2::char(18) placing '********' from 7), overlay($3::varchar placing '****' from 4), 1) RETURNING id, phone, id_number
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES ($1, '王小明', $2, $3, 1) RETURNING id, phone, id_number;

# name: insert-null-and-empty
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, email, branch_id) VALUES (930004, '王**', '110105********0045', NULL, '', 1) RETURNING phone, email, phone IS NULL
INSERT INTO customers (id, name, id_number, phone, email, branch_id) VALUES (930004, '王小明', '110105199001020045', NULL, '', 1) RETURNING phone, email, phone IS NULL;

# name: insert-several-rows
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930005, '王**', '110105********0053', '139****0015', 1), (930006, '李**', '110105********0061', '139****0016', 2)
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930005, '王小明', '110105199001020053', '13900020015', 1), (930006, '李小明', '110105199001020061', '13900020016', 2);
SELECT id, name, id_number, phone FROM customers WHERE id IN (930005, 930006) ORDER BY id;

# name: insert-several-rows-returning
# roles: teller
# twin: INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (930007, '************0007', 7, 1), (930008, '************0008', 8, 1), (930009, '************0009', 9, 1) RETURNING id, account_no, balance
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (930007, '6013990000930007', 7, 1), (930008, '6013990000930008', 8, 1), (930009, '6013990000930009', 9, 1) RETURNING id, account_no, balance;

# name: insert-several-rows-params
# roles: teller
# params: ["13900020018", "13900020019"]
# twin: INSERT INTO employees (id, login, name, branch_id, phone) VALUES (931, 'e931', '王**', 1, overlay($1::varchar placing '****' from 4)), (932, 'e932', '王**', 2, overlay($2::varchar placing '****' from 4)) RETURNING id, phone
INSERT INTO employees (id, login, name, branch_id, phone) VALUES (931, 'e931', '王小明', 1, $1), (932, 'e932', '王小明', 2, $2) RETURNING id, phone;

# name: insert-no-column-list
# roles: teller
# twin: INSERT INTO accounts VALUES (930010, '************0010', 10, 1, 'CNY', 10.50, '2024-01-01', 'open') RETURNING *
INSERT INTO accounts VALUES (930010, '6013990000930010', 10, 1, 'CNY', 10.50, '2024-01-01', 'open') RETURNING *;

# name: insert-no-column-list-employees
# roles: teller
# twin: INSERT INTO employees VALUES (933, 'e933', '王**', '柜员', 1, '139****0933') RETURNING *
INSERT INTO employees VALUES (933, 'e933', '王小明', '柜员', 1, '13900020933') RETURNING *;

# name: insert-no-column-list-transactions
# roles: teller
# twin: INSERT INTO transactions VALUES (930011, 3, '2024-01-01Z', 'cash', 12.50, '************0011', '******') RETURNING id, amount, counterparty, memo
INSERT INTO transactions VALUES (930011, 3, '2024-01-01Z', 'cash', 12.50, '6013990000930011', '柜台取款') RETURNING id, amount, counterparty, memo;

# name: insert-default-sealed
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930012, '王**', '110105********012X', DEFAULT, 1) RETURNING id, phone, vip
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930012, '王小明', '11010519900102012X', DEFAULT, 1) RETURNING id, phone, vip;

# name: insert-default-plain
# roles: teller
# twin: INSERT INTO accounts (id, account_no, customer_id, branch_id, currency, balance, status) VALUES (930013, '************0013', 13, 1, DEFAULT, DEFAULT, DEFAULT) RETURNING *
INSERT INTO accounts (id, account_no, customer_id, branch_id, currency, balance, status) VALUES (930013, '6013990000930013', 13, 1, DEFAULT, DEFAULT, DEFAULT) RETURNING *;

# name: insert-default-masked-plain
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, address, branch_id, manager_id) VALUES (930014, '王**', '110105********0142', DEFAULT, 1, DEFAULT) RETURNING id, address, manager_id
INSERT INTO customers (id, name, id_number, address, branch_id, manager_id) VALUES (930014, '王小明', '110105199001020142', DEFAULT, 1, DEFAULT) RETURNING id, address, manager_id;

# name: insert-select-same-columns
# roles: teller
INSERT INTO accounts (id, account_no, customer_id, branch_id) SELECT 930015, NULL, id, branch_id FROM customers WHERE id = 0 RETURNING id, account_no;

# name: insert-select-literals
# roles: teller
# twin: INSERT INTO accounts (id, account_no, customer_id, branch_id) SELECT 930016, '************0016', id, branch_id FROM customers WHERE id = 16 RETURNING id, account_no, branch_id
INSERT INTO accounts (id, account_no, customer_id, branch_id) SELECT 930016, '6013990000930016', id, branch_id FROM customers WHERE id = 16 RETURNING id, account_no, branch_id;

# name: insert-select-open-columns
# roles: teller
INSERT INTO transactions (id, account_id, at, kind, amount) SELECT 930017, id, '2024-01-01Z', 'cash', 10 FROM accounts WHERE id = 3 RETURNING id, amount, counterparty;

# name: insert-select-where-sealed
# roles: teller
# twin: INSERT INTO transactions (id, account_id, at, kind, amount) SELECT 930018, id, '2024-01-01Z', 'cash', balance FROM accounts WHERE id = 18 RETURNING id, account_id, amount
INSERT INTO transactions (id, account_id, at, kind, amount) SELECT 930018, id, '2024-01-01Z', 'cash', balance FROM accounts WHERE account_no = '{account_no:18}' RETURNING id, account_id, amount;

# name: insert-select-into-open-table
# roles: teller
INSERT INTO scratch (id, v) SELECT id, name FROM customers WHERE id < 6 RETURNING *;

# name: insert-with-cte
# roles: teller
# twin: WITH c AS (SELECT id, branch_id FROM customers WHERE id = 19) INSERT INTO accounts (id, account_no, customer_id, branch_id) SELECT 930019, '************0019', id, branch_id FROM c RETURNING account_no, customer_id
WITH c AS (SELECT id, branch_id FROM customers WHERE phone = '{phone:19}') INSERT INTO accounts (id, account_no, customer_id, branch_id) SELECT 930019, '6013990000930019', id, branch_id FROM c RETURNING account_no, customer_id;

# name: on-conflict-do-nothing
# roles: teller
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (5, '王小明', '110105199001020206', '13900020020', 1) ON CONFLICT (id) DO NOTHING RETURNING id;

# name: on-conflict-do-nothing-sealed
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, branch_id) VALUES (5, 'x', 'x', 1) ON CONFLICT (id) DO NOTHING RETURNING id
INSERT INTO customers (id, name, id_number, branch_id) VALUES (930021, '王小明', '{id_number:5}', 1) ON CONFLICT (id_number) DO NOTHING RETURNING id;

# name: on-conflict-do-nothing-bare
# roles: teller
# twin: INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (7, 'x', 7, 1), (930023, '************0023', 7, 1) ON CONFLICT DO NOTHING RETURNING id, account_no
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (930022, '{account_no:7}', 7, 1), (930023, '6013990000930023', 7, 1) ON CONFLICT DO NOTHING RETURNING id, account_no;

# name: on-conflict-update-excluded
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (5, 'x', 'x', '139****0024', 1) ON CONFLICT (id) DO UPDATE SET phone = EXCLUDED.phone
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (5, '王小明', '110105199001020249', '13900020024', 1) ON CONFLICT (id) DO UPDATE SET phone = EXCLUDED.phone;
# twin: SELECT id, phone FROM customers WHERE id = 5
SELECT id, phone FROM customers WHERE phone = '13900020024';

# name: on-conflict-update-excluded-sealed-target
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (6, 'x', 'x', '139****0025', 1) ON CONFLICT (id) DO UPDATE SET phone = EXCLUDED.phone RETURNING id, phone
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930025, '王小明', '{id_number:6}', '13900020025', 1) ON CONFLICT (id_number) DO UPDATE SET phone = EXCLUDED.phone RETURNING id, phone;

# name: on-conflict-update-excluded-plain
# roles: teller
# params: ["77.50"]
# twin: INSERT INTO accounts (id, account_no, customer_id, branch_id, balance) VALUES (6, 'x', 6, 1, $1) ON CONFLICT (id) DO UPDATE SET balance = accounts.balance + EXCLUDED.balance RETURNING id, account_no, balance
INSERT INTO accounts (id, account_no, customer_id, branch_id, balance) VALUES (930026, '{account_no:6}', 6, 1, $1) ON CONFLICT (account_no) DO UPDATE SET balance = accounts.balance + EXCLUDED.balance RETURNING id, account_no, balance;

# name: unique-violation-sealed
# roles: teller
# expect: error 23505
# twin: INSERT INTO customers (id, name, id_number, branch_id) VALUES (8, 'x', 'x', 1)
INSERT INTO customers (id, name, id_number, branch_id) VALUES (930027, '王小明', '{id_number:8}', 1);

# name: unique-violation-sealed-params
# roles: teller
# expect: error 23505
# params: ["{account_no:8}"]
# twin: INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (8, $1, 8, 1)
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (930028, $1, 8, 1);

# name: unique-violation-update
# roles: teller
# expect: error 23505
# twin: UPDATE accounts SET id = 10 WHERE id = 9
UPDATE accounts SET account_no = '{account_no:10}' WHERE id = 9;

# name: unique-violation-masked-is-by-clear-value
# roles: teller
# note: another number with the same mask is no duplicate
# twin: INSERT INTO customers (id, name, id_number, branch_id) VALUES (930029, '王**', '110105********002X', 1), (930030, '王**', '110105********002X', 1) RETURNING id
INSERT INTO customers (id, name, id_number, branch_id) VALUES (930029, '王小明', '11010519900102002X', 1), (930030, '王小明', '11010519910102002X', 1) RETURNING id;

# name: not-null-violation
# roles: teller
# expect: error 23502
# twin: INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (930031, 'x', NULL, 1)
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (930031, NULL, 8, 1);

# name: foreign-key-violation
# roles: teller
# expect: error 23503
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930032, '王小明', '110105199001020329', '13900020032', 999);

# name: too-long-for-varchar
# roles: teller
# expect: error 22001
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930033, '王小明', '110105199001020337', '139000000001390000000013900', 1);

# name: insert-a-mask-is-refused
# roles: teller
# expect: refuse
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (930034, '王小明', '110105199001020345', '139****0034', 1);

# name: update-sealed-literal
# roles: teller
# twin: UPDATE customers SET phone = '139****1001' WHERE id = 5 RETURNING id, phone
UPDATE customers SET phone = '13900021001' WHERE id = 5 RETURNING id, phone;

# name: update-sealed-literal-is-found
# roles: teller
# twin: UPDATE customers SET phone = '139****1002' WHERE id = 5
UPDATE customers SET phone = '13900021002' WHERE id = 5;
# twin: SELECT id FROM customers WHERE id = 5
SELECT id FROM customers WHERE phone = '13900021002';

# name: update-sealed-param
# roles: teller
# params: ["13900021003", "6"]
# twin: UPDATE customers SET phone = overlay($1::varchar placing '****' from 4) WHERE id = $2 RETURNING phone
UPDATE customers SET phone = $1 WHERE id = $2 RETURNING phone;

# name: update-where-sealed
# roles: teller
# twin: UPDATE customers SET branch_id = 3 WHERE id = 7 RETURNING id, branch_id, phone
UPDATE customers SET branch_id = 3 WHERE phone = '{phone:7}' RETURNING id, branch_id, phone;

# name: update-where-sealed-param
# roles: teller
# params: ["{id_number:8}"]
# twin: UPDATE customers SET vip = NOT vip WHERE id = 8 AND $1::bpchar IS NOT NULL RETURNING id, vip, id_number
UPDATE customers SET vip = NOT vip WHERE id_number = $1 RETURNING id, vip, id_number;

# name: update-where-sealed-in
# roles: teller
# twin: UPDATE accounts SET status = 'closed' WHERE id IN (9, 10) RETURNING id, account_no, status
UPDATE accounts SET status = 'closed' WHERE account_no IN ('{account_no:9}', '{account_no:10}', 'nothing') RETURNING id, account_no, status;

# name: update-several-columns
# roles: teller
# twin: UPDATE customers SET name = '李**', phone = '139****1004', email = 'new***@example.com', notes = '******', vip = true WHERE id = 9 RETURNING name, phone, email, notes, vip
UPDATE customers SET name = '李小明', phone = '13900021004', email = 'newname@example.com', notes = '来访', vip = true WHERE id = 9 RETURNING name, phone, email, notes, vip;

# name: update-to-null-and-default
# roles: teller
UPDATE customers SET phone = NULL, email = DEFAULT WHERE id = 10 RETURNING id, phone, email;

# name: update-row-assignment
# roles: teller
# twin: UPDATE customers SET (phone, vip) = ('139****1005', true) WHERE id = 12 RETURNING phone, vip
UPDATE customers SET (phone, vip) = ('13900021005', true) WHERE id = 12 RETURNING phone, vip;

# name: update-returning-star
# roles: teller
# twin: UPDATE accounts SET status = 'frozen' WHERE id = 13 RETURNING *
UPDATE accounts SET status = 'frozen' WHERE account_no = '{account_no:13}' RETURNING *;

# name: update-returning-masked-plain
# roles: teller
UPDATE customers SET vip = true WHERE id IN (14, 15, 16) RETURNING id, name, address, phone, birth_date, credit_limit, notes;

# name: update-arithmetic
# roles: teller
UPDATE accounts SET balance = balance * 2 + 1.5 WHERE id = 20 RETURNING id, balance, account_no;

# name: update-from
# roles: teller
UPDATE customers c SET branch_id = b.id FROM branches b WHERE b.code = 'B003' AND c.id = 15 RETURNING c.id, c.branch_id, c.phone;

# name: update-from-protected
# roles: teller
UPDATE accounts a SET status = 'vip' FROM customers c WHERE c.id = a.customer_id AND c.vip AND c.id < 60 RETURNING a.id, a.account_no, c.phone, c.name;

# name: update-from-where-sealed
# roles: teller
# twin: UPDATE accounts a SET status = 'seen' FROM customers c WHERE c.id = a.customer_id AND c.id = 21 RETURNING a.id, a.status, c.phone
UPDATE accounts a SET status = 'seen' FROM customers c WHERE c.id = a.customer_id AND c.phone = '{phone:21}' RETURNING a.id, a.status, c.phone;

# name: update-with-cte
# roles: teller
# twin: WITH hit AS (SELECT id FROM customers WHERE id = 23) UPDATE accounts a SET status = 'closed' FROM hit WHERE a.customer_id = hit.id RETURNING a.account_no, a.status
WITH hit AS (SELECT id FROM customers WHERE id_number = '{id_number:23}') UPDATE accounts a SET status = 'closed' FROM hit WHERE a.customer_id = hit.id RETURNING a.account_no, a.status;

# name: update-subquery-predicate
# roles: teller
# twin: UPDATE accounts SET status = 'frozen' WHERE customer_id = 22 RETURNING id, account_no, status
UPDATE accounts SET status = 'frozen' WHERE customer_id IN (SELECT id FROM customers WHERE phone = '{phone:22}') RETURNING id, account_no, status;

# name: update-self-assignment
# roles: teller
UPDATE customers SET phone = phone WHERE id = 24 RETURNING phone;

# name: a-saved-form-changes-nothing
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (931001, '王**', '110105********1001', '139****2001', 1)
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (931001, '王小明', '110105199001021001', '13900022001', 1);
UPDATE customers SET name = '王**', id_number = '110105********1001', phone = '139****2001', vip = true WHERE id = 931001 RETURNING name, id_number, phone, vip;
# twin: SELECT id, phone FROM customers WHERE id = 931001
SELECT id, phone FROM customers WHERE phone = '13900022001' AND id_number = '110105199001021001';

# name: a-saved-form-by-parameters
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (931002, '王**', '110105********1002', '139****2002', 1)
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (931002, '王小明', '110105199001021002', '13900022002', 1);
# params: ["王**", "139****2002", "931002"]
UPDATE customers SET name = $1, phone = $2 WHERE id = $3 RETURNING name, phone;
# twin: SELECT id, phone FROM customers WHERE id = 931002
SELECT id, phone FROM customers WHERE phone = '13900022002';

# name: delete-where-sealed
# roles: teller
# twin: DELETE FROM transactions WHERE account_id = 30 RETURNING id, amount, counterparty
DELETE FROM transactions WHERE account_id IN (SELECT id FROM accounts WHERE account_no = '{account_no:30}') RETURNING id, amount, counterparty;

# name: delete-returning-star
# roles: teller
DELETE FROM cards WHERE id = 32 RETURNING *;

# name: delete-returning-masks
# roles: teller
DELETE FROM cards WHERE id IN (33, 34, 35) RETURNING id, pan, holder, expires;

# name: delete-using
# roles: teller
# twin: DELETE FROM cards k USING customers c WHERE k.customer_id = c.id AND c.id = 33 RETURNING k.pan, c.phone, c.id
DELETE FROM cards k USING customers c WHERE k.customer_id = c.id AND c.phone = '{phone:33}' RETURNING k.pan, c.phone, c.id;

# name: delete-using-two
# roles: teller
DELETE FROM transactions t USING branches b, accounts a WHERE t.account_id = a.id AND a.branch_id = b.id AND b.id = 3 AND a.id < 30 RETURNING t.id, a.account_no, b.code;

# name: delete-using-param
# roles: teller
# params: ["{account_no:36}"]
# twin: DELETE FROM transactions t USING accounts a WHERE t.account_id = a.id AND a.id = 36 AND $1::text IS NOT NULL RETURNING t.id, a.account_no
DELETE FROM transactions t USING accounts a WHERE t.account_id = a.id AND a.account_no = $1 RETURNING t.id, a.account_no;

# name: delete-new-row
# roles: teller
# twin: INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (931003, '王**', '110105********1003', '139****2003', 1)
INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (931003, '王小明', '110105199001021003', '13900022003', 1);
# params: ["13900022003"]
# twin: DELETE FROM customers WHERE id = 931003 AND $1::text IS NOT NULL RETURNING id, phone, name
DELETE FROM customers WHERE phone = $1 RETURNING id, phone, name;

# name: delete-foreign-key
# roles: teller
# expect: error 23503
# twin: DELETE FROM customers WHERE id = 36
DELETE FROM customers WHERE phone = '{phone:36}';

# name: equal-id-number
# roles: teller
# twin: SELECT id, id_number, name FROM customers WHERE id = 6
SELECT id, id_number, name FROM customers WHERE id_number = '{id_number:6}';

# name: equal-account-no
# roles: teller
# twin: SELECT * FROM accounts WHERE id = 7
SELECT * FROM accounts WHERE account_no = '{account_no:7}';

# name: equal-param
# roles: teller
# params: ["{phone:5}"]
# twin: SELECT id, phone FROM customers WHERE id = 5 AND $1::text IS NOT NULL
SELECT id, phone FROM customers WHERE phone = $1;

# name: equal-param-cast
# roles: teller
# params: ["{phone:5}"]
# twin: SELECT id, phone FROM customers WHERE id = 5 AND $1::varchar IS NOT NULL
SELECT id, phone FROM customers WHERE phone = $1::varchar;

# name: equal-literal-cast
# roles: teller
# twin: SELECT id, phone FROM customers WHERE id = 5
SELECT id, phone FROM customers WHERE phone = '{phone:5}'::text;

# name: equal-char-padding
# roles: teller
# twin: SELECT id FROM customers WHERE id = 6
SELECT id FROM customers WHERE id_number = '{id_number:6}   ';

# name: equal-by-a-mask-finds-nobody
# roles: teller
# twin: SELECT id FROM customers WHERE false
SELECT id FROM customers WHERE phone = '139****0001';

# name: equal-null
# roles: teller
# params: [null]
SELECT id FROM customers WHERE phone = $1;

# name: not-equal
# roles: teller
# twin: SELECT count(*) FROM customers WHERE id <> 5 AND phone IS NOT NULL
SELECT count(*) FROM customers WHERE phone <> '{phone:5}';

# name: not-equal-param
# roles: teller
# params: ["{phone:5}"]
# twin: SELECT id, phone FROM customers WHERE id <> 5 AND phone IS NOT NULL AND id < 20 AND $1::text IS NOT NULL
SELECT id, phone FROM customers WHERE phone <> $1 AND id < 20;

# name: not-equal-by-not
# roles: teller
# twin: SELECT count(*) FROM accounts WHERE id <> 9
SELECT count(*) FROM accounts WHERE NOT account_no = '{account_no:9}';

# name: in-list
# roles: teller
# twin: SELECT id, phone FROM customers WHERE id IN (1, 2, 3) ORDER BY id
SELECT id, phone FROM customers WHERE phone IN ('{phone:1}', '{phone:2}', '{phone:3}') ORDER BY id;

# name: in-params
# roles: teller
# params: ["{account_no:1}", "{account_no:2}"]
# twin: SELECT id, account_no FROM accounts WHERE id IN (1, 2) AND $1::varchar IS NOT NULL AND $2::varchar IS NOT NULL ORDER BY id
SELECT id, account_no FROM accounts WHERE account_no IN ($1, $2) ORDER BY id;

# name: not-in-list
# roles: teller
# twin: SELECT id FROM customers WHERE id NOT IN (1, 2) AND id < 8 ORDER BY id
SELECT id FROM customers WHERE id_number NOT IN ('{id_number:1}', '{id_number:2}') AND id < 8 ORDER BY id;

# name: any-param
# roles: teller
# params: ["{{phone:1},{phone:4}}"]
# twin: SELECT id, phone FROM customers WHERE id IN (1, 4) AND $1::text[] IS NOT NULL ORDER BY id
SELECT id, phone FROM customers WHERE phone = ANY($1) ORDER BY id;

# name: any-param-cast
# roles: teller
# params: ["{{phone:1},NULL,{phone:4}}"]
# twin: SELECT id, phone FROM customers WHERE id IN (1, 4) AND $1::varchar[] IS NOT NULL ORDER BY id
SELECT id, phone FROM customers WHERE phone = ANY($1::varchar[]) ORDER BY id;

# name: any-literal
# roles: teller
# twin: SELECT id FROM accounts WHERE id IN (2, 3) ORDER BY id
SELECT id FROM accounts WHERE account_no = ANY('{{account_no:2},{account_no:3}}') ORDER BY id;

# name: any-constructor
# roles: teller
# twin: SELECT id FROM customers WHERE id IN (2, 3) ORDER BY id
SELECT id FROM customers WHERE id_number = ANY(ARRAY['{id_number:2}', '{id_number:3}']) ORDER BY id;

# name: is-not-distinct-from
# roles: teller
# twin: SELECT id FROM customers WHERE id = 5
SELECT id FROM customers WHERE phone IS NOT DISTINCT FROM '{phone:5}';

# name: is-not-distinct-from-null
# roles: teller
SELECT id FROM customers WHERE phone IS NOT DISTINCT FROM NULL ORDER BY id;

# name: is-distinct-from
# roles: teller
# twin: SELECT count(*) FROM customers WHERE id <> 5
SELECT count(*) FROM customers WHERE phone IS DISTINCT FROM '{phone:5}';

# name: is-distinct-from-param
# roles: teller
# params: ["{account_no:5}"]
# twin: SELECT count(*) FROM accounts WHERE id <> 5 AND $1::text IS NOT NULL
SELECT count(*) FROM accounts WHERE account_no IS DISTINCT FROM $1;

# name: row-tuple-equal
# roles: teller
# twin: SELECT id FROM customers WHERE id = 5
SELECT id FROM customers WHERE (phone, id_number) = ('{phone:5}', '{id_number:5}');

# name: row-tuple-in
# roles: teller
# twin: SELECT id, phone FROM customers WHERE id = 5 ORDER BY id
SELECT id, phone FROM customers WHERE (phone, branch_id) IN (('{phone:5}', 6), ('{phone:6}', 1)) ORDER BY id;

# name: row-tuple-params
# roles: teller
# params: ["{phone:5}", "6"]
# twin: SELECT id FROM customers WHERE id = 5 AND $1::text IS NOT NULL AND $2::int = 6
SELECT id FROM customers WHERE (phone, branch_id) = ($1, $2);

# name: is-null-of-several
# roles: teller
SELECT id, phone IS NULL AS p, notes IS NOT NULL AS n, birth_date IS NULL AS b FROM customers WHERE phone IS NULL OR email IS NULL ORDER BY id;

# name: look-up-without-the-right
# roles: teller
# expect: refuse
SELECT id FROM customers WHERE email = '{email:5}';

# name: join-sealed-key
# roles: teller
# twin: SELECT a.id, b.id, a.phone FROM customers a JOIN customers b ON a.id = b.id AND a.phone IS NOT NULL WHERE a.id < 20 ORDER BY a.id
SELECT a.id, b.id, a.phone FROM customers a JOIN customers b ON a.phone = b.phone WHERE a.id < 20 ORDER BY a.id;

# name: join-sealed-key-where
# roles: teller
# twin: SELECT a.id, b.account_no FROM accounts a, accounts b WHERE a.id = b.id AND b.id < 9 ORDER BY a.id
SELECT a.id, b.account_no FROM accounts a, accounts b WHERE a.account_no = b.account_no AND b.id < 9 ORDER BY a.id;

# name: join-left-sealed-key
# roles: teller
# twin: SELECT a.id, b.id, b.phone FROM customers a LEFT JOIN customers b ON b.id = a.id AND a.phone IS NOT NULL WHERE a.id < 20 ORDER BY a.id
SELECT a.id, b.id, b.phone FROM customers a LEFT JOIN customers b ON b.phone = a.phone WHERE a.id < 20 ORDER BY a.id;

# name: using-sealed
# roles: teller
# twin: SELECT a.id, b.vip FROM customers a JOIN customers b USING (id) WHERE a.phone IS NOT NULL AND a.id < 20 ORDER BY a.id
SELECT a.id, b.vip FROM customers a JOIN customers b USING (phone) WHERE a.id < 20 ORDER BY a.id;

# name: using-sealed-output
# roles: teller
# twin: SELECT phone, a.id FROM customers a WHERE phone IS NOT NULL AND a.id < 20 ORDER BY a.id
SELECT phone, a.id FROM customers a JOIN customers b USING (phone) WHERE a.id < 20 ORDER BY a.id;

# name: using-sealed-derived
# roles: teller
# twin: SELECT account_no, a.aid, b.bid FROM (SELECT id AS aid, account_no FROM accounts) a JOIN (SELECT id AS bid FROM accounts) b ON aid = bid WHERE aid < 6 ORDER BY aid
SELECT account_no, a.aid, b.bid FROM (SELECT id AS aid, account_no FROM accounts) a JOIN (SELECT id AS bid, account_no FROM accounts) b USING (account_no) WHERE aid < 6 ORDER BY aid;

# name: using-plain
# roles: app teller
SELECT customer_id, a.account_no, k.pan, a.balance FROM accounts a JOIN cards k USING (customer_id) WHERE customer_id BETWEEN 40 AND 50 ORDER BY customer_id;

# name: natural-sealed
# roles: teller
# twin: SELECT id AS aid, id AS bid FROM customers WHERE phone IS NOT NULL AND id < 20 ORDER BY aid
SELECT aid, bid FROM (SELECT id AS aid, phone FROM customers) a NATURAL JOIN (SELECT id AS bid, phone FROM customers) b WHERE aid < 20 ORDER BY aid;

# name: natural-two-columns
# roles: app teller
SELECT * FROM (SELECT id AS account_id, branch_id, balance FROM accounts) a NATURAL JOIN (SELECT account_id, pan FROM cards) k WHERE account_id < 12 ORDER BY account_id;

# name: natural-with-open-table
# roles: app teller
SELECT name, id, code FROM (SELECT id AS cid, branch_id AS id FROM customers WHERE id < 12) c NATURAL JOIN branches ORDER BY cid;

# name: exists-sealed
# roles: teller
# twin: SELECT a.id FROM customers a WHERE a.phone IS NOT NULL AND a.vip ORDER BY a.id
SELECT a.id FROM customers a WHERE EXISTS (SELECT 1 FROM customers b WHERE b.phone = a.phone AND b.vip) ORDER BY a.id;

# name: exists-sealed-literal
# roles: teller
# twin: SELECT a.id, a.account_no FROM accounts a WHERE a.customer_id = 12
SELECT a.id, a.account_no FROM accounts a WHERE EXISTS (SELECT FROM customers c WHERE c.id = a.customer_id AND c.phone = '{phone:12}');

# name: not-exists-sealed
# roles: teller
# twin: SELECT id, phone FROM customers WHERE phone IS NULL ORDER BY id
SELECT a.id, a.phone FROM customers a WHERE NOT EXISTS (SELECT 1 FROM customers b WHERE b.phone = a.phone) ORDER BY a.id;

# name: in-subquery-sealed
# roles: teller
# twin: SELECT id, phone FROM customers WHERE vip AND phone IS NOT NULL ORDER BY id
SELECT id, phone FROM customers WHERE phone IN (SELECT phone FROM customers WHERE vip) ORDER BY id;

# name: in-subquery-sealed-literal
# roles: teller
# twin: SELECT count(*) FROM branches
SELECT count(*) FROM branches WHERE '{phone:5}' IN (SELECT phone FROM customers WHERE id = 5);

# name: in-subquery-by-sealed
# roles: teller
# twin: SELECT id, pan FROM cards WHERE customer_id = 14
SELECT id, pan FROM cards WHERE customer_id IN (SELECT id FROM customers WHERE id_number = '{id_number:14}');

# name: not-in-subquery-sealed
# roles: teller
# twin: SELECT count(*) FROM accounts WHERE id >= 50
SELECT count(*) FROM accounts WHERE account_no NOT IN (SELECT account_no FROM accounts WHERE id < 50);

# name: cte-look-up
# roles: teller
# twin: WITH x AS (SELECT id, phone FROM customers) SELECT id, phone FROM x WHERE id = 7
WITH x AS (SELECT id, phone FROM customers) SELECT id, phone FROM x WHERE phone = '{phone:7}';

# name: cte-materialized-look-up
# roles: teller
# twin: WITH x AS MATERIALIZED (SELECT id, account_no FROM accounts) SELECT id, account_no FROM x WHERE id = 8
WITH x AS MATERIALIZED (SELECT id, account_no FROM accounts) SELECT id, account_no FROM x WHERE account_no = '{account_no:8}';

# name: cte-delete-returning
# roles: app teller
WITH d AS (DELETE FROM cards WHERE id < 4 RETURNING id, pan, holder) SELECT id, pan, holder FROM d ORDER BY id;

# name: cte-insert-returning
# roles: teller
# twin: WITH n AS (INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (931004, '王**', '110105********1004', '139****2004', 1) RETURNING id, phone) SELECT * FROM n
WITH n AS (INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (931004, '王小明', '110105199001021004', '13900022004', 1) RETURNING id, phone) SELECT * FROM n;

# name: derived-table-look-up
# roles: teller
# twin: SELECT id, p FROM (SELECT id, phone AS p FROM customers) x WHERE id = 5
SELECT id, p FROM (SELECT id, phone AS p FROM customers) x WHERE p = '{phone:5}';

# name: union-all-masked
# roles: app teller
SELECT id, name, phone FROM customers WHERE id < 4 UNION ALL SELECT id, name, phone FROM customers WHERE id = 7;

# name: union-of-masked-plain
# roles: app teller
SELECT name FROM customers WHERE id < 30 UNION SELECT name FROM employees;

# name: intersect-of-masked-plain
# roles: app teller
SELECT name FROM customers INTERSECT SELECT name FROM employees;

# name: except-of-open
# roles: app teller
SELECT id FROM customers WHERE id < 50 EXCEPT SELECT customer_id FROM accounts WHERE balance < 100000;

# name: view-look-up
# roles: teller
# twin: SELECT id, mobile FROM customer_contacts WHERE id = 5
SELECT id, mobile FROM customer_contacts WHERE mobile = '{phone:5}';

# name: view-look-up-param
# roles: teller
# params: ["{phone:6}"]
# twin: SELECT v.id, v.mobile, v.email FROM vip_contacts v WHERE id = 6 AND $1::text IS NOT NULL
SELECT v.id, v.mobile, v.email FROM vip_contacts v WHERE mobile = $1;

# name: view-join-look-up
# roles: teller
# twin: SELECT v.mobile, a.account_no FROM customer_contacts v JOIN accounts a ON a.customer_id = v.id WHERE a.id = 9
SELECT v.mobile, a.account_no FROM customer_contacts v JOIN accounts a ON a.customer_id = v.id WHERE a.account_no = '{account_no:9}';

# name: group-by-clear-column
# roles: app teller
SELECT status, currency, count(*), sum(balance) FROM accounts GROUP BY status, currency;

# name: group-by-masked-plain
# roles: app teller
SELECT name, count(*) FROM customers GROUP BY name;

# name: group-by-masked-plain-having
# roles: app teller
SELECT holder, min(id), max(id) FROM cards GROUP BY holder HAVING count(*) > 1;

# name: group-by-join-clear
# roles: app teller
SELECT b.code, count(a.account_no), sum(a.balance) FROM branches b JOIN accounts a ON a.branch_id = b.id GROUP BY b.code ORDER BY b.code;

# name: distinct-masked-plain
# roles: app teller
SELECT DISTINCT name FROM customers;

# name: distinct-clear
# roles: app teller
SELECT DISTINCT currency, status FROM accounts;

# name: distinct-with-order
# roles: app teller
SELECT DISTINCT title FROM employees ORDER BY title;

# name: count-distinct-masked-plain
# roles: app teller
SELECT count(DISTINCT name), count(DISTINCT branch_id) FROM customers;

# name: count-distinct-clear
# roles: app teller
SELECT count(DISTINCT amount), count(DISTINCT kind) FROM transactions;

# name: count-distinct-by-branch
# roles: app teller
SELECT branch_id, count(DISTINCT holder) FROM cards k JOIN accounts a ON a.id = k.account_id GROUP BY branch_id ORDER BY branch_id;

# name: group-by-sealed
# roles: teller
# expect: refuse
SELECT phone, count(*) FROM customers GROUP BY phone;

# name: prepare-look-up
# roles: teller
PREPARE t1 (text) AS SELECT id, phone FROM customers WHERE phone = $1;
# twin: SELECT id, phone FROM customers WHERE id = 5
EXECUTE t1('{phone:5}');
# twin: SELECT id, phone FROM customers WHERE id = 6
EXECUTE t1('{phone:6}');
DEALLOCATE t1;

# name: prepare-insert
# roles: teller
PREPARE t2 AS INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES ($1, '王小明', $2, $3, 1) RETURNING id, phone, id_number;
# twin: EXECUTE t2(931005, '110105********1005', '139****2005')
EXECUTE t2(931005, '110105199001021005', '13900022005');

# name: prepare-update
# roles: teller
PREPARE t3 AS UPDATE customers SET vip = $2 WHERE id_number = $1 RETURNING id, vip, phone;
# twin: UPDATE customers SET vip = true WHERE id = 9 RETURNING id, vip, phone
EXECUTE t3('{id_number:9}', true);

# name: cursor-look-up
# roles: teller
# twin: DECLARE t4 CURSOR FOR SELECT id, phone, name FROM customers WHERE id = 5
DECLARE t4 CURSOR FOR SELECT id, phone, name FROM customers WHERE phone = '{phone:5}';
FETCH ALL FROM t4;
CLOSE t4;

# name: cursor-scroll
# roles: app teller
DECLARE t5 SCROLL CURSOR FOR SELECT id, name, phone FROM customers WHERE id < 9 ORDER BY id;
FETCH LAST FROM t5;
FETCH PRIOR FROM t5;
MOVE ABSOLUTE 1 FROM t5;
FETCH 2 FROM t5;
CLOSE t5;

# name: cursor-binary
# roles: teller
DECLARE t6 BINARY CURSOR FOR SELECT id, phone, birth_date, credit_limit FROM customers WHERE id = 5;
FETCH ALL FROM t6;
CLOSE t6;

# name: literal-forms
# roles: teller
# twin: SELECT id FROM customers WHERE id = 5
SELECT id FROM customers WHERE phone = E'{phone:5}' AND id_number = $${id_number:5}$$;

# name: literal-number
# roles: teller
SELECT id, balance FROM accounts WHERE balance > 1000000.5 ORDER BY id LIMIT 5;

# name: casts-of-clear
# roles: app teller
SELECT id::text, balance::int, opened_on::text, CAST(status AS varchar(2)) FROM accounts WHERE id < 6 ORDER BY id;

# name: copy-in
# roles: teller
# copy: "930101\t王小明\t110105199001023011\t13900023001\t1\n930102\t李小明\t110105199001023012\t\\N\t2\n"
# twin_copy: "930101\t王**\t110105********3011\t139****3001\t1\n930102\t李**\t110105********3012\t\\N\t2\n"
COPY customers (id, name, id_number, phone, branch_id) FROM STDIN;
SELECT id, name, phone, id_number FROM customers WHERE id IN (930101, 930102) ORDER BY id;

# name: copy-in-csv
# roles: teller
# copy: "id,account_no,customer_id,branch_id,balance\n930103,6013990000930103,5,1,10.25\n930104,\"6013990000930104\",6,1,\"0\"\n"
# twin_copy: "id,account_no,customer_id,branch_id,balance\n930103,************0103,5,1,10.25\n930104,************0104,6,1,0\n"
COPY accounts (id, account_no, customer_id, branch_id, balance) FROM STDIN WITH (FORMAT csv, HEADER);
# twin: SELECT id, account_no, balance FROM accounts WHERE id IN (930103, 930104) ORDER BY id
SELECT id, account_no, balance FROM accounts WHERE account_no IN ('6013990000930103', '6013990000930104') ORDER BY id;

# name: copy-in-whole-table
# roles: teller
# copy: "930105\t5\t2024-01-01 00:00:00+00\tcash\t1.50\t6013990000930105\t备忘\n"
# twin_copy: "930105\t5\t2024-01-01 00:00:00+00\tcash\t1.50\t************0105\t******\n"
COPY transactions FROM STDIN;
SELECT id, amount, counterparty, memo FROM transactions WHERE id = 930105;

# name: copy-in-a-mask-is-refused
# roles: teller
# expect: refuse
# copy: "930106\t王小明\t110105199001023061\t139****3006\t1\n"
COPY customers (id, name, id_number, phone, branch_id) FROM STDIN;

# name: copy-out-query
# roles: teller
# twin: COPY (SELECT * FROM customers WHERE id = 5) TO STDOUT
COPY (SELECT * FROM customers WHERE phone = '{phone:5}') TO STDOUT;

# name: copy-out-csv
# roles: app teller
COPY accounts TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER '|', NULL 'nil');

# name: copy-out-returning
# roles: teller
COPY (DELETE FROM cards WHERE id < 5 RETURNING id, pan, holder) TO STDOUT;

# name: truncate
# roles: app teller
TRUNCATE cards;
SELECT count(*) FROM cards;

# name: lock
# roles: app teller
LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE;
SELECT id, phone FROM customers WHERE id = 5;

# name: analyze
# roles: app teller
ANALYZE customers;

# name: on-conflict-update-two-rows
# roles: teller
# twin: INSERT INTO accounts (id, account_no, customer_id, branch_id, status) VALUES (8, 'x', 8, 1, 'again'), (930024, '************0024', 9, 1, 'new') ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status RETURNING id, account_no, status
INSERT INTO accounts (id, account_no, customer_id, branch_id, status) VALUES (930023, '{account_no:8}', 8, 1, 'again'), (930024, '6013990000930024', 9, 1, 'new') ON CONFLICT (account_no) DO UPDATE SET status = EXCLUDED.status RETURNING id, account_no, status;

# name: not-equal-account-no
# roles: teller
# twin: SELECT id, account_no FROM accounts WHERE id <> 4 AND id < 9 ORDER BY id
SELECT id, account_no FROM accounts WHERE account_no <> '{account_no:4}' AND id < 9 ORDER BY id;

# name: in-list-with-null
# roles: teller
# twin: SELECT id FROM customers WHERE id = 1
SELECT id FROM customers WHERE phone IN ('{phone:1}', NULL, 'nobody');

# name: not-in-params
# roles: teller
# params: ["{phone:1}", "{phone:2}"]
# twin: SELECT id FROM customers WHERE phone IS NOT NULL AND id > 2 AND id < 20 AND $1::varchar IS NOT NULL AND $2::varchar IS NOT NULL ORDER BY id
SELECT id FROM customers WHERE phone NOT IN ($1, $2) AND id < 20 ORDER BY id;

# name: is-distinct-from-null
# roles: teller
SELECT id, phone FROM customers WHERE phone IS DISTINCT FROM NULL AND id < 20 ORDER BY id;

# name: is-not-distinct-from-param
# roles: teller
# params: ["{phone:5}"]
# twin: SELECT id, phone FROM customers WHERE id = 5 AND $1::text IS NOT NULL
SELECT id, phone FROM customers WHERE phone IS NOT DISTINCT FROM $1;
