# name: join-plain-key
# roles: app teller
SELECT c.id, c.phone, a.account_no, a.balance FROM customers c JOIN accounts a ON a.customer_id = c.id WHERE c.id < 10 ORDER BY c.id, a.id;

# name: join-sealed-key
SELECT e.id, c.id, e.phone FROM employees e JOIN customers c ON e.phone = c.phone ORDER BY e.id;

# name: join-sealed-key-reversed-where
SELECT t.id, a.id FROM transactions t, accounts a WHERE a.account_no = t.counterparty AND t.id < 30 ORDER BY t.id;

# name: join-using-sealed
SELECT e.id, c.id FROM employees e JOIN customers c USING (phone) ORDER BY e.id;

# name: join-using-sealed-output
SELECT phone, e.id FROM employees e JOIN customers c USING (phone) ORDER BY e.id;

# name: join-using-star
SELECT * FROM (SELECT id AS eid, phone FROM employees) e JOIN (SELECT id AS cid, phone FROM customers) c USING (phone) ORDER BY eid;

# name: join-natural
SELECT * FROM (SELECT id AS eid, phone FROM employees) e NATURAL JOIN (SELECT id AS cid, phone FROM customers) c ORDER BY eid;

# name: join-left
SELECT e.id, c.phone FROM employees e LEFT JOIN customers c ON c.phone = e.phone ORDER BY e.id;

# name: join-left-is-null
SELECT e.id FROM employees e LEFT JOIN customers c ON c.phone = e.phone WHERE c.id IS NULL ORDER BY e.id;

# name: join-right
SELECT e.id, c.id FROM customers c RIGHT JOIN employees e ON c.phone = e.phone ORDER BY e.id;

# name: join-full
SELECT e.id, c.id FROM employees e FULL JOIN (SELECT * FROM customers WHERE id < 10) c ON c.phone = e.phone;

# name: join-using-plain
# roles: app teller
SELECT customer_id, a.account_no, k.pan FROM accounts a JOIN cards k USING (customer_id) WHERE customer_id < 10 ORDER BY customer_id;

# name: join-natural-plain
# roles: app teller
SELECT * FROM (SELECT customer_id, account_no FROM accounts) a NATURAL JOIN (SELECT customer_id, pan FROM cards) k WHERE customer_id < 6 ORDER BY customer_id;

# name: join-cross
SELECT c.phone, b.code FROM customers c CROSS JOIN branches b WHERE c.id < 3 ORDER BY c.id, b.id;

# name: join-self
SELECT a.id, b.id FROM customers a JOIN customers b ON a.credit_limit = b.credit_limit AND a.id < b.id WHERE a.id < 5 ORDER BY a.id, b.id;

# name: join-not-equal
SELECT count(*) FROM employees e JOIN customers c ON e.phone <> c.phone WHERE c.id < 10;

# name: join-across-domains
# expect: refuse
SELECT c.id FROM customers c JOIN accounts a ON c.phone = a.account_no;

# name: join-sealed-and-plain
# expect: refuse
SELECT c.id FROM customers c JOIN branches b ON c.phone = b.code;

# name: join-three
SELECT c.phone, a.account_no, k.pan FROM customers c JOIN accounts a ON a.customer_id = c.id JOIN cards k ON k.account_id = a.id WHERE k.pan = '{pan:7}';

# name: join-lateral
SELECT c.id, x.account_no FROM customers c, LATERAL (SELECT account_no FROM accounts a WHERE a.customer_id = c.id LIMIT 1) x WHERE c.id < 4 ORDER BY c.id;

# name: exists
SELECT c.id FROM customers c WHERE EXISTS (SELECT 1 FROM employees e WHERE e.phone = c.phone) ORDER BY c.id;

# name: not-exists
SELECT count(*) FROM customers c WHERE NOT EXISTS (SELECT 1 FROM employees e WHERE e.phone = c.phone);

# name: exists-plain
# roles: app teller
SELECT c.id, c.phone FROM customers c WHERE EXISTS (SELECT 1 FROM cards k WHERE k.customer_id = c.id AND k.status = 'blocked') ORDER BY c.id;

# name: in-subquery-sealed
SELECT id FROM customers WHERE phone IN (SELECT phone FROM employees) ORDER BY id;

# name: in-subquery-plain
# roles: app teller
SELECT id, phone FROM customers WHERE id IN (SELECT customer_id FROM accounts WHERE status = 'frozen') ORDER BY id;

# name: not-in-subquery-sealed
SELECT count(*) FROM employees WHERE phone NOT IN (SELECT phone FROM customers WHERE phone IS NOT NULL);

# name: any-subquery
SELECT id FROM customers WHERE phone = ANY (SELECT phone FROM employees) ORDER BY id;

# name: scalar-subquery-output
SELECT b.id, (SELECT c.phone FROM customers c WHERE c.id = b.id) AS phone FROM branches b ORDER BY b.id;

# name: scalar-subquery-predicate
SELECT id FROM customers WHERE phone = (SELECT phone FROM employees WHERE id = 3);

# name: scalar-subquery-count
# roles: app teller
SELECT c.id, (SELECT count(*) FROM cards k WHERE k.customer_id = c.id) FROM customers c WHERE c.id < 5 ORDER BY c.id;

# name: derived-table
# roles: app teller
SELECT p, id FROM (SELECT id, phone AS p FROM customers) x WHERE id < 6 ORDER BY id;

# name: derived-table-column-aliases
# roles: app teller
SELECT b FROM (SELECT id, phone FROM customers) x (a, b) WHERE a < 6 ORDER BY a;

# name: derived-table-predicate
SELECT id FROM (SELECT id, phone AS p FROM customers) x WHERE p = '{phone:5}';

