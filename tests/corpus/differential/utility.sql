# name: alter-add-column
ALTER TABLE customers ADD COLUMN tier integer;
SELECT id, phone FROM customers WHERE id = 5;

# name: alter-drop-column
ALTER TABLE customers DROP COLUMN vip CASCADE;
SELECT id, phone FROM customers WHERE phone = '{phone:5}';

# name: alter-column-default
ALTER TABLE accounts ALTER COLUMN status SET DEFAULT 'new';
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (950001, '6013990000950001', 5, 1) RETURNING id, account_no, status;

# name: alter-set-storage-parameter
ALTER TABLE customers SET (fillfactor = 90);

# name: alter-add-check
ALTER TABLE accounts ADD CONSTRAINT positive CHECK (balance >= 0);
SELECT count(*) FROM accounts;

# name: alter-rename
# expect: refuse
ALTER TABLE customers RENAME TO clients;

# name: alter-type-of-sealed
# expect: refuse
ALTER TABLE customers ALTER COLUMN phone TYPE varchar(40);

# name: truncate-one
TRUNCATE TABLE transactions;
SELECT count(*) FROM transactions;

# name: truncate-several
TRUNCATE transactions, cards, kyc;
SELECT count(*) FROM cards;

# name: truncate-cascade
TRUNCATE accounts CASCADE;
SELECT count(*) FROM transactions;

# name: truncate-referenced
# expect: error 0A000
TRUNCATE customers;

# name: lock-share
LOCK TABLE customers IN SHARE MODE;

# name: lock-exclusive
LOCK customers, accounts IN ACCESS EXCLUSIVE MODE NOWAIT;
SELECT id, phone FROM customers WHERE phone = '{phone:6}';

# name: lock-row-exclusive
LOCK TABLE ONLY cards IN ROW EXCLUSIVE MODE;

# name: analyze-table
ANALYZE customers;

# name: analyze-columns
ANALYZE customers (id, phone);

# name: analyze-several
ANALYZE customers, accounts;

# name: vacuum
# transaction: no
VACUUM customers;

# name: vacuum-analyze
# transaction: no
VACUUM ANALYZE accounts;

# name: vacuum-options
# transaction: no
VACUUM (FREEZE, ANALYZE, SKIP_LOCKED) cards, kyc;

# name: create-index-sealed
CREATE INDEX customers_birth_date_idx ON customers (birth_date);
SELECT id FROM customers WHERE birth_date = '{birth_date:8}' ORDER BY id;

# name: create-index-unique-sealed
CREATE UNIQUE INDEX customers_phone_key ON customers (phone);

# name: create-index-unique-sealed-duplicate
# expect: error 23505
CREATE UNIQUE INDEX ON customers (credit_limit);

# name: create-index-as-a-dump-has-it
CREATE INDEX customers_phone_again ON public.customers USING btree ("left"(phone, 27));
SELECT id FROM customers WHERE phone = '{phone:8}' ORDER BY id;

# name: create-index-over-another-part
# expect: refuse
CREATE INDEX ON customers (left(phone, 3));

# name: create-index-plain
CREATE INDEX ON accounts (status, branch_id) WHERE status <> 'open';

# name: create-index-several
CREATE INDEX IF NOT EXISTS accounts_two_idx ON accounts USING btree (account_no, branch_id DESC);

# name: create-index-concurrently
# transaction: no
CREATE INDEX CONCURRENTLY accounts_later_idx ON accounts (opened_on);
DROP INDEX accounts_later_idx;

# name: drop-index
DROP INDEX customers_email_idx;
SELECT id FROM customers WHERE email = '{email:5}';

# name: reindex
REINDEX TABLE customers;

# name: reindex-index
REINDEX INDEX customers_phone_idx;

# name: grant-table
GRANT SELECT ON customers TO teller;

# name: grant-columns
GRANT SELECT (id, phone), UPDATE (phone) ON customers TO teller, auditor;

# name: revoke
REVOKE ALL ON customers FROM teller;

# name: create-table-like
CREATE TABLE branches_old (LIKE branches INCLUDING ALL);
INSERT INTO branches_old SELECT * FROM branches;
SELECT count(*) FROM branches_old;

# name: create-table-like-protected
CREATE TABLE customers_like (LIKE customers);

