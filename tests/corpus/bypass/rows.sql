# name: cast-error-of-a-hidden-row
# roles: auditor
SELECT id FROM accounts WHERE id > 150 AND branch_id = 2 AND (balance::text || 'x')::int > 0;

# name: division-of-a-hidden-row
# roles: auditor
# oracle: yes
SELECT id FROM customers WHERE 1 / (branch_id - 2) >= 0 ORDER BY id;

# name: division-in-the-output
# roles: auditor
# oracle: yes
SELECT id, 1 / (branch_id - 2) FROM customers ORDER BY id;

# name: count
# roles: auditor
# oracle: yes
SELECT count(*) FROM customers;

# name: other-branches
# roles: auditor
# oracle: yes
SELECT id, vip FROM customers WHERE branch_id = 2 ORDER BY id;

# name: maximum
# roles: auditor
# oracle: yes
SELECT max(id), min(id), sum(branch_id) FROM customers;

# name: balance-of-another-branch
# roles: auditor
SELECT balance FROM accounts;

# name: balance-by-a-filter-that-is-true
# roles: auditor
SELECT balance FROM accounts WHERE branch_id = 2 OR true;

# name: balance-by-or
# roles: auditor
SELECT balance FROM accounts a WHERE a.id > 0 OR a.branch_id <> 1;

# name: balance-by-a-left-join
# roles: auditor
SELECT b.id, a.balance FROM branches b LEFT JOIN accounts a ON a.branch_id = b.id;

# name: balance-by-a-subquery
# roles: auditor
SELECT (SELECT balance FROM accounts WHERE id = 6) FROM branches;

# name: balance-by-a-cte
# roles: auditor
WITH a AS (SELECT * FROM accounts) SELECT balance FROM a;

# name: balance-of-the-whole-row
# roles: auditor
SELECT a::text FROM accounts a;

# name: balance-by-copy
# roles: auditor
# modes: simple
COPY (SELECT balance FROM accounts) TO STDOUT;

# name: balance-by-copy-of-the-table
# roles: auditor
# modes: simple
COPY accounts (id, balance) TO STDOUT;

# name: balance-by-a-cursor
# roles: auditor
DECLARE c CURSOR FOR SELECT balance FROM accounts;
FETCH ALL FROM c;

# name: balance-by-prepare
# roles: auditor
PREPARE p (int) AS SELECT balance FROM accounts WHERE branch_id = $1;
EXECUTE p(2);

# name: balance-by-insert-select
# roles: auditor
INSERT INTO scratch2 SELECT id, balance FROM accounts;
SELECT v FROM scratch2;

# name: balance-by-update-returning
# roles: auditor
UPDATE accounts SET status = status RETURNING balance;

# name: balance-by-update-from
# roles: auditor
INSERT INTO scratch2 VALUES (6, '');
UPDATE scratch2 s SET v = a.balance FROM accounts a WHERE a.id = s.id RETURNING v;

# name: balance-by-union
# roles: auditor
SELECT balance FROM accounts WHERE branch_id = 1 UNION ALL SELECT balance FROM accounts WHERE branch_id = 2;

# name: balance-by-window
# roles: auditor
SELECT lag(balance) OVER (ORDER BY id) FROM accounts;

# name: balance-locked
# roles: auditor
SELECT balance FROM accounts FOR UPDATE SKIP LOCKED;

# name: balance-sampled
# roles: auditor
SELECT balance FROM accounts TABLESAMPLE SYSTEM (100);

# name: balance-by-a-view
# roles: auditor
CREATE TEMP VIEW v AS SELECT balance FROM accounts;
SELECT * FROM v;

# name: balance-by-only
# roles: auditor
SELECT balance FROM ONLY accounts;

# name: rows-counted-by-update
# roles: auditor
# oracle: yes
UPDATE customers SET vip = vip WHERE branch_id <> 1;

# name: rows-counted-by-exists
# roles: auditor
# oracle: yes
SELECT b.id FROM branches b WHERE EXISTS (SELECT 1 FROM customers c WHERE c.branch_id = b.id) ORDER BY b.id;

