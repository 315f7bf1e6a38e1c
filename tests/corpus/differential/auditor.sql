# name: select-star
# roles: auditor
SELECT * FROM customers;

# name: select-star-accounts
# roles: auditor
SELECT * FROM accounts ORDER BY id;

# name: hidden-row-does-not-exist
# roles: auditor
SELECT id, name FROM customers WHERE id = 9;

# name: shown-row-exists
# roles: auditor
SELECT id, name, id_number, phone, notes FROM customers WHERE id = 8;

# name: param
# roles: auditor
# params: ["16"]
SELECT id, name, birth_date, credit_limit FROM customers WHERE id = $1;

# name: only-the-branch
# roles: auditor
SELECT count(*) FROM customers WHERE branch_id <> 1;

# name: count
# roles: auditor
SELECT count(*), min(id), max(id) FROM customers;

# name: count-columns
# roles: auditor
SELECT count(phone), count(id_number), count(name) FROM customers;

# name: group-by
# roles: auditor
SELECT branch_id, count(*) FROM customers GROUP BY branch_id;

# name: sum
# roles: auditor
SELECT sum(balance), avg(balance) FROM accounts;

# name: order-and-limit
# roles: auditor
SELECT id, name FROM customers ORDER BY id DESC LIMIT 3 OFFSET 1;

# name: order-by-masked
# roles: auditor
SELECT id, name FROM customers ORDER BY name, id;

# name: distinct-masked
# roles: auditor
SELECT DISTINCT name FROM customers;

# name: null-columns
# roles: auditor
SELECT id FROM customers WHERE phone IS NULL AND email IS NULL AND address IS NULL ORDER BY id;

# name: join-filtered
# roles: auditor
SELECT c.id, c.name, a.balance FROM customers c JOIN accounts a ON a.customer_id = c.id ORDER BY c.id;

# name: join-open
# roles: auditor
SELECT b.code, count(c.id) FROM branches b LEFT JOIN customers c ON c.branch_id = b.id GROUP BY b.code ORDER BY b.code;

# name: join-left-hidden
# roles: auditor
SELECT e.id, e.name, c.id FROM employees e LEFT JOIN customers c ON c.manager_id = e.id ORDER BY e.id, c.id;

# name: join-using
# roles: auditor
SELECT branch_id, c.id, a.id FROM customers c JOIN accounts a USING (branch_id) ORDER BY c.id, a.id LIMIT 20;

# name: exists
# roles: auditor
SELECT b.id FROM branches b WHERE EXISTS (SELECT 1 FROM customers c WHERE c.branch_id = b.id);

# name: in-subquery
# roles: auditor
SELECT id, title FROM employees WHERE id IN (SELECT manager_id FROM customers) ORDER BY id;

# name: not-in-subquery
# roles: auditor
SELECT count(*) FROM branches WHERE id NOT IN (SELECT branch_id FROM accounts);

# name: scalar-subquery
# roles: auditor
SELECT b.id, (SELECT count(*) FROM customers c WHERE c.branch_id = b.id) FROM branches b ORDER BY b.id;

# name: cte
# roles: auditor
WITH c AS (SELECT id, name, branch_id FROM customers) SELECT * FROM c WHERE id < 100 ORDER BY id;

# name: union
# roles: auditor
SELECT id FROM customers UNION SELECT id FROM accounts ORDER BY id;

# name: except
# roles: auditor
SELECT id FROM branches EXCEPT SELECT branch_id FROM customers ORDER BY id;

# name: window
# roles: auditor
SELECT id, row_number() OVER (ORDER BY id), sum(balance) OVER (ORDER BY id) FROM accounts;

# name: error-on-a-hidden-row-only
# roles: auditor
# note: the condition fails for rows that are hidden, and only for them
SELECT id FROM customers WHERE 10 / (id - 9) < 100 AND 10 / (branch_id - 2) < 100;

# name: cast-error-on-a-hidden-row-only
# roles: auditor
SELECT count(*) FROM customers WHERE CASE WHEN branch_id = 1 THEN true ELSE (name::int > 0) END;

# name: error-on-a-shown-row
# roles: auditor
# expect: error 22012
SELECT id FROM customers WHERE 10 / (id - 8) < 100;

# name: update
# roles: auditor
UPDATE accounts SET status = 'checked' WHERE id IN (8, 9) RETURNING id, status, balance;

# name: update-hidden-row
# roles: auditor
UPDATE accounts SET status = 'checked' WHERE id = 9;

