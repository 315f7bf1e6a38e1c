# name: type-risk-output
# roles: app
SELECT customer_id, risk, risk AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-risk-equal
SELECT count(*), min(customer_id) FROM kyc WHERE risk = '-93';

# name: type-risk-equal-param
# params: ["-93"]
SELECT customer_id, risk FROM kyc WHERE risk = $1 ORDER BY customer_id;

# name: type-risk-write
# params: ["-93", "30"]
UPDATE kyc SET risk = $1 WHERE customer_id = $2 RETURNING risk;
SELECT risk FROM kyc WHERE customer_id = 30;

# name: type-risk-group
SELECT risk, count(*) FROM kyc WHERE customer_id < 50 GROUP BY risk;

# name: type-risk-in
SELECT customer_id FROM kyc WHERE risk IN ('-93') ORDER BY customer_id;

# name: type-district-output
# roles: app
SELECT customer_id, district, district AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-district-equal
SELECT count(*), min(customer_id) FROM kyc WHERE district = '770735';

# name: type-district-equal-param
# params: ["770735"]
SELECT customer_id, district FROM kyc WHERE district = $1 ORDER BY customer_id;

# name: type-district-write
# params: ["770735", "30"]
UPDATE kyc SET district = $1 WHERE customer_id = $2 RETURNING district;
SELECT district FROM kyc WHERE customer_id = 30;

# name: type-district-group
SELECT district, count(*) FROM kyc WHERE customer_id < 50 GROUP BY district;

# name: type-district-in
SELECT customer_id FROM kyc WHERE district IN ('770735') ORDER BY customer_id;

# name: type-file_no-output
# roles: app
SELECT customer_id, file_no, file_no AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-file_no-equal
SELECT count(*), min(customer_id) FROM kyc WHERE file_no = '9000000000000000007';

# name: type-file_no-equal-param
# params: ["9000000000000000007"]
SELECT customer_id, file_no FROM kyc WHERE file_no = $1 ORDER BY customer_id;

# name: type-file_no-write
# params: ["9000000000000000007", "30"]
UPDATE kyc SET file_no = $1 WHERE customer_id = $2 RETURNING file_no;
SELECT file_no FROM kyc WHERE customer_id = 30;

# name: type-file_no-group
SELECT file_no, count(*) FROM kyc WHERE customer_id < 50 GROUP BY file_no;

# name: type-file_no-in
SELECT customer_id FROM kyc WHERE file_no IN ('9000000000000000007') ORDER BY customer_id;

# name: type-net_worth-output
# roles: app
SELECT customer_id, net_worth, net_worth AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-net_worth-equal
SELECT count(*), min(customer_id) FROM kyc WHERE net_worth = '7000.1250';

# name: type-net_worth-equal-param
# params: ["7000.1250"]
SELECT customer_id, net_worth FROM kyc WHERE net_worth = $1 ORDER BY customer_id;

# name: type-net_worth-write
# params: ["7000.1250", "30"]
UPDATE kyc SET net_worth = $1 WHERE customer_id = $2 RETURNING net_worth;
SELECT net_worth FROM kyc WHERE customer_id = 30;

# name: type-net_worth-group
SELECT net_worth, count(*) FROM kyc WHERE customer_id < 50 GROUP BY net_worth;

# name: type-net_worth-in
SELECT customer_id FROM kyc WHERE net_worth IN ('7000.1250') ORDER BY customer_id;

# name: type-issued_on-output
# roles: app
SELECT customer_id, issued_on, issued_on AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-issued_on-equal
SELECT count(*), min(customer_id) FROM kyc WHERE issued_on = '2019-08-08';

# name: type-issued_on-equal-param
# params: ["2019-08-08"]
SELECT customer_id, issued_on FROM kyc WHERE issued_on = $1 ORDER BY customer_id;

# name: type-issued_on-write
# params: ["2019-08-08", "30"]
UPDATE kyc SET issued_on = $1 WHERE customer_id = $2 RETURNING issued_on;
SELECT issued_on FROM kyc WHERE customer_id = 30;

# name: type-issued_on-group
SELECT issued_on, count(*) FROM kyc WHERE customer_id < 50 GROUP BY issued_on;

# name: type-issued_on-in
SELECT customer_id FROM kyc WHERE issued_on IN ('2019-08-08') ORDER BY customer_id;

