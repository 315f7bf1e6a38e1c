# name: star
SELECT * FROM customers;

# name: table-star
SELECT c.* FROM customers c;

# name: alias
SELECT phone AS vip FROM customers;

# name: alias-of-an-open-column
SELECT phone AS branch_id, id_number AS id FROM customers;

# name: expression-alias
SELECT (phone) FROM customers;

# name: whole-row
SELECT c FROM customers c;

# name: whole-row-by-table-name
SELECT customers FROM customers;

# name: whole-row-cast
SELECT c::text FROM customers c;

# name: whole-row-fields
SELECT (c).phone, (c).email FROM customers c;

# name: whole-row-expanded
SELECT (c).* FROM customers c;

# name: row-constructor
SELECT ROW(phone, email) FROM customers;

# name: row-of-star
SELECT ROW(c.*) FROM customers c;

# name: row-to-json
SELECT row_to_json(c) FROM customers c;

# name: to-json
SELECT to_json(phone) FROM customers;

# name: to-jsonb
SELECT to_jsonb(c) ->> 'phone' FROM customers c;

# name: json-build-object
SELECT json_build_object('p', phone, 'i', id_number) FROM customers;

# name: jsonb-agg
SELECT jsonb_agg(c) FROM customers c;

# name: json-agg-column
SELECT json_agg(email) FROM customers;

# name: jsonb-each-text
SELECT e.value FROM customers c, jsonb_each_text(to_jsonb(c)) e;

# name: xmlelement
SELECT xmlelement(name p, address) FROM customers;

# name: xmlforest
SELECT xmlforest(address, id) FROM customers;

# name: query-to-xml
SELECT query_to_xml('SELECT address FROM customers', true, false, '');

# name: table-to-xml
SELECT table_to_xml('customers', true, false, '');

# name: query-to-xml-and-schema
SELECT query_to_xml_and_xmlschema('SELECT * FROM customers', true, false, '');

# name: schema-to-xml
SELECT schema_to_xml('public', true, false, '');

# name: database-to-xml
SELECT database_to_xml(true, false, '');

# name: cursor-to-xml
DECLARE cx CURSOR FOR SELECT address FROM customers;
SELECT cursor_to_xml('cx', 100, true, false, '');

# name: cast-text
SELECT phone::text, id_number::varchar FROM customers;

# name: cast-function-style
SELECT text(phone) FROM customers;

# name: cast-bytea
SELECT convert_to(address, 'UTF8') FROM customers;

# name: encode-base64
SELECT encode(convert_to(address, 'UTF8'), 'base64') FROM customers;

# name: encode-hex
SELECT encode(convert_to(phone, 'UTF8'), 'hex') FROM customers;

# name: concat-operator
SELECT 'x' || address FROM customers;

# name: concat-function
SELECT concat(address, '|', phone) FROM customers;

# name: concat-ws
SELECT concat_ws(',', id, address, id_number) FROM customers;

# name: format
SELECT format('%s', address) FROM customers;

# name: upper
SELECT upper(email), lower(email) FROM customers;

# name: reverse-twice
SELECT reverse(reverse(address)) FROM customers;

# name: replace
SELECT replace(address, 'zz', '') FROM customers;

# name: overlay
SELECT overlay(address placing '' from 1 for 0) FROM customers;

# name: substring-from
SELECT substring(address from 1) FROM customers;

# name: substring-regex
SELECT substring(address from '.*') FROM customers;

# name: regexp-matches
SELECT regexp_matches(address, '.*') FROM customers;

# name: regexp-split-to-table
SELECT regexp_split_to_table(address, '@') FROM customers;

# name: string-to-array
SELECT string_to_array(address, '@') FROM customers;

# name: trim
SELECT btrim(address) FROM customers;

# name: coalesce
SELECT coalesce(address, ''), coalesce(phone, '') FROM customers;

# name: nullif
SELECT nullif(address, ''), nullif(phone, '') FROM customers;

# name: greatest
SELECT greatest(address, ''), least(address, '龘龘龘龘') FROM customers;

# name: case-output
SELECT CASE WHEN true THEN address ELSE '' END FROM customers;

# name: array-constructor
SELECT ARRAY[address], ARRAY[phone] FROM customers;

# name: array-subquery
SELECT ARRAY(SELECT address FROM customers);

# name: array-agg
SELECT array_agg(address) FROM customers;

# name: string-agg
SELECT string_agg(address, ',') FROM customers;

# name: string-agg-sealed
SELECT string_agg(phone, ',') FROM customers;

# name: min-max
SELECT min(address), max(address), min(phone), max(id_number) FROM customers;

# name: mode-within-group
SELECT mode() WITHIN GROUP (ORDER BY address) FROM customers;

# name: percentile-disc
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY address) FROM customers;

# name: first-value-window
SELECT first_value(address) OVER (ORDER BY id) FROM customers;

# name: lag-window
SELECT lag(address) OVER (ORDER BY id), nth_value(phone, 2) OVER (ORDER BY id) FROM customers;

# name: collate
SELECT address COLLATE "C" FROM customers;

# name: quote-literal
SELECT quote_literal(address), quote_nullable(phone) FROM customers;

# name: unicode-escaped-identifier
SELECT U&"\0061ddress" FROM customers;

# name: unicode-escaped-table
SELECT address FROM U&"\0063ustomers";

# name: quoted-identifier
SELECT "address", "phone" FROM "customers";

# name: end-as-a-label
SELECT id END, address, phone FROM customers;

# name: range-operator-swallows
SELECT '[1,2]'::int4range &>'empty' ,address, '||text' FROM customers --';

# name: comment-nested
SELECT /* /* x */ */ address FROM /*! */ customers;

# name: comment-hides-from
SELECT id --
, address FROM customers;

# name: dollar-quotes
SELECT $a$ FROM branches $a$, address FROM customers;

# name: escape-string
SELECT E'\'', address FROM customers --';

# name: scs-off
SET standard_conforming_strings = off;
SELECT '\'', address FROM customers --';

# name: system-columns
SELECT ctid, xmin, tableoid, address FROM customers;

# name: tablesample
SELECT address FROM customers TABLESAMPLE BERNOULLI (100);

# name: only
SELECT address FROM ONLY customers;

# name: inheritance-star
SELECT address FROM customers *;

# name: schema-qualified
SELECT public.customers.address FROM public.customers;

# name: table-command
TABLE customers;

# name: values-subquery
VALUES ((SELECT address FROM customers WHERE id = 5));

# name: no-from
SELECT (SELECT address FROM customers WHERE id = 5);

# name: exotic-literal-alias
SELECT address ISNULL, address FROM customers;

# name: composite-type-cast
SELECT (ROW(c.*)::customers).address FROM customers c;

# name: populate-record
SELECT (jsonb_populate_record(NULL::customers, to_jsonb(c))).address FROM customers c;

# name: row-function-like-a-column
SELECT replace(q.row_to_json::text, '~', '') FROM (SELECT account_no, id FROM accounts) q;

# name: row-function-like-a-column-of-a-query
WITH q AS (SELECT address FROM customers) SELECT q.to_jsonb FROM q;

# name: row-function-like-a-column-of-a-view
SELECT replace(v.row_to_json::text, '~', '') FROM customer_contacts v;

# name: column-before-the-star
SELECT created_at, *, id FROM customers;