# name: update-every-row
# roles: auditor
UPDATE accounts SET status = 'checked';

# name: update-from
# roles: auditor
UPDATE accounts a SET status = 'checked' FROM customers c WHERE c.id = a.customer_id AND c.vip RETURNING a.id, c.name;

# name: update-param
# roles: auditor
# params: ["vip", "8"]
UPDATE accounts SET status = $1 WHERE id = $2 RETURNING id, account_no, status;

# name: update-error-on-a-hidden-row-only
# roles: auditor
UPDATE accounts SET status = 'x' WHERE 10 / (id - 9) < 100 AND id < 20 RETURNING id;

# name: delete
# roles: auditor
DELETE FROM accounts WHERE id IN (208, 209, 1000) RETURNING id;

# name: delete-hidden-row
# roles: auditor
DELETE FROM accounts WHERE id = 9;

# name: insert
# roles: auditor
# expect: refuse
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (940001, 'x', 8, 1);

# name: move-out-of-sight
# roles: auditor
# expect: refuse
UPDATE accounts SET branch_id = 2 WHERE id = 8;

# name: truncate
# roles: auditor
# expect: refuse
TRUNCATE accounts;

# name: view
# roles: auditor
# expect: refuse
SELECT * FROM customer_contacts;

# name: relation-without-a-grant
# roles: auditor
# expect: refuse
SELECT count(*) FROM cards;

# name: prepared
# roles: auditor
PREPARE a1 (bigint) AS SELECT id, name, phone FROM customers WHERE id = $1;
EXECUTE a1(8);
EXECUTE a1(9);
DEALLOCATE a1;

# name: cursor
# roles: auditor
DECLARE a2 CURSOR FOR SELECT id, name, branch_id FROM customers ORDER BY id;
FETCH 3 FROM a2;
FETCH ALL FROM a2;
CLOSE a2;

# name: copy-out
# roles: auditor
COPY customers TO STDOUT;

# name: copy-out-query
# roles: auditor
COPY (SELECT id, name, id_number FROM customers ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER);

# name: open-table
# roles: auditor
SELECT * FROM branches ORDER BY id;

# name: for-update
# roles: auditor
# expect: refuse
SELECT id FROM customers WHERE id = 8 FOR UPDATE;

# name: sealed-output
# roles: auditor
SELECT id, account_no FROM accounts WHERE id < 100 ORDER BY id;

# name: expression-on-masked
# roles: auditor
SELECT id, name || '!', length(name), upper(currency) FROM customers c JOIN accounts a USING (id) ORDER BY id;

# name: current-row-of-a-locking-cursor
# roles: auditor
DECLARE c CURSOR FOR SELECT id, status FROM accounts FOR UPDATE;
FETCH 1 FROM c;
UPDATE accounts SET status = 'seen' WHERE CURRENT OF c RETURNING id, balance, status;
FETCH 2 FROM c;
UPDATE accounts AS a SET currency = 'EUR' WHERE CURRENT OF c;
SELECT id, status, currency FROM accounts WHERE status = 'seen' OR currency = 'EUR' ORDER BY id;

# name: current-row-of-a-locking-cursor-in-order
# roles: auditor
DECLARE "C d" CURSOR FOR SELECT id, status FROM accounts WHERE id > 40 ORDER BY balance DESC FOR NO KEY UPDATE;
FETCH 1 FROM "C d";
UPDATE accounts SET status = 'seen' WHERE CURRENT OF "C d" RETURNING id, status;

# name: current-row-of-a-cursor-that-locks-nothing
# roles: auditor
# expect: refuse
DECLARE c CURSOR FOR SELECT id FROM accounts;
FETCH 1 FROM c;
UPDATE accounts SET status = 'seen' WHERE CURRENT OF c RETURNING id;

# name: current-row-of-another-table
# roles: auditor
# expect: refuse
DECLARE c CURSOR FOR SELECT id FROM customers FOR UPDATE;
FETCH 1 FROM c;
UPDATE accounts SET status = 'seen' WHERE CURRENT OF c RETURNING id;

# name: current-row-of-no-cursor
# roles: auditor
# expect: refuse
UPDATE accounts SET status = 'seen' WHERE CURRENT OF nosuch;

# name: current-row-and-a-column-of-the-filter
# roles: auditor
# expect: refuse
DECLARE c CURSOR FOR SELECT id FROM accounts FOR UPDATE;
FETCH 1 FROM c;
UPDATE accounts SET branch_id = 2 WHERE CURRENT OF c;
