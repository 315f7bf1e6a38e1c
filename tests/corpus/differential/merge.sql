# name: update
MERGE INTO customers c USING branches b ON c.id = b.id WHEN MATCHED THEN UPDATE SET vip = true;
SELECT id FROM customers WHERE vip ORDER BY id LIMIT 10;

# name: update-sealed
MERGE INTO customers c USING branches b ON c.id = b.id WHEN MATCHED THEN UPDATE SET phone = '13911110046', vip = true;
SELECT id, phone FROM customers WHERE phone = '13911110046' ORDER BY id;

# name: update-sealed-by-a-parameter
# params: ["8", "13900000009"]
MERGE INTO customers c USING (SELECT $1::bigint AS id) s ON s.id = c.id WHEN MATCHED THEN UPDATE SET phone = $2;
# params: ["13900000009"]
SELECT id, phone FROM customers WHERE phone = $1;

# name: update-and-insert
MERGE INTO customers AS c USING (VALUES (8), (900201)) AS v(id) ON c.id = v.id WHEN MATCHED THEN UPDATE SET phone = '13900000001', birth_date = NULL WHEN NOT MATCHED THEN INSERT (id, name, id_number, phone, branch_id, manager_id) VALUES (v.id, 'new', '110105199001010512', '13900000002', 1, 1);
SELECT id, name, phone, id_number, birth_date, email FROM customers WHERE id IN (8, 900201) ORDER BY id;

# name: delete
MERGE INTO cards c USING accounts a ON a.id = c.account_id WHEN MATCHED AND a.balance < 100000 THEN DELETE;
SELECT count(*) FROM cards;

# name: joined-by-a-sealed-column
MERGE INTO customers c USING employees e ON c.phone = e.phone WHEN MATCHED THEN UPDATE SET name = e.name;
SELECT id, name FROM customers WHERE id < 7 ORDER BY id;

# name: several-columns-at-once
MERGE INTO accounts a USING customers c ON c.id = a.customer_id WHEN MATCHED AND c.name LIKE '张%' THEN UPDATE SET (status, currency) = ('x', 'EUR');
SELECT count(*) FROM accounts WHERE status = 'x';

# name: into-an-open-table
# roles: app teller auditor
MERGE INTO scratch s USING customers c ON s.id = c.id WHEN NOT MATCHED AND c.id < 20 THEN INSERT VALUES (c.id, c.name);
SELECT * FROM scratch ORDER BY id;

# name: into-an-open-table-by-every-action
# roles: app teller auditor
INSERT INTO scratch VALUES (8, 'x'), (9, 'y'), (16, 'z');
MERGE INTO scratch s USING (SELECT id, name, vip FROM customers WHERE id < 30) c ON s.id = c.id WHEN MATCHED AND c.id = 8 THEN UPDATE SET v = c.name WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND vip THEN INSERT (id) VALUES (c.id) WHEN NOT MATCHED THEN DO NOTHING;
SELECT * FROM scratch ORDER BY id;

# name: into-an-open-table-with-a-default
# roles: app teller auditor
MERGE INTO scratch s USING customers c ON s.id = c.id WHEN NOT MATCHED AND c.id < 20 THEN INSERT VALUES (c.id, DEFAULT);
SELECT * FROM scratch ORDER BY id;

# name: from-a-with-query
# roles: app teller auditor
WITH w AS (SELECT id, name FROM customers WHERE id < 20) MERGE INTO scratch s USING w ON w.id = s.id WHEN NOT MATCHED THEN INSERT (id, v) VALUES (id, name);
SELECT * FROM scratch ORDER BY id;

# name: from-a-view
# roles: app teller auditor
MERGE INTO scratch s USING with_accounts w ON w.id = s.id WHEN NOT MATCHED AND w.balance > 500000 THEN INSERT VALUES (w.id, w.name);
SELECT * FROM scratch ORDER BY id;

# name: sealed-into-an-open-table
# expect: refuse
MERGE INTO scratch s USING customers c ON s.id = c.id WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.phone);

# name: computed-into-a-sealed-column
# expect: refuse
MERGE INTO customers c USING employees e ON c.phone = e.phone WHEN MATCHED THEN UPDATE SET phone = e.name;

# name: masked
# roles: teller auditor
# expect: refuse
MERGE INTO customers c USING branches b ON c.id = b.id WHEN MATCHED THEN UPDATE SET vip = true;

# name: row-that-is-not-matched
# expect: error 42P01
MERGE INTO customers c USING branches b ON c.id = b.id WHEN NOT MATCHED AND c.vip THEN DO NOTHING;

# name: default-of-an-open-table-beside-protected-rows
# note: was called a syntax error
# roles: app teller auditor
INSERT INTO scratch (id, v) VALUES ((SELECT max(id) FROM customers), DEFAULT) RETURNING v;
UPDATE scratch SET v = DEFAULT FROM customers c WHERE c.id = scratch.id RETURNING scratch.v;
