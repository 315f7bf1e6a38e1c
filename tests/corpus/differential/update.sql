# name: update-sealed-literal
UPDATE customers SET phone = '13911110001' WHERE id = 5;
SELECT id, phone FROM customers WHERE phone = '13911110001';

# name: update-sealed-param
# params: ["13911110002", "6"]
UPDATE customers SET phone = $1 WHERE id = $2 RETURNING phone;

# name: update-where-sealed
UPDATE customers SET branch_id = 3 WHERE phone = '{phone:7}' RETURNING id, branch_id, phone;

# name: update-where-sealed-param
# params: ["new@example.com", "{phone:8}"]
UPDATE customers SET email = $1 WHERE phone = $2 RETURNING id, email;

# name: update-several-columns
UPDATE customers SET phone = '13911110005', email = 'e@example.com', birth_date = '1999-12-31', notes = 'n', vip = true WHERE id = 9;
SELECT phone, email, birth_date, notes, vip FROM customers WHERE id = 9;

# name: update-to-null
UPDATE customers SET phone = NULL, notes = NULL WHERE id = 10 RETURNING id, phone, notes;

# name: update-to-default
UPDATE customers SET phone = DEFAULT WHERE id = 11 RETURNING id, phone;

# name: update-row-assignment
UPDATE customers SET (phone, email) = ('13911110008', 'r@example.com') WHERE id = 12 RETURNING phone, email;

# name: update-row-assignment-subquery
# expect: refuse
UPDATE customers SET (phone, email) = (SELECT phone, email FROM customers WHERE id = 13) WHERE id = 14 RETURNING phone, email;

# name: update-from
UPDATE customers c SET branch_id = b.id FROM branches b WHERE b.code = 'B003' AND c.id = 15 RETURNING c.id, c.branch_id, c.phone;

# name: update-from-sealed-join
UPDATE employees e SET title = 'x' FROM customers c WHERE e.phone = c.phone RETURNING e.id, e.phone, c.id;

# name: update-from-sealed-value
# expect: refuse
UPDATE customers c SET phone = e.phone FROM employees e WHERE e.id = 20 AND c.id = 16 RETURNING c.phone;

# name: update-self-assignment
UPDATE customers SET phone = phone WHERE id = 17 RETURNING phone;

# name: update-across-columns
# expect: refuse
UPDATE customers SET email = phone WHERE id = 18 RETURNING email;

# name: update-where-in
UPDATE customers SET vip = true WHERE phone IN ('{phone:19}', '{phone:20}', 'nobody') RETURNING id;

# name: update-plain-masked-for-clear
UPDATE accounts SET balance = balance + 1.5 WHERE id = 20 RETURNING balance;

# name: update-no-rows
UPDATE customers SET phone = '13911110010' WHERE phone = 'nobody';

# name: update-returning-star
UPDATE cards SET status = 'blocked' WHERE pan = '{pan:21}' RETURNING *;

# name: update-subquery-predicate
UPDATE accounts SET status = 'frozen' WHERE customer_id IN (SELECT id FROM customers WHERE phone = '{phone:22}') RETURNING id, account_no, status;

# name: update-with-cte
WITH hit AS (SELECT id FROM customers WHERE id_number = '{id_number:23}') UPDATE accounts a SET status = 'closed' FROM hit WHERE a.customer_id = hit.id RETURNING a.account_no, a.status;

# name: update-case-literal-plain
UPDATE customers SET vip = CASE WHEN id % 2 = 0 THEN true ELSE false END WHERE id IN (24, 25) RETURNING id, vip, phone;

# name: update-alias
UPDATE customers AS cc SET phone = '13911110015' WHERE cc.id = 26 RETURNING cc.phone;

# name: update-bad-date
# expect: error 22007
UPDATE customers SET birth_date = 'nope' WHERE id = 27;

