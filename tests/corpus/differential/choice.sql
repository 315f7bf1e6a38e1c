# name: coalesce-with-a-text
# roles: app teller auditor
SELECT id, coalesce(phone, 'n/a'), coalesce(email, '') AS mail FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-with-a-parameter
# roles: app teller auditor
# params: ["n/a", "40"]
SELECT id, coalesce(phone, $1) FROM customers WHERE id < $2 ORDER BY id;

# name: coalesce-with-a-declared-parameter
# roles: app teller
# modes: text binary
# types: text int4
# params: ["n/a", "40"]
SELECT id, coalesce(phone, $1) FROM customers WHERE id < $2 ORDER BY id;

# name: coalesce-with-a-parameter-first
# roles: app teller
# modes: text binary
# types: text int4
# params: [null, "40"]
SELECT id, coalesce($1, phone) FROM customers WHERE id < $2 ORDER BY id;

# name: coalesce-with-a-cast-parameter
# roles: app teller
# params: ["n/a"]
SELECT id, coalesce(phone, $1::text), coalesce($1::varchar, phone) FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-with-a-longer-text-than-the-column-takes
# roles: app teller
SELECT id, coalesce(phone, 'a text of more than twenty characters') FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-with-what-a-mask-looks-like
# roles: app teller
SELECT id, coalesce(phone, '138****5678') FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-of-a-date
# roles: app teller
SELECT id, coalesce(birth_date, '1900-01-01'), coalesce(birth_date, date '1900-01-02') FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-of-a-date-with-a-parameter
# roles: app teller
# params: ["1900-01-01"]
SELECT id, coalesce(birth_date, $1) FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-of-a-date-with-what-is-no-date
# roles: app teller
# expect: refuse
SELECT id, coalesce(birth_date, 'n/a') FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-of-numbers
# roles: app teller
SELECT id, coalesce(credit_limit, 0), coalesce(credit_limit, 1.5), coalesce(credit_limit, '7') FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-of-every-type
SELECT customer_id, coalesce(risk, 0), coalesce(risk, '1'), coalesce(district, 0::bigint), coalesce(file_no, 5), coalesce(net_worth, 0), coalesce(exposed, false), coalesce(country, '-'), coalesce(tax_no, '-'), coalesce(remarks, '-'), coalesce(case_id, '00000000-0000-0000-0000-000000000000') FROM kyc ORDER BY customer_id;

# name: coalesce-of-times
SELECT customer_id, coalesce(met_at, '2000-01-01'), coalesce(verified_at, '2000-01-01 00:00:00+00'), coalesce(issued_on, '2000-01-01') FROM kyc ORDER BY customer_id;

# name: coalesce-of-several-columns
# roles: app teller
SELECT id, coalesce(phone, email), coalesce(phone, email, 'none'), coalesce(id_number, phone, 'none'), coalesce(phone, id_number) FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-with-null
# roles: app teller auditor
SELECT id, coalesce(phone, NULL), coalesce(NULL, phone), coalesce(NULL, NULL, phone, 'x') FROM customers WHERE id < 40 ORDER BY id;

# name: case-with-constants
# roles: app teller auditor
SELECT id, CASE WHEN vip THEN phone ELSE '-' END, CASE WHEN vip THEN '-' ELSE phone END, CASE WHEN vip THEN phone WHEN id < 20 THEN 'x' ELSE email END FROM customers WHERE id < 40 ORDER BY id;

# name: case-without-else
# roles: app teller auditor
SELECT id, CASE WHEN vip THEN phone END, CASE WHEN vip THEN phone ELSE NULL END, CASE WHEN vip THEN phone ELSE phone END FROM customers WHERE id < 40 ORDER BY id;

# name: case-by-presence
# roles: app teller auditor
SELECT id, CASE WHEN phone IS NOT NULL THEN phone WHEN email IS NOT NULL THEN email ELSE 'unreachable' END FROM customers WHERE id < 40 ORDER BY id;

# name: case-over-coalesce
# roles: app teller
SELECT id, coalesce(CASE WHEN vip THEN phone END, 'not shown'), CASE WHEN vip THEN coalesce(phone, '-') ELSE '-' END FROM customers WHERE id < 40 ORDER BY id;

# name: coalesce-compared
# roles: app teller
SELECT id FROM customers WHERE coalesce(phone, '') = '' ORDER BY id;

# name: coalesce-compared-with-a-value
# roles: app teller
# twin: SELECT id, phone FROM customers WHERE id = 5
SELECT id, phone FROM customers WHERE coalesce(phone, 'x') = '{phone:5}';

