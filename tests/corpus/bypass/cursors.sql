# name: backwards
DECLARE c SCROLL CURSOR FOR SELECT address FROM customers;
FETCH 5 FROM c;
FETCH BACKWARD 3 FROM c;

# name: prior-and-relative
DECLARE c SCROLL CURSOR FOR SELECT phone, address FROM customers;
FETCH ABSOLUTE 7 FROM c;
FETCH PRIOR FROM c;
FETCH RELATIVE -2 FROM c;

# name: moved-then-fetched
DECLARE c SCROLL CURSOR FOR SELECT address FROM customers;
MOVE FORWARD 9 IN c;
FETCH NEXT IN c;

# name: last-and-first
DECLARE c SCROLL CURSOR FOR SELECT * FROM customers;
FETCH LAST FROM c;
FETCH FIRST FROM c;

# name: fetched-again-without-moving
DECLARE c SCROLL CURSOR FOR SELECT address FROM customers;
FETCH 1 FROM c;
FETCH 0 FROM c;

# name: held-over-the-commit
# transaction: no
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT address, phone FROM customers;
COMMIT;
FETCH ALL FROM held;
CLOSE held;

# name: binary-held
# transaction: no
BEGIN;
DECLARE held BINARY CURSOR WITH HOLD FOR SELECT address, id_number FROM customers;
COMMIT;
FETCH FORWARD ALL FROM held;
CLOSE held;

# name: insensitive
DECLARE c INSENSITIVE NO SCROLL CURSOR WITHOUT HOLD FOR TABLE customers;
FETCH 3 FROM c;

# name: quoted-name
DECLARE "A ""c""" CURSOR FOR SELECT address FROM customers;
FETCH 3 FROM "A ""c""";

# name: over-a-view
DECLARE c CURSOR FOR SELECT * FROM customer_contacts;
FETCH ALL FROM c;

# name: over-a-cte
DECLARE c CURSOR FOR WITH x AS (SELECT address FROM customers) SELECT * FROM x;
FETCH ALL FROM c;

# name: over-values
DECLARE c CURSOR FOR VALUES ((SELECT address FROM customers WHERE id = 5));
FETCH ALL FROM c;

# name: for-update
DECLARE c CURSOR FOR SELECT id, address FROM customers FOR UPDATE;
FETCH 3 FROM c;

# name: where-current-of
DECLARE c CURSOR FOR SELECT id FROM customers FOR UPDATE;
MOVE 5 FROM c;
UPDATE customers SET vip = vip WHERE CURRENT OF c RETURNING address, phone;

# name: deleted-where-current-of
DECLARE c CURSOR FOR SELECT id FROM cards FOR UPDATE;
MOVE 5 FROM c;
DELETE FROM cards WHERE CURRENT OF c RETURNING *;

# name: opened-by-a-function
CREATE FUNCTION open_it(refcursor) RETURNS refcursor LANGUAGE plpgsql AS $$ BEGIN OPEN $1 FOR SELECT address FROM public.customers; RETURN $1; END $$;
SELECT open_it('rc');
FETCH ALL IN rc;

# name: opened-by-a-block
DO $$ DECLARE r refcursor := 'rd'; BEGIN OPEN r FOR EXECUTE 'SELECT address FROM public.customers'; END $$;
FETCH ALL IN rd;

# name: moved-count
# oracle: yes
DECLARE c SCROLL CURSOR FOR SELECT 1 FROM customers WHERE address LIKE '%1室';
MOVE FORWARD ALL IN c;

# name: to-xml
DECLARE c CURSOR FOR SELECT address, phone FROM customers;
SELECT cursor_to_xml('c', 50, false, false, '');

# name: prepared-insert-returning
PREPARE p (bigint) AS INSERT INTO scratch2 SELECT id, address FROM customers WHERE id > $1 RETURNING v;
EXECUTE p(5);

# name: prepared-again-under-the-name
PREPARE p AS SELECT name FROM branches;
DEALLOCATE p;
PREPARE p AS SELECT address FROM customers;
EXECUTE p;

# name: prepared-over-a-view
PREPARE p AS SELECT mobile FROM customer_contacts;
EXECUTE p;

# name: prepared-with-a-parameter-in-the-output
PREPARE p (text, text) AS SELECT $1 || address || $2 FROM customers;
EXECUTE p('', '');

# name: prepared-generic-plan
SET plan_cache_mode = force_generic_plan;
PREPARE p (bigint) AS SELECT address FROM customers WHERE id = $1;
EXECUTE p(5);

# name: prepared-in-a-batch
# modes: simple
PREPARE p AS SELECT address FROM customers\; EXECUTE p\; DEALLOCATE ALL;

# name: executed-into-a-table
PREPARE p AS SELECT address, phone FROM customers;
CREATE TEMP TABLE t AS EXECUTE p;
TABLE t;

# name: explained-execute
PREPARE p AS INSERT INTO scratch2 SELECT id, address FROM customers;
EXPLAIN ANALYZE EXECUTE p;
SELECT v FROM scratch2;
