# name: inheritance-child
SELECT address, phone FROM customers_archive;

# name: inheritance-child-only
SELECT address FROM ONLY customers_archive;

# name: inheritance-child-descendants
SELECT address FROM customers_archive *;

# name: inheritance-child-whole-row
SELECT a FROM customers_archive a;

# name: inheritance-child-as-its-parent
SELECT (a::customers).address FROM customers_archive a;

# name: inheritance-child-copy
# modes: simple
COPY customers_archive TO STDOUT;

# name: inheritance-child-update
UPDATE customers_archive SET vip = vip RETURNING address, email;

# name: inheritance-child-delete
DELETE FROM customers_archive RETURNING *;

# name: inheritance-child-predicate
# oracle: yes
SELECT id FROM customers_archive WHERE address LIKE '%1室' OR phone LIKE '1%5' ORDER BY id;

# name: inheritance-parent-tells-the-child
SELECT tableoid::regclass, address FROM customers WHERE id > 100000;

# name: inheritance-child-of-a-child
CREATE TABLE grandchild () INHERITS (customers_archive);
INSERT INTO grandchild SELECT * FROM customers_archive;
SELECT address FROM grandchild;

# name: inheritance-detached-child
ALTER TABLE customers_archive NO INHERIT customers;
SELECT address, phone FROM customers_archive;

# name: partition-above
SELECT pan, holder FROM all_cards;

# name: partition-above-whole-row
SELECT to_jsonb(a) FROM all_cards a;

# name: partition-above-copy
# modes: simple
COPY (SELECT * FROM all_cards) TO STDOUT;

# name: partition-above-update
UPDATE all_cards SET customer_id = customer_id RETURNING pan, holder;

# name: partition-above-predicate
# oracle: yes
SELECT id FROM all_cards WHERE substr(pan, 9, 1) = '5' ORDER BY id;

# name: partition-detached
ALTER TABLE all_cards DETACH PARTITION cards;
SELECT pan FROM cards;

# name: partition-rows-moved
CREATE TABLE blocked PARTITION OF all_cards FOR VALUES IN ('gone');
UPDATE all_cards SET status = 'gone' WHERE id < 20;
SELECT pan FROM blocked;

# name: parent-that-is-open
SELECT counterparty, memo FROM movements;

# name: parent-that-is-open-star
SELECT * FROM movements WHERE id > 0;

# name: parent-that-is-open-copy
# modes: simple
COPY (SELECT * FROM movements) TO STDOUT;

# name: parent-that-is-open-row
SELECT row_to_json(m) FROM movements m;

# name: materialized-view
SELECT address, phone FROM contact_sheet;

# name: materialized-view-whole-row
SELECT s FROM contact_sheet s;

# name: materialized-view-behind-a-view
SELECT * FROM contact_sheet_view;

# name: materialized-view-refreshed
REFRESH MATERIALIZED VIEW contact_sheet;
SELECT max(address), min(email) FROM contact_sheet;

# name: materialized-view-index-error
CREATE INDEX ON contact_sheet ((address::int));

# name: materialized-view-predicate
# oracle: yes
SELECT id FROM contact_sheet WHERE address LIKE '%1室' ORDER BY id;

# name: materialized-view-copied
CREATE TEMP TABLE sheet AS TABLE contact_sheet;
SELECT * FROM sheet;

# name: view-of-the-invoker
SELECT address, mobile FROM invoker_contacts;

# name: view-barrier
SELECT a FROM barrier_contacts;

# name: view-barrier-cast-error
SELECT id FROM barrier_contacts WHERE a::int > 0;

# name: view-union
SELECT v FROM union_contacts;

# name: view-nested-three-deep
SELECT v FROM nested_contacts;

# name: view-made-by-a-rule
SELECT v FROM was_table;

# name: view-of-the-same-name-elsewhere
SELECT name FROM branch_office.customers;

# name: view-that-calls-a-function
SELECT v FROM calls;

# name: view-whole-row-text
SELECT n::text FROM nested_contacts n;

# name: view-predicate
# oracle: yes
SELECT id FROM union_contacts WHERE v LIKE '%1室' ORDER BY id;

# name: view-replaced
CREATE OR REPLACE VIEW customer_contacts AS SELECT id, phone AS mobile, email, branch_id, address FROM customers;
SELECT address FROM customer_contacts;

# name: view-replaced-under-a-statement
CREATE VIEW moving AS SELECT id, name FROM branches;
PREPARE over_moving AS SELECT * FROM moving;
CREATE OR REPLACE VIEW moving AS SELECT id::int, address::varchar(60) AS name FROM customers;
EXECUTE over_moving;

# name: view-updatable-returning
UPDATE customer_contacts SET branch_id = branch_id RETURNING mobile, email;

# name: view-column-renamed
ALTER VIEW customer_contacts RENAME COLUMN mobile TO open_number;
SELECT open_number FROM customer_contacts;

# name: foreign-table
SELECT address FROM far_customers;

# name: foreign-table-where
SELECT id FROM far_customers WHERE address::int > 0;

# name: foreign-table-copied
CREATE TEMP TABLE near AS SELECT * FROM far_customers;
SELECT address FROM near;

# name: foreign-table-joined
SELECT f.address FROM far_customers f JOIN branches b ON b.id = f.id;

# name: foreign-table-by-a-view
CREATE TEMP VIEW far_view AS SELECT address AS a FROM far_customers;
SELECT a FROM far_view;

# name: foreign-table-of-ones-own
# roles: dba
CREATE FOREIGN TABLE other_way (a varchar(200) OPTIONS (column_name 'address')) SERVER here OPTIONS (table_name 'customers');
SELECT a FROM other_way;

# name: foreign-schema-imported
# roles: dba
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA public LIMIT TO (customers) FROM SERVER here INTO imported;
SELECT address FROM imported.customers;

# name: foreign-partition
# roles: dba
CREATE TABLE split (id bigint, address varchar(200)) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE split_far PARTITION OF split DEFAULT SERVER here OPTIONS (table_name 'customers');
SELECT address FROM split;