# name: coalesce-in-a-list
# roles: app teller
# twin: SELECT id FROM customers WHERE id = 5 OR phone IS NULL ORDER BY id
SELECT id FROM customers WHERE coalesce(phone, 'x') IN ('x', '{phone:5}') ORDER BY id;

# name: coalesce-tested-and-counted
# roles: app teller
SELECT count(coalesce(phone, '')), count(CASE WHEN vip THEN phone END), count(*) FILTER (WHERE coalesce(phone, email) IS NULL) FROM customers;

# name: coalesce-grouped-by-its-place
SELECT coalesce(phone, 'none') AS p, count(*) FROM customers GROUP BY 1;

# name: coalesce-grouped-by-its-name
SELECT coalesce(phone, 'none') AS p, count(*) FROM customers GROUP BY p;

# name: coalesce-grouped-by-itself
# expect: refuse
SELECT coalesce(phone, 'none'), count(*) FROM customers GROUP BY coalesce(phone, 'none');

# name: coalesce-distinct
SELECT DISTINCT coalesce(phone, 'none') FROM customers;

# name: coalesce-distinct-count
SELECT count(DISTINCT coalesce(phone, 'none')) FROM customers;

# name: coalesce-in-a-derived-table
# roles: app teller
SELECT x.id, x.p FROM (SELECT id, coalesce(phone, '-') AS p FROM customers WHERE id < 40) x ORDER BY x.id;

# name: coalesce-in-a-with-query
# roles: app teller
WITH x AS (SELECT id, CASE WHEN vip THEN phone ELSE 'x' END AS p FROM customers WHERE id < 40) SELECT y.p, x.id FROM x JOIN x y ON y.id = x.id ORDER BY x.id;

# name: coalesce-in-a-subquery
# roles: app teller
SELECT b.id, (SELECT coalesce(c.phone, 'none') FROM customers c WHERE c.branch_id = b.id ORDER BY c.id LIMIT 1) AS p FROM branches b ORDER BY b.id;

# name: coalesce-in-a-union
# roles: app teller
SELECT id, coalesce(phone, '-') AS p FROM customers WHERE id < 20 UNION ALL SELECT id, phone FROM customers WHERE id < 20 UNION ALL SELECT id, coalesce(phone, '+') FROM employees WHERE id < 9 ORDER BY id;

# name: coalesce-of-two-domains-in-a-union
# roles: app teller
# expect: refuse
SELECT coalesce(phone, '-') AS p FROM customers UNION ALL SELECT coalesce(email, '-') FROM customers;

# name: coalesce-of-two-columns-of-one-domain-in-a-set
SELECT coalesce(phone, '-') AS p FROM customers UNION SELECT coalesce(phone, '-') FROM employees;

# name: union-of-columns-of-two-lengths
# roles: app teller
SELECT phone FROM customers WHERE id < 9 UNION ALL SELECT email FROM customers WHERE id < 9;

# name: coalesce-copied-out
# roles: app teller
COPY (SELECT id, coalesce(phone, 'n/a') FROM customers WHERE id < 40 ORDER BY id) TO STDOUT;

# name: coalesce-prepared
# roles: app teller
PREPARE p AS SELECT id, coalesce(phone, $1) FROM customers WHERE id < $2 ORDER BY id;
EXECUTE p ('n/a', 40);

# name: coalesce-in-a-cursor
# roles: app teller
DECLARE c CURSOR FOR SELECT id, coalesce(phone, 'n/a') FROM customers WHERE id < 40 ORDER BY id;
FETCH 30 FROM c;

# name: coalesce-returned
# roles: app teller
UPDATE customers SET vip = NOT vip WHERE id < 20 RETURNING id, coalesce(phone, 'n/a');

# name: coalesce-of-a-joined-row-that-is-not-there
# roles: app teller
SELECT b.id, coalesce(c.phone, 'nobody') FROM branches b LEFT JOIN customers c ON c.branch_id = b.id AND c.id < 6 ORDER BY b.id, c.id;

# name: coalesce-stored-in-another-column
# expect: refuse
UPDATE customers SET email = (SELECT coalesce(e.phone, 'x') FROM employees e WHERE e.id = 1) WHERE id = 5;

# name: coalesce-stored-in-its-own-column
# expect: refuse
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT 70001, 'n', '110105199001023011', coalesce(phone, 'x'), 1 FROM customers WHERE id = 5;

