# name: starts-with
# oracle: yes
SELECT id FROM customers WHERE starts_with(right(address, 4), '1') OR right(address, 4) LIKE '1%' ORDER BY id;

# name: position
# oracle: yes
SELECT id, position('号' in address), strpos(phone, '5') FROM customers ORDER BY id;

# name: regexp-count
# oracle: yes
SELECT id, regexp_count(address, '[0-9]') FROM customers ORDER BY id;

# name: regexp-like
# oracle: yes
SELECT id FROM customers WHERE regexp_like(email, '[5-9]@') ORDER BY id;

# name: text-search
# roles: auditor dev dba
# oracle: yes
SELECT id FROM customers WHERE to_tsvector('simple', email) @@ to_tsquery('simple', 'qq.com:*') OR to_tsvector('simple', address) @@ '上海市:*' ORDER BY id;

# name: like-any
# oracle: yes
SELECT id FROM customers WHERE address LIKE ANY (ARRAY['%1室', '%2室']) ORDER BY id;

# name: like-escape
# oracle: yes
SELECT id FROM customers WHERE email LIKE '%1!.%' ESCAPE '!' ORDER BY id;

# name: ilike
# oracle: yes
SELECT id FROM customers WHERE email ILIKE '%7@%' ORDER BY id;

# name: not-like
# oracle: yes
SELECT count(*) FROM customers WHERE address !~~ '%1室';

# name: row-comparison
# oracle: yes
SELECT id FROM customers WHERE (right(address, 4), id) > ('15', 0) ORDER BY id;

# name: between-symmetric
# oracle: yes
SELECT id FROM customers WHERE credit_limit BETWEEN SYMMETRIC 9500 AND 3500 ORDER BY id;

# name: greater-than-all
# roles: auditor dev dba
# oracle: yes
SELECT id FROM customers WHERE credit_limit >= ALL (SELECT credit_limit FROM customers) ORDER BY id;

# name: in-a-subquery-of-guesses
# oracle: yes
SELECT id FROM customers WHERE birth_date IN (SELECT '1950-01-01'::date + g FROM generate_series(0, 20000, 7) g) ORDER BY id;

# name: any-of-guesses
# oracle: yes
SELECT id FROM customers WHERE email = ANY (ARRAY['{email:40}', '{email:48}', '{email:5}']) ORDER BY id;

# name: not-in-guesses
# oracle: yes
SELECT id FROM customers WHERE birth_date NOT IN ('{birth_date:40}', '{birth_date:5}') ORDER BY id;

# name: is-distinct-from-a-guess
# oracle: yes
SELECT id FROM customers WHERE email IS NOT DISTINCT FROM '{email:40}' OR email IS NOT DISTINCT FROM '{email:5}' ORDER BY id;

# name: case-of-a-guess
# oracle: yes
SELECT id, CASE email WHEN '{email:40}' THEN 1 WHEN '{email:5}' THEN 2 ELSE 0 END FROM customers ORDER BY id;

# name: nullif-a-guess
# oracle: yes
SELECT id, nullif(birth_date, '{birth_date:5}') IS NULL, nullif(birth_date, '{birth_date:40}') IS NULL FROM customers ORDER BY id;

# name: parameter-as-a-guess
# oracle: yes
# params: ["{email:40}", "{email:5}"]
SELECT id FROM customers WHERE email = $1 OR email = $2 ORDER BY id;

# name: natural-join-with-guesses
# oracle: yes
SELECT id FROM customers NATURAL JOIN (VALUES ('{birth_date:5}'::date), ('{birth_date:40}')) g (birth_date) ORDER BY id;

# name: using-with-guesses
# oracle: yes
SELECT id FROM customers JOIN (SELECT '{email:5}'::varchar AS email UNION ALL SELECT '{email:40}') g USING (email) ORDER BY id;

# name: full-join-with-guesses
# oracle: yes
SELECT c.id, g.v FROM customers c FULL JOIN (VALUES ('{email:5}'), ('{email:40}'), ('x')) g (v) ON c.email = g.v ORDER BY 1, 2;

# name: anti-join
# oracle: yes
SELECT g.v FROM (VALUES (1, '{email:5}'), (2, '{email:40}'), (3, 'x')) g (v, e) WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.email = g.e) ORDER BY 1;

# name: except-guesses
# oracle: yes
SELECT birth_date FROM (SELECT '{birth_date:5}'::date AS birth_date UNION SELECT '{birth_date:40}') g EXCEPT SELECT birth_date FROM customers ORDER BY 1;

# name: bool-or
# oracle: yes
SELECT branch_id, bool_or(address LIKE '%11室'), every(email LIKE '%1%') FROM customers GROUP BY branch_id ORDER BY 1;

# name: rollup
# oracle: yes
SELECT count(*), grouping(birth_date) FROM customers GROUP BY ROLLUP (birth_date) ORDER BY 2, 1;

# name: distinct-on
# oracle: yes
SELECT DISTINCT ON (birth_date) id FROM customers ORDER BY birth_date, id DESC;

# name: ntile
# oracle: yes
SELECT id, ntile(4) OVER (ORDER BY right(address, 4) COLLATE "C", id) FROM customers ORDER BY id;

# name: window-range
# oracle: yes
SELECT id, count(*) OVER (ORDER BY credit_limit RANGE BETWEEN 1500 PRECEDING AND CURRENT ROW) FROM customers ORDER BY id;

# name: window-named
# oracle: yes
SELECT id, dense_rank() OVER w FROM customers WINDOW w AS (ORDER BY birth_date) ORDER BY id;