# name: derived-nested
SELECT q FROM (SELECT p AS q, id FROM (SELECT phone AS p, id FROM customers) x) y WHERE q = '{phone:6}';

# name: cte
# roles: app teller
WITH x AS (SELECT id, phone FROM customers WHERE id < 8) SELECT * FROM x ORDER BY id;

# name: cte-columns
# roles: app teller
WITH x (a, b) AS (SELECT id, phone FROM customers WHERE id < 8) SELECT b FROM x ORDER BY a;

# name: cte-predicate
WITH x AS (SELECT id, phone FROM customers) SELECT id FROM x WHERE phone = '{phone:7}';

# name: cte-materialized
WITH x AS MATERIALIZED (SELECT id, email FROM customers) SELECT id, email FROM x WHERE email = '{email:8}';

# name: cte-two
WITH a AS (SELECT id, phone FROM customers), b AS (SELECT phone AS p FROM employees) SELECT a.id FROM a JOIN b ON a.phone = b.p ORDER BY a.id;

# name: cte-shadows-a-table
# roles: app teller
WITH customers AS (SELECT 1 AS id, 'x' AS phone) SELECT phone FROM customers;

# name: cte-recursive-plain
# roles: app teller
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT c.id, c.phone FROM n JOIN customers c ON c.id = n.i ORDER BY c.id;

# name: cte-insert-returning
WITH n AS (INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES (910001, 'w', '110105199001011000', '13922220001', 1) RETURNING id, phone) SELECT * FROM n;

# name: cte-delete-returning
WITH d AS (DELETE FROM cards WHERE id < 4 RETURNING id, pan) SELECT id, pan FROM d ORDER BY id;

# name: cte-update-returning
WITH u AS (UPDATE customers SET phone = '13922220003' WHERE id = 4 RETURNING phone, email) SELECT phone, email FROM u;

# name: union-all-same-column
SELECT phone FROM customers WHERE id < 4 UNION ALL SELECT phone FROM customers WHERE id < 3;

# name: union-same-column
SELECT phone FROM customers WHERE id < 6 UNION SELECT phone FROM customers WHERE id < 9;

# name: union-two-columns-of-one-domain
SELECT phone FROM customers WHERE id < 9 UNION SELECT phone FROM employees;

# name: intersect-of-one-domain
SELECT phone FROM customers INTERSECT SELECT phone FROM employees;

# name: except-of-one-domain
SELECT phone FROM employees EXCEPT SELECT phone FROM customers;

# name: union-all-with-plain-columns
# roles: app teller
SELECT id, phone FROM customers WHERE id < 4 UNION ALL SELECT id, phone FROM customers WHERE id = 7 ORDER BY 1;

# name: union-all-three
SELECT account_no FROM accounts WHERE id < 3 UNION ALL SELECT counterparty FROM transactions WHERE id < 3 UNION ALL SELECT account_no FROM accounts WHERE id = 9;

# name: union-sealed-with-literal
# expect: refuse
SELECT phone FROM customers WHERE id < 4 UNION SELECT 'x';

# name: union-all-sealed-with-null
# expect: refuse
SELECT phone FROM customers WHERE id < 4 UNION ALL SELECT NULL;

# name: union-across-domains
# expect: refuse
SELECT phone FROM customers WHERE id < 4 UNION SELECT account_no FROM accounts WHERE id < 4;

# name: union-plain
# roles: app teller
SELECT id FROM customers WHERE id < 4 UNION SELECT id FROM accounts WHERE id < 6 ORDER BY id;

# name: union-in-derived-table
SELECT count(*) FROM (SELECT phone FROM customers UNION SELECT phone FROM employees) x;

# name: view-simple
CREATE TEMP VIEW v_simple AS SELECT id, phone FROM customers;
SELECT * FROM v_simple WHERE id < 5 ORDER BY id;

# name: view-of-the-bank
# roles: app teller
SELECT * FROM customer_contacts WHERE id < 5 ORDER BY id;

# name: view-predicate
SELECT id FROM customer_contacts WHERE mobile = '{phone:5}';

# name: view-join
# roles: app teller
SELECT v.mobile, a.account_no FROM customer_contacts v JOIN accounts a ON a.customer_id = v.id WHERE v.id < 4 ORDER BY v.id;

# name: view-over-view
# roles: app teller
SELECT * FROM vip_contacts ORDER BY id;

# name: full-join-using-star
# roles: app teller
# note: the merged column is neither the left one nor the right one
SELECT * FROM customers c FULL JOIN employees e USING (id) WHERE c.id IS NULL OR c.id < 45;

# name: right-join-using-star
# roles: app teller
SELECT * FROM employees e RIGHT JOIN (SELECT id, phone AS p FROM customers WHERE id < 60) c USING (id);

# name: full-join-using-bare-name
# roles: app teller
SELECT id, branch_id, c.phone FROM (SELECT id, phone, branch_id FROM customers WHERE id > 30 AND id < 50) c FULL JOIN (SELECT id, branch_id FROM employees) e USING (id, branch_id) ORDER BY id, branch_id;

# name: right-join-using-group-by
# roles: app teller
SELECT id, count(c.name) FROM (SELECT id, name FROM customers WHERE id < 10) c RIGHT JOIN employees e USING (id) GROUP BY id;

# name: natural-full-join-star-of-one-side
# roles: app
# note: the columns that the join merges belong to each side's star
SELECT DISTINCT e.* FROM customer_contacts c NATURAL FULL JOIN employees e;

# name: using-sealed-star-of-one-side
# roles: app
SELECT c.*, e.* FROM employees e JOIN customers c USING (phone) ORDER BY e.id;

# name: using-sealed-and-other-types
# expect: refuse
# note: the merged id is the wider one's
SELECT * FROM employees e LEFT JOIN customers c USING (phone, id) ORDER BY e.id;