# name: coalesce-stored-in-the-open
# roles: app teller
# expect: refuse
INSERT INTO scratch SELECT id, coalesce(phone, 'x') FROM customers WHERE id < 9;

# name: coalesce-as-a-new-table
# roles: app teller
# expect: refuse
CREATE TABLE made AS SELECT id, coalesce(phone, 'x') AS p FROM customers;

# name: coalesce-in-a-view
# roles: app
# expect: refuse
CREATE VIEW made AS SELECT id, coalesce(phone, 'x') AS p FROM customers;
SELECT * FROM made WHERE id < 40 ORDER BY id;

# name: coalesce-in-an-expression
# roles: app teller
# expect: refuse
SELECT lower(coalesce(phone, 'X')) FROM customers;

# name: coalesce-sorted-by
# roles: app teller
# expect: refuse
SELECT id FROM customers ORDER BY coalesce(phone, ''), id;

# name: coalesce-of-types-that-do-not-match
# roles: app teller
# expect: refuse
SELECT coalesce(phone, 5) FROM customers;

# name: update-by-a-case-of-constants
UPDATE customers SET phone = CASE id WHEN 5 THEN '13911110001' WHEN 6 THEN '13911110002' END WHERE id IN (5, 6) RETURNING id, phone;

# name: update-by-a-case-of-parameters
# params: ["13911110001", "13911110002"]
UPDATE customers SET phone = CASE WHEN id = 5 THEN $1 WHEN id = 6 THEN $2 ELSE NULL END WHERE id IN (5, 6) RETURNING id, phone;

# name: update-of-a-date-by-a-case-of-constants
# expect: error 42804
UPDATE customers SET birth_date = CASE WHEN id = 5 THEN '1990-01-01' ELSE NULL END WHERE id IN (5, 6);

# name: update-of-a-date-by-a-case-of-dates
UPDATE customers SET birth_date = CASE WHEN id = 5 THEN date '1990-01-01' ELSE birth_date END WHERE id IN (5, 6) RETURNING birth_date;

# name: update-of-a-date-by-a-case-of-a-constant-and-itself
UPDATE customers SET birth_date = CASE WHEN id = 5 THEN '1990-01-01' ELSE birth_date END WHERE id IN (5, 6) RETURNING birth_date;

# name: constants-cut-by-a-cast
# roles: app teller
# twin: SELECT id FROM customers WHERE id = 5
SELECT id FROM customers WHERE phone = '{phone:5}and more'::varchar(11);

# name: parameters-cut-by-a-cast
# roles: app teller
# params: ["{phone:5}and more"]
# twin: SELECT id FROM customers WHERE id = 5 AND $1::varchar(11) <> ''
SELECT id FROM customers WHERE phone = $1::varchar(11);

# name: parameters-padded-by-a-cast
# roles: app teller
# params: ["{id_number:5}"]
# twin: SELECT id FROM customers WHERE id = 5 AND $1::char(18) <> ''
SELECT id FROM customers WHERE id_number = $1::char(18);

# name: parameters-cut-by-a-cast-in-a-list
# roles: app teller
# params: ["{phone:5}and more", "{phone:6}"]
# twin: SELECT id FROM customers WHERE id IN (5, 6) AND $1::varchar(11) || $2::varchar(20) <> '' ORDER BY id
SELECT id FROM customers WHERE phone IN ($1::varchar(11), $2::varchar(20)) ORDER BY id;

# name: parameters-rounded-by-a-cast
# params: ["1234.565", "5"]
UPDATE customers SET credit_limit = $1::numeric(14, 2) WHERE id = $2::int RETURNING credit_limit;

# name: constants-rounded-by-a-cast
UPDATE customers SET credit_limit = '1234.565'::numeric(14, 1) WHERE id = 5 RETURNING credit_limit;
SELECT id FROM customers WHERE credit_limit = '1234.6'::numeric(14, 2) AND credit_limit = 1234.64::numeric(14, 1);

# name: a-number-too-large-for-its-cast
# params: ["123456", "5"]
# expect: error 22003
UPDATE customers SET credit_limit = $1::numeric(5, 2) WHERE id = $2::int;

# name: stored-texts-are-cut-by-a-cast-without-an-error
# params: ["a text of more than twenty characters", "5"]
UPDATE customers SET phone = $1::varchar(20), email = 'abcdef'::varchar(3) WHERE id = $2::int RETURNING phone, email;