# name: type-met_at-output
# roles: app
SELECT customer_id, met_at, met_at AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-met_at-equal
SELECT count(*), min(customer_id) FROM kyc WHERE met_at = '2021-08-01 10:00:07.5';

# name: type-met_at-equal-param
# params: ["2021-08-01 10:00:07.5"]
SELECT customer_id, met_at FROM kyc WHERE met_at = $1 ORDER BY customer_id;

# name: type-met_at-write
# params: ["2021-08-01 10:00:07.5", "30"]
UPDATE kyc SET met_at = $1 WHERE customer_id = $2 RETURNING met_at;
SELECT met_at FROM kyc WHERE customer_id = 30;

# name: type-met_at-group
SELECT met_at, count(*) FROM kyc WHERE customer_id < 50 GROUP BY met_at;

# name: type-met_at-in
SELECT customer_id FROM kyc WHERE met_at IN ('2021-08-01 10:00:07.5') ORDER BY customer_id;

# name: type-verified_at-output
# roles: app
SELECT customer_id, verified_at, verified_at AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-verified_at-equal
SELECT count(*), min(customer_id) FROM kyc WHERE verified_at = '2021-08-01 18:00:00+08';

# name: type-verified_at-equal-param
# params: ["2021-08-01 18:00:00+08"]
SELECT customer_id, verified_at FROM kyc WHERE verified_at = $1 ORDER BY customer_id;

# name: type-verified_at-write
# params: ["2021-08-01 18:00:00+08", "30"]
UPDATE kyc SET verified_at = $1 WHERE customer_id = $2 RETURNING verified_at;
SELECT verified_at FROM kyc WHERE customer_id = 30;

# name: type-verified_at-group
SELECT verified_at, count(*) FROM kyc WHERE customer_id < 50 GROUP BY verified_at;

# name: type-verified_at-in
SELECT customer_id FROM kyc WHERE verified_at IN ('2021-08-01 18:00:00+08') ORDER BY customer_id;

# name: type-exposed-output
# roles: app
SELECT customer_id, exposed, exposed AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-exposed-equal
SELECT count(*), min(customer_id) FROM kyc WHERE exposed = 'false';

# name: type-exposed-equal-param
# params: ["false"]
SELECT customer_id, exposed FROM kyc WHERE exposed = $1 ORDER BY customer_id;

# name: type-exposed-write
# params: ["false", "30"]
UPDATE kyc SET exposed = $1 WHERE customer_id = $2 RETURNING exposed;
SELECT exposed FROM kyc WHERE customer_id = 30;

# name: type-exposed-group
SELECT exposed, count(*) FROM kyc WHERE customer_id < 50 GROUP BY exposed;

# name: type-exposed-in
SELECT customer_id FROM kyc WHERE exposed IN ('false') ORDER BY customer_id;

# name: type-case_id-output
# roles: app
SELECT customer_id, case_id, case_id AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-case_id-equal
SELECT count(*), min(customer_id) FROM kyc WHERE case_id = '00000000-0000-4000-8000-000000000007';

# name: type-case_id-equal-param
# params: ["00000000-0000-4000-8000-000000000007"]
SELECT customer_id, case_id FROM kyc WHERE case_id = $1 ORDER BY customer_id;

# name: type-case_id-write
# params: ["00000000-0000-4000-8000-000000000007", "30"]
UPDATE kyc SET case_id = $1 WHERE customer_id = $2 RETURNING case_id;
SELECT case_id FROM kyc WHERE customer_id = 30;

# name: type-case_id-group
SELECT case_id, count(*) FROM kyc WHERE customer_id < 50 GROUP BY case_id;

# name: type-case_id-in
SELECT customer_id FROM kyc WHERE case_id IN ('00000000-0000-4000-8000-000000000007') ORDER BY customer_id;

# name: type-country-output
# roles: app
SELECT customer_id, country, country AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-country-equal
SELECT count(*), min(customer_id) FROM kyc WHERE country = 'FR';

# name: type-country-equal-param
# params: ["FR"]
SELECT customer_id, country FROM kyc WHERE country = $1 ORDER BY customer_id;

# name: type-country-write
# params: ["FR", "30"]
UPDATE kyc SET country = $1 WHERE customer_id = $2 RETURNING country;
SELECT country FROM kyc WHERE customer_id = 30;

