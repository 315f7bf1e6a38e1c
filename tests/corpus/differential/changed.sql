# name: temporary-table-of-a-protected-name
# note: what follows went to the protected table
# expect: refuse
CREATE TEMP TABLE cards (id bigint, holder text);
INSERT INTO cards VALUES (1, 'x');
SELECT * FROM cards;

# name: temporary-table-of-a-protected-name-by-its-schema
CREATE TEMP TABLE cards (id bigint, holder text);
INSERT INTO pg_temp.cards VALUES (1, 'x');
SELECT id, holder FROM pg_temp.cards;
SELECT count(*) FROM public.cards;

# name: select-into-a-protected-name
# roles: app teller auditor
# expect: refuse
SELECT id, currency INTO TEMP accounts FROM accounts WHERE id < 9;
SELECT * FROM accounts ORDER BY id;

# name: table-as-of-a-protected-name
# roles: app teller auditor
# expect: refuse
CREATE TEMP TABLE accounts AS SELECT 1 AS id, 'x' AS v;
SELECT * FROM accounts;

# name: table-as-execute-of-a-protected-name
# expect: refuse
# modes: simple
PREPARE one AS SELECT 1 AS id;
CREATE TEMP TABLE accounts AS EXECUTE one;
SELECT * FROM accounts;

# name: temporary-view-of-a-protected-name
# expect: refuse
CREATE TEMP VIEW accounts AS SELECT 1 AS id, 'x'::text AS v;
SELECT * FROM accounts;

# name: sequence-of-a-protected-name
# expect: refuse
CREATE TEMP SEQUENCE accounts;
SELECT is_called FROM accounts;

# name: table-of-a-protected-name-in-a-schema-of-its-own
# expect: refuse
CREATE SCHEMA tenant;
SET LOCAL search_path = tenant, public;
CREATE TABLE accounts (id int, v text);
INSERT INTO accounts VALUES (1, 'x');
SELECT * FROM accounts;

# name: renamed-to-a-protected-name
# expect: refuse
CREATE TEMP TABLE mine (id int);
ALTER TABLE mine RENAME TO accounts;
SELECT * FROM accounts;

# name: in-one-text
# modes: simple
# expect: refuse
CREATE TEMP TABLE accounts (id int)\; INSERT INTO accounts VALUES (3)\; SELECT id FROM accounts;

# name: temporary-table-of-an-open-name
# note: was read and filled under its schema, which is another table
# roles: app teller auditor
CREATE TEMP TABLE scratch (id bigint, v text);
INSERT INTO scratch SELECT id, name FROM customers WHERE id < 10;
SELECT s.id, s.v, c.branch_id FROM scratch s JOIN customers c ON c.id = s.id ORDER BY 1;
SELECT count(*) FROM public.scratch;

# name: table-that-is-there
CREATE TABLE IF NOT EXISTS accounts (id int);
SELECT id FROM accounts WHERE id < 4 ORDER BY id;

# name: new-column
ALTER TABLE accounts ADD COLUMN extra text;
UPDATE accounts SET extra = 'x' || id WHERE id < 10;
SELECT id, extra, account_no FROM accounts WHERE id < 4 ORDER BY id;
UPDATE accounts a SET extra = c.name FROM customers c WHERE c.id = a.customer_id AND a.id < 4 RETURNING a.id, a.extra;
INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (950001, '6013990000950001', 5, 1) RETURNING id, extra;
SELECT count(*) FROM accounts WHERE extra IS NULL;

# name: new-column-in-one-text
# modes: simple
ALTER TABLE accounts ADD COLUMN extra text DEFAULT 'y'\; UPDATE accounts SET extra = 'x' WHERE id = 4\; SELECT id, extra FROM accounts WHERE id < 6 ORDER BY id;

# name: new-column-by-star
# note: ended the session
# expect: refuse
ALTER TABLE accounts ADD COLUMN extra text DEFAULT 'y';
SELECT * FROM accounts WHERE id = 8;

# name: new-column-by-distinct-star
# note: was left out
# expect: refuse
ALTER TABLE accounts ADD COLUMN extra text DEFAULT 'y';
SELECT DISTINCT * FROM accounts WHERE id = 8;

# name: new-column-by-place
# expect: refuse
ALTER TABLE accounts ADD COLUMN extra text DEFAULT 'y';
INSERT INTO accounts VALUES (950002, '6013990000950002', 1, 1, 'CNY', 1, '2020-01-01', 'open', 'more') RETURNING *;

# name: new-column-copied
# expect: refuse
ALTER TABLE accounts ADD COLUMN extra text DEFAULT 'y';
COPY accounts TO STDOUT;

# name: column-less-by-star
# expect: refuse
ALTER TABLE accounts DROP COLUMN opened_on;
SELECT * FROM accounts WHERE id = 8;

# name: column-less-by-place
# expect: refuse
ALTER TABLE accounts DROP COLUMN opened_on;
INSERT INTO accounts VALUES (950003, '6013990000950003', 1, 1, 'CNY', 1, 'open');
SELECT account_no, status FROM accounts WHERE id = 950003;

# name: new-column-of-an-open-table
# roles: app teller
# expect: refuse
ALTER TABLE scratch ADD COLUMN z int;
SELECT s.*, c.name FROM scratch s JOIN customers c ON c.id = s.id;

# name: view-over-a-new-view
CREATE VIEW contacts AS SELECT id, phone FROM customers;
CREATE VIEW tels AS SELECT phone FROM contacts WHERE id < 4;
SELECT phone FROM tels;

# name: new-view-with-names
CREATE VIEW contacts (no, tel) AS SELECT id, phone FROM customers;
SELECT * FROM contacts WHERE no < 4 ORDER BY no;

# name: new-view-renamed
# note: ended the session
# expect: refuse
CREATE VIEW contacts AS SELECT id, phone FROM customers;
ALTER VIEW contacts RENAME TO people;
SELECT id, phone FROM people WHERE id = 8;

# name: new-view-by-its-schema
# note: public.contacts.id was said to be of no table
CREATE VIEW contacts AS SELECT id, phone FROM customers;
SELECT public.contacts.id, public.contacts.phone FROM public.contacts WHERE public.contacts.id < 4 ORDER BY public.contacts.id;

# name: new-table-by-its-schema
CREATE TEMP TABLE fresh AS SELECT 8 AS id;
SELECT pg_temp.fresh.id, c.phone FROM pg_temp.fresh JOIN customers c ON c.id = pg_temp.fresh.id;

# name: system-column-without-its-table
# roles: teller auditor
# note: was said not to exist
# expect: refuse
SELECT ctid IS NOT NULL AS at FROM customers WHERE id = 8;

# name: protected-table-by-its-schema-beside-a-temporary-one
# roles: app teller auditor
CREATE TEMP TABLE accounts AS SELECT 1 AS id;
SELECT * FROM public.accounts WHERE id < 9 ORDER BY id;

# name: both-made-and-with-a-new-column
# expect: refuse
ALTER TABLE accounts ADD COLUMN extra text;
CREATE TEMP TABLE accounts (id int);
SELECT * FROM public.accounts WHERE id = 8;
