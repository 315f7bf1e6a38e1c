# name: function-by-number
SELECT address_of(g) FROM generate_series(1, 200) g;

# name: function-of-its-definer
SELECT address_of_definer(5), address_of_definer(6);

# name: function-that-returns-rows
SELECT * FROM addresses();

# name: function-that-runs-a-text
SELECT ask('SELECT address::text FROM customers');

# name: function-that-runs-a-hidden-text
SELECT ask(convert_from(decode('U0VMRUNUIGFkZHJlc3M6OnRleHQgRlJPTSBjdXN0b21lcnM=', 'base64'), 'UTF8'));

# name: function-that-returns-the-row
SELECT (customer_row(5)).address, (customer_row(6)).phone;

# name: function-that-returns-the-row-in-from
SELECT address FROM customer_row(5);

# name: function-on-the-row
SELECT customer_address(c) FROM customers c;

# name: function-on-the-row-as-a-field
SELECT c.customer_address FROM customers c;

# name: function-on-the-row-in-where
# oracle: yes
SELECT id FROM customers c WHERE customer_address(c) LIKE '%1室' ORDER BY id;

# name: function-in-order-by
# oracle: yes
SELECT id FROM branches ORDER BY md5(address_of(id)), id;

# name: function-in-limit
# oracle: yes
SELECT id FROM customers ORDER BY id LIMIT length(address_of_definer(5)) - 14;

# name: function-in-a-default
INSERT INTO defaulted (id) VALUES (1) RETURNING v;

# name: function-in-a-default-by-default
INSERT INTO defaulted DEFAULT VALUES RETURNING *;

# name: function-in-a-default-by-update
INSERT INTO defaulted VALUES (1, 'x');
UPDATE defaulted SET v = DEFAULT RETURNING v;

# name: function-in-a-default-by-copy
# copy: "7\n"
COPY defaulted (id) FROM STDIN;
SELECT v FROM defaulted;

# name: function-in-values
VALUES (address_of(5)), (address_of(6));

# name: function-in-execute
PREPARE said (text) AS SELECT $1;
EXECUTE said(address_of(5));

# name: function-in-a-join-condition
# oracle: yes
SELECT b.id FROM branches b JOIN branches c ON b.id = c.id AND address_of(b.id) LIKE '%1室' ORDER BY 1;

# name: function-overlaid-default-argument
CREATE FUNCTION echo(v text DEFAULT public.address_of(5)) RETURNS text LANGUAGE sql AS 'SELECT v';
SELECT echo();

# name: procedure
CALL tell_address(5, NULL);

# name: aggregate-of-the-database-s-users
SELECT all_of(address) FROM customers;

# name: aggregate-of-the-database-s-users-sealed
SELECT all_of(replace(phone, '~', '')) FROM customers;

# name: operator-of-the-database-s-users
SELECT '' |+| 5::bigint;

# name: operator-written-with-its-schema
SELECT '' OPERATOR(public.|+|) 5::bigint;

# name: operator-as-a-subquery-s-test
# oracle: yes
SELECT 'x' OPERATOR(public.|+|) id FROM branches ORDER BY id;

# name: trigger-of-an-open-table
INSERT INTO drop_box VALUES (5, 'x') RETURNING v;

# name: trigger-of-an-open-table-by-copy
# copy: "5\tx\n6\ty\n"
COPY drop_box FROM STDIN;
SELECT v FROM drop_box;

# name: trigger-of-an-open-table-by-merge
MERGE INTO drop_box d USING branches b ON d.id = b.id WHEN NOT MATCHED THEN INSERT VALUES (b.id, 'x');
SELECT v FROM drop_box;

# name: trigger-through-a-view
CREATE TEMP VIEW into_box AS SELECT id, v FROM drop_box;
INSERT INTO into_box VALUES (5, 'x') RETURNING v;

# name: trigger-in-a-query
WITH i AS (INSERT INTO drop_box SELECT id, 'x' FROM branches RETURNING v) SELECT v FROM i;

# name: rule-of-an-open-table
INSERT INTO letter_box VALUES (5, 'x');
SELECT v FROM scratch2;