# name: create-table-like-protected-including-defaults
# note: its columns are the stored ones, text where the policy seals
CREATE TABLE customers_like (LIKE customers INCLUDING DEFAULTS);
INSERT INTO customers_like (id, name, id_number, branch_id) VALUES (1, 'x', 'x', 1);
SELECT id, name, vip FROM customers_like;

# name: create-table-like-some
CREATE TEMP TABLE accounts_like (LIKE accounts, note text) ON COMMIT DROP;
SELECT count(*) FROM accounts_like;

# name: comment-on-table
COMMENT ON TABLE customers IS 'people';

# name: comment-on-column
COMMENT ON COLUMN customers.phone IS 'mobile number';

# name: comment-is-read
COMMENT ON TABLE accounts IS 'money';
SELECT obj_description('accounts'::regclass, 'pg_class');

# name: explain
# expect: refuse
EXPLAIN SELECT id FROM customers WHERE id = 5;

# name: create-view
CREATE VIEW branch_customers AS SELECT id, phone, branch_id FROM customers WHERE branch_id = 2;
SELECT * FROM branch_customers WHERE id < 30 ORDER BY id;

# name: create-materialized-view-open
CREATE MATERIALIZED VIEW branch_names AS SELECT id, name FROM branches;
SELECT count(*) FROM branch_names;

# name: drop-view
DROP VIEW vip_contacts;
SELECT mobile FROM customer_contacts WHERE id = 5;

# name: cluster
CLUSTER branches USING branches_pkey;

# name: set-constraints
SET CONSTRAINTS ALL DEFERRED;

# name: insert-no-column-list-kyc
DELETE FROM kyc WHERE customer_id IN (32, 33);
INSERT INTO kyc VALUES (32, 1, 2, 3, 4.5), (33, NULL, NULL, NULL, NULL) RETURNING customer_id, risk, district, file_no, net_worth;

# name: insert-no-column-list-employees
INSERT INTO employees VALUES (950, 'e950', '王小明', NULL, 1, '13900025950') RETURNING *;

# name: insert-several-rows-returning
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (950002, '6013990000950002', 5, 1), (950003, '6013990000950003', 6, 2) RETURNING *;

# name: insert-several-rows-params
# params: ["6013990000950004", "6013990000950005"]
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (950004, $1, 5, 1), (950005, $2, 6, 2) RETURNING id, account_no;

# name: insert-default-several-rows
INSERT INTO customers (id, name, id_number, phone, email, branch_id) VALUES (950006, 'a', '110105199001030061', DEFAULT, 'x@y.z', 1), (950007, 'b', '110105199001030071', '13900025007', DEFAULT, 1) RETURNING id, phone, email;

# name: update-from-returning-both
UPDATE accounts a SET status = c.branch_id::text FROM customers c WHERE c.id = a.customer_id AND c.phone = '{phone:9}' RETURNING a.status, a.account_no, c.phone;

# name: natural-join-tables
SELECT count(*) FROM (SELECT phone FROM customers) c NATURAL JOIN (SELECT phone, id AS eid FROM employees) e;

# name: natural-left-join
SELECT * FROM (SELECT id AS eid, phone FROM employees WHERE id < 9) e NATURAL LEFT JOIN (SELECT phone, id AS cid FROM customers) c ORDER BY eid;

# name: intersect-two-columns
SELECT phone, email FROM customers WHERE id < 20 INTERSECT SELECT phone, email FROM customers WHERE id > 10;

# name: except-with-nulls
SELECT phone FROM customers WHERE id IN (16, 17, 34) EXCEPT SELECT phone FROM customers WHERE id = 16;

# name: union-in-subquery
SELECT id FROM customers WHERE phone IN (SELECT phone FROM employees UNION SELECT phone FROM customers WHERE id = 60) ORDER BY id;

# name: union-all-order-limit
SELECT id, phone FROM customers UNION ALL SELECT id, phone FROM employees ORDER BY 1 LIMIT 7;

# name: row-tuple-distinct
SELECT count(*) FROM customers WHERE (phone, email) <> ('{phone:5}', '{email:5}');

# name: row-tuple-in-subquery
SELECT id FROM customers WHERE (phone, branch_id) IN (SELECT phone, branch_id FROM customers WHERE id < 9) ORDER BY id;