# name: stored-texts-are-padded-by-a-cast
# params: ["110105199001023011"]
UPDATE customers SET id_number = $1::char(18), phone = 'abc'::char(5) WHERE id = 5 RETURNING id_number, phone;

# name: text-declared-and-cast-to-a-date
# modes: text binary
# types: text
# params: ["{birth_date:5}"]
SELECT id FROM customers WHERE birth_date = $1::date ORDER BY id;

# name: text-declared-and-cast-to-a-number-that-is-stored
# modes: text binary
# types: varchar
# params: ["1234.5"]
UPDATE customers SET credit_limit = $1::numeric WHERE id = 5 RETURNING credit_limit;

# name: timestamp-declared-and-cast-to-a-date
# modes: text binary
# types: timestamp
# params: ["1990-01-01 12:30:00"]
UPDATE kyc SET met_at = $1::date WHERE customer_id = 5 RETURNING met_at;

# name: prepared-with-a-cast
# roles: app teller
# twin: PREPARE p AS SELECT id FROM customers WHERE id = 5 AND $1::varchar(11) IS NOT NULL
PREPARE p AS SELECT id FROM customers WHERE phone = $1::varchar(11);
EXECUTE p ('{phone:5}and more');

# name: bulk-update-by-a-cast-case
# params: ["13911110001", "13911110002"]
UPDATE customers SET phone = (CASE WHEN (id = 5) THEN $1 WHEN (id = 6) THEN $2 ELSE NULL END)::varchar(20) WHERE id IN (5, 6) RETURNING id, phone;

# name: bulk-update-of-dates-by-a-cast-case
# params: ["1990-01-01", "1990-01-02"]
UPDATE customers SET birth_date = (CASE WHEN (id = 5) THEN $1 WHEN (id = 6) THEN $2 ELSE NULL END)::date WHERE id IN (5, 6) RETURNING id, birth_date;

# name: bulk-update-of-numbers-by-a-cast-case
# params: ["1.005", "2"]
UPDATE customers SET credit_limit = (CASE WHEN (id = 5) THEN $1 WHEN (id = 6) THEN $2 ELSE credit_limit END)::numeric(14,2) WHERE id IN (5, 6) RETURNING id, credit_limit;

# name: insert-of-values-handed-on
# params: ["90001", "n", "110105199001023011", "13911110001", "90002", "m", "110105199001023012", "13911110002"]
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT p0::BIGINT, p1::VARCHAR, p2::VARCHAR, p3::VARCHAR, p4::INTEGER FROM (VALUES ($1::BIGINT, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, 1::INTEGER, 0), ($5::BIGINT, $6::VARCHAR, $7::VARCHAR, $8::VARCHAR, 1::INTEGER, 1)) AS imp_sen(p0, p1, p2, p3, p4, sen_counter) ORDER BY sen_counter RETURNING id, phone;

# name: insert-of-values-whose-types-only-the-query-says
INSERT INTO customers (id, name, id_number, phone, branch_id, birth_date) SELECT p0::BIGINT, p1::VARCHAR, p2::VARCHAR(18), p3::TEXT, p4::INTEGER, p5::DATE FROM (VALUES (90001, 'n', '110105199001023011', '13911110001', 1, NULL, 0), (90002, 'm', '110105199001023012', NULL, 1, '1990-01-02'::date, 1)) AS imp_sen(p0, p1, p2, p3, p4, p5, sen_counter) ORDER BY sen_counter RETURNING id, id_number, phone, birth_date;

# name: insert-of-values-whose-types-only-the-query-says-cut
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT p0::BIGINT, p1::VARCHAR(3), p2::VARCHAR, p3::VARCHAR, p4::INTEGER FROM (VALUES (90001, 'longer', '110105199001023011', '13911110001', 2), (90002, 'm', '110105199001023012', NULL, 1)) AS s(p0, p1, p2, p3, p4) RETURNING id, name, branch_id;

# name: insert-of-values-of-a-number-and-a-string
# expect: refuse
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT p0::BIGINT, p1::VARCHAR, p2::VARCHAR, p2::VARCHAR, 1 FROM (VALUES (90001, 'n', '1'), (90002, 'm', 2)) AS s(p0, p1, p2);

# name: insert-of-values-handed-on-in-another-order
# expect: refuse
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT p0, 'n', p1, p1, 1 FROM (VALUES (90001::bigint, '110105199001023011'::varchar, 1), (90002, '110105199001023012', 0)) AS s(p0, p1, c) ORDER BY c RETURNING id;