# name: rule-of-an-open-table-in-a-batch
# modes: simple
INSERT INTO letter_box VALUES (6, 'x')\; SELECT v FROM scratch2;

# name: domain-with-a-talking-check
CREATE FUNCTION talk(a text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN true; END $$;
CREATE DOMAIN talked AS text CHECK (talk(VALUE));
SELECT count(address::text::talked) FROM customers;

# name: domain-with-a-failing-check
CREATE DOMAIN short AS text CHECK (VALUE::int > 0);
SELECT address::text::short FROM customers;

# name: domain-column
CREATE FUNCTION talk(a text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN true; END $$;
CREATE DOMAIN talked AS text CHECK (talk(VALUE));
CREATE TEMP TABLE of_domain (v talked);
INSERT INTO of_domain SELECT address FROM customers;

# name: index-on-a-talking-function
CREATE FUNCTION talk(a text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN a; END $$;
CREATE INDEX ON customers (talk(address));

# name: partial-index-on-a-talking-function
CREATE FUNCTION talk(a text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN true; END $$;
CREATE INDEX ON customers (id) WHERE talk(address);

# name: check-with-a-talking-function
CREATE FUNCTION talk(a text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN true; END $$;
ALTER TABLE customers ADD CONSTRAINT talking CHECK (talk(address));

# name: generated-by-a-talking-function
CREATE FUNCTION talk(a text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN a; END $$;
ALTER TABLE customers ADD COLUMN g text GENERATED ALWAYS AS (talk(address)) STORED;

# name: alter-type-using-a-talking-function
CREATE FUNCTION talk(a text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN 'x'; END $$;
ALTER TABLE accounts ALTER COLUMN status TYPE text USING talk(account_no);

# name: trigger-condition
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION talk(a text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', a; RETURN true; END $$;
CREATE TRIGGER w BEFORE UPDATE ON customers FOR EACH ROW WHEN (talk(OLD.address)) EXECUTE FUNCTION nothing();
UPDATE customers SET vip = vip WHERE id < 20;

# name: trigger-instead-of
CREATE VIEW window_view AS SELECT id, 'x'::text AS v FROM branches;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT address FROM public.customers WHERE id = NEW.id); RETURN NEW; END $$;
CREATE TRIGGER i INSTEAD OF UPDATE ON window_view FOR EACH ROW EXECUTE FUNCTION instead();
UPDATE window_view SET v = 'y';

# name: trigger-for-a-constraint
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', NEW.address; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER told AFTER UPDATE ON customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
UPDATE customers SET vip = vip WHERE id < 20;
SET CONSTRAINTS ALL IMMEDIATE;

# name: trigger-with-an-argument
CREATE FUNCTION run_argument() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE TG_ARGV[0] INTO NEW.v; RETURN NEW; END $$;
CREATE TRIGGER a BEFORE INSERT ON scratch2 FOR EACH ROW EXECUTE FUNCTION run_argument('SELECT address FROM public.customers WHERE id = 5');
INSERT INTO scratch2 VALUES (1, 'x') RETURNING v;

# name: rule-on-update
CREATE RULE also AS ON UPDATE TO customers DO ALSO INSERT INTO scratch2 VALUES (OLD.id, OLD.address);
UPDATE customers SET vip = vip WHERE id < 20;
SELECT v FROM scratch2;

# name: rule-instead-returning
CREATE RULE instead AS ON DELETE TO scratch2 DO INSTEAD UPDATE customers SET vip = vip RETURNING id, address::text;
DELETE FROM scratch2 RETURNING v;

# name: rule-on-an-existing-view
CREATE RULE into_contacts AS ON INSERT TO customer_contacts DO INSTEAD INSERT INTO scratch2 SELECT id, address FROM customers;
INSERT INTO customer_contacts VALUES (1, 'x', 'y', 1);
SELECT v FROM scratch2;

# name: event-trigger
# roles: dba
CREATE FUNCTION at_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(address, ',') FROM public.customers); END $$;
CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION at_ddl();
CREATE TEMP TABLE anything (id int);

# name: window-function-of-ones-own
CREATE FUNCTION join2(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT concat($1, $2)';
CREATE AGGREGATE run_on(text) (SFUNC = join2, STYPE = text);
SELECT run_on(address) OVER (ORDER BY id) FROM customers;

# name: cast-between-row-and-text
CREATE FUNCTION as_text(scratch) RETURNS text LANGUAGE sql AS 'SELECT string_agg(address, '','') FROM public.customers';
CREATE CAST (scratch AS text) WITH FUNCTION as_text(scratch) AS ASSIGNMENT;
INSERT INTO scratch VALUES (1, 'x');
SELECT (s)::text FROM scratch s;

# name: function-with-a-setting
CREATE FUNCTION by_path() RETURNS SETOF text LANGUAGE sql SET search_path = branch_office AS 'SELECT name::text FROM customers';
SELECT by_path();

# name: function-in-a-sequence-of-statements
# modes: simple
CREATE FUNCTION once() RETURNS SETOF text LANGUAGE sql AS 'SELECT address FROM customers'\; SELECT once()\; DROP FUNCTION once();

# name: function-replaced
CREATE FUNCTION harmless() RETURNS text LANGUAGE sql AS 'SELECT ''x''::text';
CREATE OR REPLACE FUNCTION harmless() RETURNS text LANGUAGE sql AS 'SELECT string_agg(address, '','') FROM public.customers';
SELECT harmless();

# name: function-inlined
CREATE FUNCTION inlined(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1 || ''''';
SELECT inlined(address) FROM customers;

# name: function-variadic
CREATE FUNCTION all_args(VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT array_to_string($1, '','')';
SELECT all_args(address, phone) FROM customers;

# name: function-polymorphic
CREATE FUNCTION same(anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
SELECT same(c) FROM customers c;

# name: do-cursor-loop
DO $$ DECLARE r text; BEGIN FOR r IN SELECT address FROM public.customers LOOP INSERT INTO scratch2 VALUES (1, r); END LOOP; END $$;
SELECT v FROM scratch2;

# name: do-language-sql-in-a-function
DO LANGUAGE plpgsql 'BEGIN PERFORM public.address_of(1); RAISE WARNING ''%'', public.address_of(5); END';

# name: do-temp-view
DO $$ BEGIN CREATE TEMP VIEW made AS SELECT address FROM public.customers; END $$;
SELECT address FROM made;

# name: set-from-a-function
SELECT set_config('my.told', address_of(5), false);
SHOW my.told;

# name: notify-from-a-query
# transaction: no
LISTEN told;
SELECT pg_notify('told', (SELECT address FROM customers WHERE id = 5));
UNLISTEN told;

# name: notify-from-a-function
# transaction: no
LISTEN told;
SELECT pg_notify('told', address_of(5));
UNLISTEN told;

# name: trigger-through-an-existing-view
INSERT INTO box_view VALUES (5, 'x') RETURNING v;

# name: trigger-through-an-existing-view-by-update
INSERT INTO box_view VALUES (5, 'x');
UPDATE box_view SET v = 'y' RETURNING v;

# name: trigger-through-two-views
CREATE TEMP VIEW outer_view AS SELECT * FROM box_view;
INSERT INTO outer_view VALUES (6, 'x') RETURNING v;

# name: trigger-behind-a-rule
INSERT INTO relay_box VALUES (5, 'x');
SELECT v FROM drop_box;

# name: trigger-behind-a-cascade
DELETE FROM boxes_owner;
SELECT v FROM scratch2;

# name: trigger-behind-a-cascade-by-merge
MERGE INTO boxes_owner o USING branches b ON o.id = b.id WHEN MATCHED THEN DELETE;
SELECT v FROM scratch2;

# name: trigger-behind-a-cascade-by-update
UPDATE boxes_owner SET id = id + 100;
SELECT v FROM scratch2;

# name: trigger-on-truncate
TRUNCATE boxes_owned;
SELECT v FROM scratch2;

# name: trigger-on-truncate-by-cascade
TRUNCATE boxes_owner CASCADE;
SELECT v FROM scratch2;

# name: constraint-of-an-open-table
INSERT INTO checked VALUES (5, 'x');

# name: constraint-of-an-open-table-by-copy
# copy: "5\tx\n"
COPY checked FROM STDIN;

# name: index-of-an-open-table
INSERT INTO indexed VALUES (5, 'x');

# name: domain-of-an-open-table
INSERT INTO of_domain VALUES (5, 'x');

# name: row-security-of-an-open-table
# roles: teller auditor dev
SELECT id FROM secured;

# name: generated-column-of-an-open-table
INSERT INTO generated VALUES (5) RETURNING v;

# name: domain-within-an-array
INSERT INTO of_domains VALUES (ARRAY[5], 'x');

# name: cast-on-assignment
INSERT INTO of_cast SELECT 'x'::varchar;

# name: cast-nobody-wrote-into-a-column
INSERT INTO scratch2 SELECT 1, c FROM painted RETURNING v;

# name: cast-nobody-wrote-for-a-function
SELECT upper(c) FROM painted;

# name: row-security-behind-a-view
# roles: teller auditor dev
SELECT id FROM secured_view;

# name: row-security-by-an-operator
# roles: teller auditor dev
# oracle: yes
SELECT id FROM by_operator ORDER BY id;

# name: foreign-table-behind-a-view
SELECT a FROM far_view;

# name: policy-that-runs-a-row-s-text
# roles: teller auditor dev
INSERT INTO by_question VALUES (1, 'SELECT address::int FROM customers WHERE id = 5');
SELECT id FROM by_question;

# name: policy-that-runs-a-row-s-text-behind-a-view
# roles: teller auditor dev
INSERT INTO by_question VALUES (1, 'SELECT address::int FROM customers WHERE id = 5');
SELECT id FROM by_question_view;

# name: policy-that-runs-a-row-s-text-when-it-is-changed
# roles: teller auditor dev
INSERT INTO by_question VALUES (1, 'SELECT address::int FROM customers WHERE id = 5');
UPDATE by_question SET id = 2;

# name: domain-that-runs-a-value-as-sql
INSERT INTO of_question VALUES ('SELECT address::int FROM customers WHERE id = 5');

# name: domain-that-runs-a-parameter-as-sql
# params: ["SELECT address::int FROM customers WHERE id = 5"]
INSERT INTO of_question VALUES ($1);

# name: domain-that-runs-copied-text-as-sql
# copy: "SELECT address::int FROM customers WHERE id = 5\n"
COPY of_question FROM STDIN;

# name: domain-that-runs-a-cast-text-as-sql
SELECT 'SELECT address::int FROM customers WHERE id = 5'::question;

# name: domain-named-in-a-text
# since: 16
SELECT pg_input_is_valid('5', 'telling_id');

# name: domain-named-in-a-text-as-an-array
# since: 16
SELECT pg_input_is_valid('{5}', 'telling_id[]');

# name: domain-named-in-a-text-in-from
# since: 16
SELECT * FROM pg_input_error_info('5', 'telling_id');

# name: domain-named-in-a-text-that-runs-a-value-as-sql
# since: 16
SELECT pg_input_is_valid('SELECT address::int FROM customers WHERE id = 5', 'question');

# name: domain-s-input-function
SELECT domain_in('5', 'telling_id'::regtype::oid, -1) IS NULL;

# name: array-s-input-function-over-a-domain
SELECT array_in('{5}', 'telling_id'::regtype::oid, -1) IS NULL;

# name: record-s-input-function-over-a-domain
SELECT record_in('(5,x)', (SELECT reltype FROM pg_class WHERE relname = 'of_domain'), -1) IS NULL;

# name: domain-of-a-prepared-statement-s-parameter
PREPARE asks(telling_id) AS SELECT $1 IS NULL;
EXECUTE asks('5');

# name: domain-of-a-literal-beside-an-array-column
SELECT v FROM of_domains WHERE ids = '{5}';

# name: domain-of-a-parameter-beside-an-array-column
# params: ["{5}"]
SELECT v FROM of_domains WHERE ids = $1;

# name: domain-of-a-literal-beside-an-array-made-of-a-column
SELECT v FROM of_domain WHERE ARRAY[id] = '{5}';

# name: domain-of-a-row-filled-from-json
SELECT jsonb_populate_record(d, '{"id": 5}') FROM (SELECT count(*) FROM of_domain) n (n) LEFT JOIN of_domain d ON true;
