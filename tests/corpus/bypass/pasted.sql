# name: magic-literal
# oracle: yes
SELECT '~pv1:AAAAAAAAAAAAAAAAAAAAAA' FROM customers WHERE phone IS NOT NULL AND address LIKE '%1室';

# name: substring-rebuild
SELECT left(phone, 10) || substr(phone, 11) FROM customers;

# name: sealed-to-open-column
UPDATE transactions SET memo = c.phone FROM customers c WHERE c.id = transactions.account_id RETURNING memo;

# name: sealed-to-other-sealed-column
UPDATE customers SET email = phone WHERE id < 9 RETURNING email;

# name: sealed-other-relation
INSERT INTO employees (id, login, name, branch_id, phone) SELECT 10000 + id, 'e' || id, 'x', 1, account_no FROM accounts WHERE id < 5 RETURNING phone;

# name: sealed-into-open-table
INSERT INTO scratch SELECT id, phone FROM customers RETURNING v;
SELECT v FROM scratch;

# name: sealed-back-into-column
CREATE TEMP TABLE keep AS SELECT id, address, phone FROM customers;
UPDATE customers c SET name = k.phone FROM keep k WHERE k.id = c.id RETURNING c.name, k.address;

# name: swap-columns-by-name
ALTER TABLE customers RENAME COLUMN phone TO p2;
ALTER TABLE customers RENAME COLUMN address TO phone;
SELECT phone, p2 FROM customers;

# name: copy-in-out
# modes: simple
CREATE TEMP TABLE o (id bigint, v text);
INSERT INTO o SELECT id, address FROM customers;
COPY o TO STDOUT;

# name: replace-magic
SELECT replace(address || phone, '~pv1:', '~pv1:') FROM customers;

# name: text-concat-json
SELECT '{"a":"' || address || '"}' FROM customers;

# name: array-text-form
SELECT ('{' || phone || '}')::text[] FROM customers;

# name: sealed-from-one-person-to-another
UPDATE customers c SET phone = d.phone FROM customers d WHERE d.id = c.id + 8 RETURNING c.phone;

# name: sealed-of-one-domain-to-another-table
UPDATE employees e SET phone = c.phone FROM customers c WHERE c.id = e.id + 40 RETURNING e.phone, c.address;

# name: sealed-into-a-masked-column
UPDATE customers SET name = phone WHERE id < 50 RETURNING name;

# name: sealed-into-an-array
SELECT ARRAY[phone, email] || address FROM customers;

# name: sealed-into-json
SELECT jsonb_build_array(phone, jsonb_build_object('a', address)) FROM customers;

# name: sealed-by-a-join-of-domains
SELECT a.account_no, t.counterparty FROM accounts a JOIN transactions t ON t.counterparty = a.account_no;

# name: sealed-in-pieces
SELECT left(phone, 4), right(phone, 7), left(address, 4), right(address, 30) FROM customers;

# name: masks-of-two-kinds-combined
SELECT left(id_number, 9) || right(id_number, 9) FROM customers;

# name: sealed-by-a-case-with-a-mask
SELECT CASE WHEN vip THEN phone ELSE address END FROM customers;

# name: sealed-by-values-join
SELECT v.x FROM customers c CROSS JOIN LATERAL (VALUES (c.phone), (c.address), (c.email)) v (x);