# name: type-country-group
SELECT country, count(*) FROM kyc WHERE customer_id < 50 GROUP BY country;

# name: type-country-in
SELECT customer_id FROM kyc WHERE country IN ('FR') ORDER BY customer_id;

# name: type-tax_no-output
# roles: app
SELECT customer_id, tax_no, tax_no AS again FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-tax_no-equal
SELECT count(*), min(customer_id) FROM kyc WHERE tax_no = 'TAX000001897';

# name: type-tax_no-equal-param
# params: ["TAX000001897"]
SELECT customer_id, tax_no FROM kyc WHERE tax_no = $1 ORDER BY customer_id;

# name: type-tax_no-write
# params: ["TAX000001897", "30"]
UPDATE kyc SET tax_no = $1 WHERE customer_id = $2 RETURNING tax_no;
SELECT tax_no FROM kyc WHERE customer_id = 30;

# name: type-tax_no-group
SELECT tax_no, count(*) FROM kyc WHERE customer_id < 50 GROUP BY tax_no;

# name: type-tax_no-in
SELECT customer_id FROM kyc WHERE tax_no IN ('TAX000001897') ORDER BY customer_id;

# name: type-jsonb-output
# roles: app
SELECT customer_id, answers FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-jsonb-write
# params: ["{\"b\": 1, \"a\": [1, 2.50, \"中\"], \"a\": null}"]
UPDATE kyc SET answers = $1 WHERE customer_id = 30 RETURNING answers;

# name: type-jsonb-bad
# expect: error 22P02
UPDATE kyc SET answers = '{bad' WHERE customer_id = 30;

# name: type-jsonb-arrow
# expect: refuse
SELECT answers -> 'pep' FROM kyc WHERE customer_id = 5;

# name: type-bytea-output
# roles: app
SELECT customer_id, photo FROM kyc WHERE customer_id BETWEEN 5 AND 12 ORDER BY customer_id;

# name: type-bytea-write
UPDATE kyc SET photo = '\xDEADBEEF' WHERE customer_id = 30 RETURNING photo;

# name: type-bytea-write-escape
UPDATE kyc SET photo = 'a\001\\b' WHERE customer_id = 30 RETURNING photo;

# name: type-text-output
# roles: app
SELECT customer_id, remarks FROM kyc WHERE customer_id BETWEEN 1 AND 12 ORDER BY customer_id;

# name: type-text-long
# params: ["长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本长文本"]
UPDATE kyc SET remarks = $1 WHERE customer_id = 30 RETURNING remarks;

# name: type-numeric-nan
UPDATE kyc SET net_worth = 'NaN' WHERE customer_id = 30 RETURNING net_worth;

# name: type-numeric-scale-kept
UPDATE kyc SET net_worth = 1.50 WHERE customer_id = 30 RETURNING net_worth;

# name: type-int2-out-of-range
# expect: error 22003
UPDATE kyc SET risk = 40000 WHERE customer_id = 30;

# name: type-int4-bad
# expect: error 22P02
UPDATE kyc SET district = 'x' WHERE customer_id = 30;

# name: type-bool-spellings
UPDATE kyc SET exposed = 'yes' WHERE customer_id = 30 RETURNING exposed;

# name: type-bool-keyword
UPDATE kyc SET exposed = true WHERE customer_id = 30 RETURNING exposed;

# name: type-uuid-spellings
UPDATE kyc SET case_id = '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}' WHERE customer_id = 30 RETURNING case_id;

# name: type-uuid-bad
# expect: error 22P02
UPDATE kyc SET case_id = 'nope' WHERE customer_id = 30;

# name: type-date-compact
UPDATE kyc SET issued_on = '20240105' WHERE customer_id = 30 RETURNING issued_on;

# name: type-date-infinity
UPDATE kyc SET issued_on = 'infinity' WHERE customer_id = 30 RETURNING issued_on;

# name: type-char-padding-output
UPDATE kyc SET country = 'x' WHERE customer_id = 30 RETURNING country;

# name: insert-every-type
INSERT INTO kyc SELECT 199, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE false RETURNING *;

