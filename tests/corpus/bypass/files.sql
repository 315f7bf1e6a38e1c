# name: heap-file
# roles: dba
CHECKPOINT;
SELECT pg_read_binary_file(pg_relation_filepath('customers'));

# name: heap-file-as-text
# roles: dba
CHECKPOINT;
SELECT encode(pg_read_binary_file(pg_relation_filepath('customers')), 'escape');

# name: index-file
# roles: dba
CHECKPOINT;
SELECT pg_read_binary_file(pg_relation_filepath('customers_email_idx'));

# name: write-ahead-log-file
# roles: dba
SELECT pg_read_binary_file('pg_wal/' || pg_walfile_name(pg_current_wal_lsn()));

# name: page
# roles: dba
CREATE EXTENSION pageinspect;
SELECT get_raw_page('customers', 0);

# name: page-items
# roles: dba
CREATE EXTENSION pageinspect;
SELECT t_data FROM heap_page_items(get_raw_page('customers', 0));

# name: page-attributes
# roles: dba
CREATE EXTENSION pageinspect;
SELECT t_attrs FROM heap_page_item_attrs(get_raw_page('customers', 0), 'customers'::regclass);

# name: file-wrapper
# roles: dba
COPY customers TO '{directory}/customers.txt';
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE from_file (line text) SERVER files OPTIONS (filename '{directory}/customers.txt', delimiter E'\x01');
SELECT line FROM from_file;

# name: file-wrapper-by-program
# roles: dba
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE from_program (line text) SERVER files OPTIONS (program 'psql -h 127.0.0.1 -p {port} -U app -d {database} -Atc "TABLE customers"', delimiter E'\x01');
SELECT line FROM from_program;

# name: adminpack
# until: 16
# roles: dba
CREATE EXTENSION adminpack;
SELECT pg_file_write('{directory}/written', (SELECT string_agg(address, ',') FROM customers), false);
SELECT pg_read_file('{directory}/written');

# name: large-object-imported
# roles: dba
CHECKPOINT;
SELECT lo_import(setting || '/' || pg_relation_filepath('customers'), 987660) FROM pg_settings WHERE name = 'data_directory';
SELECT lo_get(987660);

# name: logical-decoding
# roles: dba
# transaction: no
SELECT pg_create_logical_replication_slot('told_{database}', 'test_decoding', true);
UPDATE customers SET vip = vip WHERE id < 20;
SELECT data FROM pg_logical_slot_get_changes('told_{database}', NULL, NULL);
SELECT pg_drop_replication_slot('told_{database}');

# name: logical-decoding-binary
# roles: dba
# transaction: no
CREATE PUBLICATION told FOR TABLE ONLY customers;
SELECT pg_create_logical_replication_slot('binary_{database}', 'pgoutput', true);
UPDATE customers SET vip = vip WHERE id < 20;
SELECT data FROM pg_logical_slot_get_binary_changes('binary_{database}', NULL, NULL, 'proto_version', '1', 'publication_names', 'told');
SELECT pg_drop_replication_slot('binary_{database}');
DROP PUBLICATION told;
