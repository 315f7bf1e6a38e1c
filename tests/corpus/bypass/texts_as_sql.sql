# name: table-to-xml-and-schema
SELECT table_to_xml_and_xmlschema('customers', true, false, '');

# name: schema-to-xml-and-schema
SELECT schema_to_xml_and_xmlschema('public', true, false, '');

# name: database-to-xml-and-schema
SELECT database_to_xml_and_xmlschema(true, false, '');

# name: query-to-xml-hidden
SELECT query_to_xml('SELECT addr' || 'ess FROM cust' || 'omers', true, false, '');

# name: query-to-xml-in-where
# oracle: yes
SELECT id FROM branches WHERE query_to_xml('SELECT address FROM customers WHERE id = ' || id, true, true, '')::text LIKE '%1室%' ORDER BY id;

# name: query-to-xml-parameter
# params: ["SELECT address, phone FROM customers"]
SELECT query_to_xml($1, true, false, '');

# name: table-to-xml-by-oid
SELECT table_to_xml(oid::regclass, true, false, '') FROM pg_class WHERE relname = 'customers' AND relnamespace = 'public'::regnamespace;

# name: table-to-xml-of-every-table
SELECT table_to_xml(c.oid, false, true, '') FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace;

# name: ts-stat-with-weights
SELECT word FROM ts_stat('SELECT setweight(to_tsvector(''simple'', phone), ''A'') FROM customers', 'a');

# name: ts-rewrite
SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, plainto_tsquery(''simple'', phone) FROM customers');

# name: dblink
# roles: dba
SELECT a FROM dblink('host=127.0.0.1 port={port} dbname={database} user=app', 'SELECT address FROM customers') AS t (a text);

# name: dblink-in-steps
# roles: dba
SELECT dblink_connect('c', 'host=127.0.0.1 port={port} dbname={database} user=app');
SELECT a FROM dblink('c', 'SELECT address FROM customers') AS t (a text);

# name: dblink-cursor
# roles: dba
SELECT dblink_connect('d', 'host=127.0.0.1 port={port} dbname={database} user=app');
SELECT dblink_open('d', 'far', 'SELECT address FROM customers');
SELECT a FROM dblink_fetch('d', 'far', 100) AS t (a text);

# name: dblink-over-a-server
# roles: dba
SELECT a FROM dblink('here', 'SELECT address FROM customers') AS t (a text);

# name: crosstab
CREATE EXTENSION tablefunc;
SELECT a FROM crosstab('SELECT id, 1, address::text FROM customers ORDER BY 1') AS t (id bigint, a text);

# name: xpath-table
# roles: dba
CREATE EXTENSION xml2;
SELECT t FROM xpath_table('id', '''<a>'' || address || ''</a>''', 'customers', '/a', 'true') AS x (id bigint, t text);

# name: hstore
CREATE EXTENSION hstore;
SELECT hstore(c) FROM customers c;

# name: hstore-each
CREATE EXTENSION hstore;
SELECT (each(hstore(c))).value FROM customers c;

# name: citext
CREATE EXTENSION citext;
SELECT address::citext FROM customers;

# name: unaccent
CREATE EXTENSION unaccent;
SELECT unaccent(address) FROM customers;

# name: trigrams
# oracle: yes
CREATE EXTENSION pg_trgm;
SELECT id, similarity(email, 'c5.123@qq.com') FROM customers ORDER BY id;

# name: levenshtein
# oracle: yes
CREATE EXTENSION fuzzystrmatch;
SELECT id, levenshtein(email, 'c5') FROM customers ORDER BY id;

# name: armor
CREATE EXTENSION pgcrypto;
SELECT armor(convert_to(address, 'UTF8')) FROM customers;

# name: digest
# oracle: yes
CREATE EXTENSION pgcrypto;
SELECT id, digest(address, 'sha256') FROM customers ORDER BY id;

# name: ltree
CREATE EXTENSION ltree;
SELECT text2ltree(translate(phone, '+', '_')) FROM customers;

# name: intarray-error
CREATE EXTENSION intarray;
SELECT sort(ARRAY[phone::int]) FROM customers;

# name: isn-error
CREATE EXTENSION isn;
SELECT phone::isbn FROM customers;
