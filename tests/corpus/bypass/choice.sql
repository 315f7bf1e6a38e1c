# name: coalesce-with-the-mask-s-value
# oracle: yes
SELECT count(*) FROM customers WHERE coalesce(birth_date, '1900-01-01') = '{birth_date:5}';

# name: coalesce-counted-apart
# oracle: yes
SELECT count(DISTINCT coalesce(birth_date, '1900-01-01')) FROM customers;

# name: case-that-gives-the-value-to-an-expression
SELECT lower(CASE WHEN vip THEN address ELSE address END || '') FROM customers;

# name: coalesce-stored-in-the-open
INSERT INTO scratch SELECT id + 500000, coalesce(email, 'x') FROM customers;
SELECT v FROM scratch;

# name: coalesce-in-a-new-view
CREATE VIEW made AS SELECT id, coalesce(phone, 'x') AS p, coalesce(address, 'x') AS a FROM customers;
SELECT p, a FROM made;

# name: coalesce-in-an-update-that-returns
UPDATE customers SET vip = vip WHERE id = 5 RETURNING coalesce(phone, 'x'), coalesce(address, 'x'), CASE WHEN vip THEN email ELSE email END;

# name: coalesce-copied-out
COPY (SELECT coalesce(phone, 'x'), coalesce(email, 'x') FROM customers) TO STDOUT;

# name: coalesce-over-a-join-by-values
# roles: dev auditor
# oracle: yes
SELECT count(*) FROM customers c JOIN (VALUES ('{phone:5}')) g(p) ON coalesce(c.phone, '') = g.p;