# name: fetch-with-ties
# oracle: yes
SELECT id FROM customers ORDER BY credit_limit, birth_date FETCH FIRST 2 ROWS WITH TIES;

# name: offset-subquery
# oracle: yes
SELECT id FROM branches ORDER BY id OFFSET (SELECT length(address) FROM customers WHERE id = 40) - 14;

# name: order-by-in-a-subquery
# oracle: yes
SELECT id FROM (SELECT id FROM customers ORDER BY right(address, 4), id LIMIT 5) x ORDER BY id;

# name: order-by-an-expression-of-a-query
# oracle: yes
SELECT b.id FROM branches b ORDER BY (SELECT min(right(c.address, 4)) FROM customers c WHERE c.branch_id = b.id), b.id;

# name: array-agg-in-order
# oracle: yes
SELECT array_agg(id ORDER BY credit_limit, id) FROM customers;

# name: percentile
# oracle: yes
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY credit_limit) FROM customers;

# name: rank-of-a-guess
# oracle: yes
SELECT rank('2000') WITHIN GROUP (ORDER BY right(address, 5)) FROM customers;

# name: correlation
# oracle: yes
SELECT corr(id, length(email)), regr_slope(id, credit_limit) FROM customers;

# name: width-bucket
# oracle: yes
SELECT id, width_bucket(credit_limit, 0, 50000, 50) FROM customers ORDER BY id;

# name: money
# oracle: yes
SELECT id, credit_limit::money FROM customers ORDER BY id;

# name: sign-of-a-difference
# oracle: yes
SELECT id, sign(credit_limit - 5500) FROM customers ORDER BY id;

# name: date-truncated
# oracle: yes
SELECT id, date_trunc('month', birth_date) FROM customers ORDER BY id;

# name: age
# oracle: yes
SELECT id, age('2024-06-01'::date, birth_date) FROM customers ORDER BY id;

# name: overlaps
# oracle: yes
SELECT id FROM customers WHERE (birth_date, birth_date + 1) OVERLAPS ('1960-03-01'::date, '1990-09-01'::date) ORDER BY id;

# name: range-contains
# oracle: yes
SELECT id FROM customers WHERE daterange('1960-03-01', '1980-09-15') @> birth_date ORDER BY id;

# name: to-char
# oracle: yes
SELECT id, to_char(birth_date, 'MM-DD'), to_char(credit_limit, '999999.99') FROM customers ORDER BY id;

# name: json-path
# oracle: yes
SELECT id FROM customers c WHERE jsonb_path_exists(to_jsonb(c), '$.address ? (@ like_regex "1室$")') ORDER BY id;

# name: error-or-not-by-case
# oracle: yes
SELECT CASE WHEN max(right(address, 3)) > '1室' THEN 1 / (count(*) - count(*)) ELSE 0 END FROM customers WHERE address LIKE '%室';

# name: error-by-overflow
# roles: auditor dev dba
# oracle: yes
SELECT (2147483600 + length(address) * 4)::int FROM customers WHERE id = 40;

# name: error-by-a-scalar-subquery
# oracle: yes
SELECT (SELECT id FROM customers WHERE address LIKE '%1室');

# name: update-counts
# oracle: yes
UPDATE customers SET vip = vip WHERE right(address, 2) = '1室';

# name: update-from-counts
# oracle: yes
UPDATE scratch2 s SET v = '' FROM customers c WHERE c.address LIKE '%1室';
INSERT INTO scratch2 SELECT id, 'x' FROM customers WHERE address LIKE '%1室';

# name: delete-using-counts
# oracle: yes
INSERT INTO scratch2 SELECT g, '' FROM generate_series(1, 200) g;
DELETE FROM scratch2 s USING customers c WHERE c.id = s.id AND c.address LIKE '%1室';

# name: insert-select-counts
# oracle: yes
INSERT INTO scratch2 SELECT id, 'x' FROM customers WHERE address LIKE '%1室';

# name: lock-counts
# oracle: yes
SELECT id FROM customers WHERE address LIKE '%1室' ORDER BY id FOR UPDATE;

# name: lock-with-nowait
# oracle: yes
SELECT id FROM customers WHERE address LIKE '%2室' ORDER BY id FOR NO KEY UPDATE NOWAIT;

# name: recursion-depth
# oracle: yes
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < (SELECT length(address) FROM customers WHERE id = 40)) SELECT count(*) FROM r;

# name: generate-series-by-a-value
# oracle: yes
SELECT c.id, count(g) FROM customers c, LATERAL generate_series(1, ascii(right(c.address, 2)) % 7) g GROUP BY c.id ORDER BY 1;

# name: index-by-a-condition
# oracle: yes
CREATE UNIQUE INDEX ON customers ((1)) WHERE address LIKE '%1室';

# name: constraint-by-a-condition
# oracle: yes
ALTER TABLE customers ADD CHECK (address NOT LIKE '%1室');

# name: exclusion-by-a-value
# roles: auditor dba
# oracle: yes
ALTER TABLE customers ADD EXCLUDE USING btree ((right(address, 1)) WITH =);

# name: column-rewritten-by-a-condition
# oracle: yes
ALTER TABLE accounts ALTER COLUMN status TYPE text USING CASE WHEN account_no LIKE '%5%' THEN 'y' ELSE 'n' END;
SELECT id, status FROM accounts ORDER BY id;

# name: logarithm-and-back
# oracle: yes
SELECT id, round(exp(ln((credit_limit + 1)::float8))::numeric, 2) FROM customers ORDER BY id;
