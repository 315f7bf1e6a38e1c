# name: function-call-of-query-to-xml
# modes: simple
# call: [2924, ["SELECT address, phone FROM customers", "t", "f", ""]]

# name: function-call-of-table-to-xml
# modes: simple
# call: [2923, ["customers", "t", "f", ""]]

# name: function-call-of-database-to-xml
# modes: simple
# call: [2936, ["t", "f", ""]]

# name: function-call-of-a-large-object
# modes: simple
INSERT INTO scratch2 SELECT lo_from_bytea(987661, convert_to(string_agg(address, ','), 'UTF8')), 'x' FROM customers;
# call: [3458, ["987661"]]

# name: function-calls-that-open-and-read-a-large-object
# modes: simple
# call: [952, ["4711", "262144"]]
# call: [954, ["0", "100000"]]

# name: function-call-that-reads-a-large-object-opened-by-sql
# modes: simple
SELECT lo_open(4711, 262144);
# call: [954, ["0", "100000"]]

# name: large-object-opened-by-function-call-and-read-by-sql
# modes: simple
# call: [952, ["4711", "262144"]]
SELECT loread(0, 100000);

# name: large-object-that-is-there
SELECT loread(lo_open(4711, 262144), 100000);

# name: replication-connection
# roles: dba
# modes: simple
# startup: replication=database
SELECT address, phone FROM customers;

# name: replication-slot
# roles: dba
# modes: simple
# transaction: no
# startup: replication=database
CREATE_REPLICATION_SLOT over_wire_{database} TEMPORARY LOGICAL test_decoding;
UPDATE customers SET vip = vip WHERE id < 20;
SELECT data FROM pg_logical_slot_get_changes('over_wire_{database}', NULL, NULL);

# name: batch-of-begin-and-commit
# modes: simple
# transaction: no
BEGIN\; SELECT address FROM customers\; COMMIT;

# name: batch-with-an-error-behind
# modes: simple
SELECT phone, address FROM customers\; SELECT 1/0;

# name: batch-with-an-error-before
# modes: simple
# transaction: no
SELECT address FROM customers WHERE id = 5\; SELECT nothing\; SELECT address FROM customers;

# name: batch-of-ddl-and-query
# modes: simple
CREATE TEMP VIEW bv AS SELECT address FROM customers\; SELECT * FROM bv\; DROP VIEW bv;

# name: batch-that-changes-the-path
# modes: simple
SET search_path = branch_office\; SELECT name FROM customers;

# name: batch-that-changes-the-quoting
# modes: simple
SET standard_conforming_strings = off\; SELECT '\', address FROM customers --';

# name: batch-that-sets-the-role
# modes: simple
SET ROLE bank_owner\; SELECT address FROM customers\; RESET ROLE;

# name: batch-of-a-hundred
# modes: simple
SELECT 1\; SELECT 2\; SELECT 3\; SELECT 4\; SELECT 5\; SELECT 6\; SELECT 7\; SELECT 8\; SELECT 9\; SELECT 10\; SELECT address FROM customers\; SELECT 11;

# name: empty-statements-around
# modes: simple
\;\; SELECT address FROM customers\; \; ;

# name: quoting-at-the-start
# startup: standard_conforming_strings=off
SELECT '\'', address FROM customers --';

# name: quoting-among-the-options
# startup: options=-c standard_conforming_strings=off
SELECT '\'', address FROM customers --';

# name: quoting-by-set-config
SELECT set_config('standard_conforming_strings', 'off', false);
SELECT '\'', address FROM customers --';

# name: quoting-in-the-transaction
SET LOCAL standard_conforming_strings TO off;
SELECT '\'', address FROM customers --';

# name: backslash-quote
SET backslash_quote = on;
SELECT E'\'', address FROM customers --';

# name: encoding-at-the-start
# startup: client_encoding=GBK
SELECT address, email FROM customers;

# name: encoding-gb18030
SET client_encoding = 'GB18030';
SELECT address, phone FROM customers;

# name: encoding-euc-cn
SET client_encoding = 'EUC_CN';
SELECT address, phone FROM customers;

# name: encoding-sql-ascii
SET client_encoding = 'SQL_ASCII';
SELECT address, phone FROM customers;

# name: encoding-windows
SET client_encoding = 'WIN1252';
SELECT email, phone, id_number FROM customers;

# name: encoding-sjis
SET client_encoding = 'SJIS';
SELECT email, phone FROM customers;

# name: encoding-big5
SET client_encoding = 'BIG5';
SELECT email, phone FROM customers;

# name: encoding-by-set-config
SELECT set_config('client_encoding', 'GBK', true);
SELECT address FROM customers;

# name: xml-binary-hex
SET xmlbinary = hex;
SELECT xmlelement(name p, convert_to(address, 'UTF8')) FROM customers;

# name: xml-binary-base64
SELECT xmlelement(name p, convert_to(phone || address, 'UTF8')) FROM customers;

# name: date-style
SET datestyle = 'German, DMY';
SELECT birth_date, phone, address FROM customers;

# name: date-style-at-the-start
# startup: datestyle=Postgres, MDY
SELECT birth_date, address FROM customers;

# name: messages-in-another-language
# roles: dba
SET lc_messages = 'C';
SELECT address::int FROM customers;

# name: verbose-messages
SET client_min_messages = debug1;
SELECT email::int FROM customers;

# name: parameter-of-every-type
# params: ["5", "x"]
SELECT $2::text, address, phone FROM customers WHERE id = $1::bigint;

# name: parameter-twice
# params: ["5"]
SELECT address FROM customers WHERE id = $1 OR id = $1 + 1;

# name: parameter-as-the-limit
# params: ["9"]
SELECT address, email FROM customers LIMIT $1;