# name: rows-counted-by-limit
# roles: auditor
# oracle: yes
SELECT b.id FROM branches b ORDER BY b.id LIMIT (SELECT count(*) FROM customers WHERE branch_id = 2);

# name: filter-s-operator-replaced
# roles: auditor
CREATE FUNCTION always(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE SCHEMA before;
CREATE OPERATOR before.= (LEFTARG = int, RIGHTARG = int, FUNCTION = always);
SET LOCAL search_path = before, pg_catalog, public;
SELECT balance FROM accounts WHERE id > 0;

# name: view-joined
# roles: auditor
SELECT * FROM account_book;

# name: view-of-the-invoker
# roles: auditor
SELECT balance FROM invoker_book;

# name: view-with-a-barrier
# roles: auditor
SELECT balance FROM barrier_book WHERE branch_id <> 1;

# name: view-with-other-names
# roles: auditor
SELECT string_agg(amount, ',') FROM renamed_book;

# name: view-with-a-limit
# roles: auditor
SELECT * FROM top_book;

# name: view-that-adds-up
# roles: auditor
# oracle: yes
SELECT branch_id, total, n FROM branch_totals ORDER BY 1;

# name: view-that-adds-up-asked-for-one-branch
# roles: auditor
# oracle: yes
SELECT total FROM branch_totals WHERE branch_id = 2;

# name: view-counted
# roles: auditor
# oracle: yes
SELECT count(*) FROM account_book;

# name: view-and-an-error-of-a-hidden-row
# roles: auditor
# oracle: yes
SELECT id FROM account_book WHERE 1 / (branch_id - 2) > 5 ORDER BY id;

# name: view-and-a-cast-error-of-a-hidden-row
# roles: auditor
# oracle: yes
SELECT id FROM account_book WHERE CASE WHEN branch_id = 1 THEN 1 ELSE balance::text::int END > 0 ORDER BY id;

# name: view-and-an-error-behind-a-barrier
# roles: auditor
# oracle: yes
SELECT id FROM barrier_book WHERE 1 / (branch_id - 2) > 5 ORDER BY id;

# name: view-in-a-subquery
# roles: auditor
SELECT (SELECT max(balance) FROM account_book WHERE branch_id = b.id) FROM branches b;

# name: view-laterally
# roles: auditor
SELECT l.balance FROM branches b CROSS JOIN LATERAL (SELECT balance FROM account_book v WHERE v.branch_id = b.id) l;

# name: view-copied
# roles: auditor
COPY (SELECT * FROM account_book) TO STDOUT;

# name: view-kept
# roles: auditor
CREATE TEMP TABLE mine AS SELECT * FROM account_book;
SELECT * FROM mine;

# name: view-by-a-cursor
# roles: auditor
DECLARE c CURSOR FOR SELECT balance FROM account_book ORDER BY balance DESC;
FETCH ALL FROM c;

# name: view-beside-a-with-query-of-its-table-s-name
# roles: auditor
WITH accounts AS (SELECT 1 AS id), customers AS (SELECT 1 AS id) SELECT v.balance FROM account_book v, accounts, customers;

# name: view-updated-from
# roles: auditor
UPDATE scratch2 SET v = a.balance::text FROM account_book a;
INSERT INTO scratch2 SELECT id, balance::text FROM account_book;
SELECT v FROM scratch2;

# name: view-under-another-search-path
# roles: auditor
SET LOCAL search_path = pg_temp, public, pg_catalog;
SELECT balance FROM public.account_book;

# name: view-whose-function-tells
# roles: auditor
SELECT v FROM calls;

# name: current-row-of-a-cursor
# roles: auditor
DECLARE c CURSOR FOR SELECT id FROM accounts FOR UPDATE;
FETCH 1 FROM c;
UPDATE accounts SET status = status WHERE CURRENT OF c RETURNING account_no;

# name: current-row-of-a-cursor-over-a-view
# roles: auditor
DECLARE c CURSOR FOR SELECT id FROM renamed_accounts FOR UPDATE;
FETCH 1 FROM c;
UPDATE accounts SET status = status WHERE CURRENT OF c RETURNING account_no;