# name: insert-every-type-values
DELETE FROM kyc WHERE customer_id = 31;
INSERT INTO kyc VALUES (31, 1, 2, 3, 4.5, '2020-02-29', '2020-02-29 12:34:56.789', '2020-02-29 12:34:56+08', true, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"k": [1]}', '\x00ff', 'CN', 'T1', '备注') RETURNING *;

# name: text-declared-for-a-date-that-is-compared
# modes: text binary
# expect: error 42883
# types: text
# params: ["1990-01-01"]
SELECT id FROM customers WHERE birth_date = $1;

# name: text-declared-for-a-date-that-is-stored
# modes: text binary
# expect: error 42804
# types: text
# params: ["1990-01-01"]
UPDATE customers SET birth_date = $1 WHERE id = 5;

# name: text-declared-for-a-number-in-a-list
# modes: text binary
# expect: error 42883
# types: text int4
# params: ["3", "4"]
SELECT customer_id FROM kyc WHERE district IN ($1, $2);

# name: integer-declared-for-a-text-that-is-compared
# modes: text binary
# expect: error 42883
# types: int4
# params: ["13812345"]
SELECT id FROM customers WHERE phone = $1;

# name: integer-declared-for-a-text-that-is-stored
# modes: text binary
# expect: refuse
# types: int4
# params: ["13812345"]
UPDATE customers SET phone = $1 WHERE id = 5;

# name: timestamp-declared-for-a-date-that-is-compared
# modes: text binary
# types: timestamp
# params: ["1990-01-01 00:00:00"]
SELECT id FROM customers WHERE birth_date = $1;

# name: text-array-declared-for-dates
# modes: text binary
# expect: error 42883
# types: text[]
# params: ["{1990-01-01}"]
SELECT id FROM customers WHERE birth_date = ANY ($1);

# name: boolean-by-itself
# roles: app
SELECT customer_id FROM kyc WHERE exposed IS NOT TRUE AND (exposed IS FALSE OR exposed IS UNKNOWN) ORDER BY customer_id;
SELECT customer_id FROM kyc WHERE exposed ORDER BY customer_id;
SELECT customer_id FROM kyc WHERE NOT exposed ORDER BY customer_id;
SELECT k.customer_id FROM kyc k WHERE k.exposed AND k.customer_id < 300 OR NOT (k.exposed OR k.customer_id > 20) ORDER BY 1;
SELECT count(*) FROM kyc GROUP BY exposed HAVING exposed;

# name: boolean-by-itself-in-changes
# roles: app
UPDATE kyc SET file_no = 77 WHERE NOT exposed AND customer_id < 40 RETURNING customer_id;
DELETE FROM kyc WHERE exposed RETURNING customer_id;
SELECT count(*), count(exposed) FROM kyc;

# name: choice-cast-to-its-own-type
# roles: app
UPDATE kyc SET district = (CASE WHEN customer_id = 30 THEN 7 WHEN customer_id = 31 THEN -8 ELSE NULL END)::integer WHERE customer_id IN (30, 31, 32);
UPDATE kyc SET verified_at = (CASE WHEN customer_id = 30 THEN '2020-02-03 04:05:06'::timestamp ELSE NULL END)::timestamp with time zone WHERE customer_id IN (30, 31);
UPDATE kyc SET risk = (CASE WHEN customer_id = 30 THEN 7 ELSE NULL END)::smallint, exposed = (CASE WHEN customer_id = 30 THEN true ELSE NULL END)::boolean, net_worth = (CASE WHEN customer_id = 30 THEN 1.50 ELSE 2 END)::numeric WHERE customer_id IN (30, 31);
SELECT customer_id, district, verified_at, risk, exposed, net_worth FROM kyc WHERE customer_id BETWEEN 30 AND 32 ORDER BY customer_id;

# name: nested-choice-of-untyped-constants
# roles: app
UPDATE kyc SET exposed = (CASE WHEN customer_id = 30 THEN COALESCE(NULL, NULL) ELSE NULL END)::boolean WHERE customer_id IN (30, 31);
UPDATE kyc SET met_at = (CASE WHEN customer_id = 32 THEN COALESCE(NULL, '2020-01-02 03:04:05') ELSE NULL END)::timestamp WHERE customer_id IN (32, 33);
SELECT customer_id, exposed, met_at FROM kyc WHERE customer_id BETWEEN 30 AND 33 ORDER BY customer_id;