# name: update-check-too-long
# expect: error 22001
UPDATE customers SET phone = '012345678901234567890123' WHERE id = 28;

# name: update-only
UPDATE ONLY customers SET phone = '13911110018' WHERE id = 29 RETURNING phone;

# name: delete-where-sealed
DELETE FROM cards WHERE pan = '{pan:30}' RETURNING id, pan;

# name: delete-where-param
# params: ["{pan:31}"]
DELETE FROM cards WHERE pan = $1;

# name: delete-returning-star
DELETE FROM cards WHERE id = 32 RETURNING *;

# name: delete-using
DELETE FROM cards k USING customers c WHERE k.customer_id = c.id AND c.phone = '{phone:33}' RETURNING k.pan, c.phone, c.id;

# name: delete-using-sealed-join
DELETE FROM transactions t USING accounts a WHERE t.counterparty = a.account_no AND a.id = 14 RETURNING t.id, a.account_no;

# name: delete-using-unrelated
DELETE FROM transactions t USING branches b, accounts a WHERE t.account_id = a.id AND a.branch_id = b.id AND b.id = 99 RETURNING t.id;

# name: delete-in-subquery
DELETE FROM transactions WHERE account_id IN (SELECT id FROM accounts WHERE account_no = '{account_no:34}') RETURNING id, counterparty;

# name: delete-exists
DELETE FROM transactions t WHERE EXISTS (SELECT 1 FROM accounts a WHERE a.id = t.account_id AND a.account_no = '{account_no:35}');

# name: delete-nothing
DELETE FROM cards WHERE pan = '0000';

# name: delete-foreign-key
# expect: error 23503
DELETE FROM customers WHERE phone = '{phone:36}';

# name: update-coalesce-sealed
# params: [null, "13911110031", "31"]
UPDATE customers SET phone = coalesce($1, phone), email = coalesce(NULL, email, $2) WHERE id = $3 RETURNING phone, email;

# name: update-masked-from-itself
# roles: app teller
# note: what a masked caller reads out of the column goes back as it was
UPDATE customers SET name = coalesce(NULL, name), address = address || '' WHERE id = 32;
SELECT name, address FROM customers WHERE id = 32;

# name: select-into
# roles: app teller
SELECT id, name INTO TEMP made FROM branches;
SELECT * FROM made ORDER BY id;

# name: whole-row-of-clear
# roles: app teller
SELECT row_to_json(b), count(b.*) FROM branches b GROUP BY b.id ORDER BY b.id;

# name: update-case-sealed
# note: a peer stored the branches of a CASE in clear
# expect: refuse
UPDATE customers SET phone = CASE WHEN vip THEN '13911110041' ELSE '13911110042' END WHERE id IN (41, 42) RETURNING id, phone;
SELECT id, phone FROM customers WHERE id IN (41, 42) ORDER BY id;

# name: update-sealed-by-an-expression
# note: only a literal, a parameter or a sealed value of one's own can be sealed
# expect: refuse
UPDATE customers SET phone = '139' || '11110043' WHERE id = 43 RETURNING id, phone;

# name: update-through-a-view
# note: a peer stored what went through a view in clear
# expect: refuse
CREATE TEMP VIEW v1 AS SELECT id, phone FROM customers;
UPDATE v1 SET phone = '13911110044' WHERE id = 44;
SELECT id, phone FROM customers WHERE id = 44;

# name: update-in-a-do-block
# note: a peer stored what DO writes in clear
# expect: refuse
DO $$ BEGIN UPDATE customers SET phone = '13911110045' WHERE id = 45; END $$;
SELECT id, phone FROM customers WHERE id = 45;

# name: merge-writes-sealed
# note: a peer stored what MERGE writes in clear
# expect: refuse
MERGE INTO customers c USING branches b ON c.id = b.id WHEN MATCHED THEN UPDATE SET phone = '13911110046';
SELECT id, phone FROM customers WHERE id < 4 ORDER BY id;