# name: insert-of-values-without-types
# expect: refuse
INSERT INTO customers (id, name, id_number, phone, branch_id, birth_date) SELECT p0, p1, p2, p3, 1, p4 FROM (VALUES (90001, 'n', '110105199001023011', '13911110001', '1990-01-01')) AS s(p0, p1, p2, p3, p4);

# name: insert-of-values-of-two-types
# expect: refuse
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT p0, p1, p1, p1, 1 FROM (VALUES (90001::bigint, '1'::varchar), (90002::bigint, '2'::text)) AS s(p0, p1);

# name: insert-of-values-with-a-condition
# expect: refuse
INSERT INTO customers (id, name, id_number, phone, branch_id) SELECT p0, 'n', p1, p2, 1 FROM (VALUES (90001::bigint, '110105199001023011', '13911110001')) AS s(p0, p1, p2) WHERE p0 > 5;

# name: distinct-with-the-key
# roles: app teller auditor
SELECT DISTINCT c.* FROM customers c JOIN accounts a ON a.customer_id = c.id WHERE a.status = 'open';

# name: distinct-with-the-key-sorted
# roles: app teller auditor
SELECT DISTINCT c.id, c.name, c.phone, c.notes FROM customers c JOIN accounts a ON a.customer_id = c.id ORDER BY c.id LIMIT 30;

# name: distinct-with-the-keys-of-two-tables
# roles: app teller
SELECT DISTINCT a.account_no, c.id AS c, a.id, c.email FROM customers c JOIN accounts a ON a.customer_id = c.id ORDER BY a.id, c;

# name: distinct-with-another-table-s-key
# roles: app teller
# expect: refuse
SELECT DISTINCT a.id, c.phone FROM customers c JOIN accounts a ON a.customer_id = c.id ORDER BY a.id;

# name: distinct-of-a-joined-row-that-is-not-there
# roles: app teller
SELECT DISTINCT c.id, c.phone FROM branches b LEFT JOIN customers c ON c.branch_id = b.id AND c.id < 9 ORDER BY 1 NULLS FIRST;

# name: distinct-with-the-key-in-a-derived-table
# roles: app teller
SELECT count(*) FROM (SELECT DISTINCT c.id, c.phone, c.birth_date FROM customers c JOIN accounts a ON a.customer_id = c.id) x;

# name: grouped-by-the-key-and-more
# roles: app teller auditor
SELECT c.id, c.name, c.phone, c.notes, count(a.id) FROM customers c LEFT JOIN accounts a ON a.customer_id = c.id WHERE c.id < 30 GROUP BY c.id, c.name, c.phone, c.notes ORDER BY c.id;

# name: grouped-by-a-key-of-another-table
# roles: teller
# expect: refuse
SELECT a.id, c.phone, count(*) FROM customers c LEFT JOIN accounts a ON a.customer_id = c.id GROUP BY a.id, c.phone ORDER BY a.id;

# name: grouped-by-the-key-with-having
# roles: app teller
SELECT c.id, c.phone FROM customers c JOIN accounts a ON a.customer_id = c.id GROUP BY c.id, c.phone HAVING count(*) > 0 AND c.phone IS NOT NULL ORDER BY c.id;

# name: compared-with-the-empty-text
# roles: app teller auditor
SELECT id, phone = '', email <> '', CASE WHEN email IS NULL OR email = '' THEN 'none' ELSE email END FROM customers WHERE id < 40 ORDER BY id;

# name: compared-with-the-empty-text-of-a-fixed-length
# roles: app teller
SELECT count(*) FROM customers WHERE id_number <> '' AND email = ''::text;

# name: cast-twice
# roles: app
SELECT id FROM customers WHERE birth_date = '{birth_date:5}'::date::date ORDER BY id;

# name: constants-beside-what-has-no-term-in-a-cursor
# roles: app teller
DECLARE c CURSOR FOR SELECT id, coalesce(notes, 'n/a') FROM customers WHERE id < 40 ORDER BY id;
FETCH 30 FROM c;

# name: constants-beside-what-has-no-term-prepared
# roles: app teller
PREPARE p AS SELECT id, coalesce(notes, 'n/a') FROM customers WHERE id < $1 ORDER BY id;
EXECUTE p (40);

# name: literals-without-a-term-prepared
PREPARE p (int) AS UPDATE customers SET notes = 'kept' WHERE id = $1 RETURNING notes;
EXECUTE p (5);
EXECUTE p (6);
