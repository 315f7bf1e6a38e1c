# name: cast-error-value
SELECT address::int FROM customers;

# name: cast-error-where
SELECT id FROM customers WHERE address::int > 0;

# name: cast-error-case
SELECT CASE WHEN id = 5 THEN address::int END FROM customers;

# name: cast-error-date
SELECT address::date FROM customers;

# name: cast-error-order-by
SELECT id FROM customers ORDER BY address::int;

# name: cast-error-join
SELECT 1 FROM customers c JOIN branches b ON c.address::int = b.id;

# name: cast-error-email-uuid
SELECT email::uuid FROM customers;

# name: to-number-error
SELECT sum(address::numeric) FROM customers;

# name: json-cast-error
SELECT address::json FROM customers;

# name: enum-cast-error
CREATE TYPE en AS ENUM ('a');
SELECT address::text::en FROM customers;

# name: regclass-error
SELECT address::regclass FROM customers;

# name: regtype-error
SELECT email::text::regtype FROM customers;

# name: to-timestamp-error
SELECT email::timestamptz FROM customers;

# name: unique-violation-detail
CREATE TABLE u1 (v text UNIQUE);
INSERT INTO u1 SELECT address FROM customers UNION ALL SELECT address FROM customers;

# name: unique-index-detail
INSERT INTO scratch2 SELECT g, address FROM customers, generate_series(1, 2) g;
CREATE UNIQUE INDEX ON scratch2 (v);

# name: check-violation-detail
CREATE TABLE ck (v text CHECK (length(v) < 2));
INSERT INTO ck SELECT address FROM customers;

# name: not-null-violation-detail
INSERT INTO customers SELECT id + 500000, name, id_number, phone, email, birth_date, address, credit_limit, notes, vip, created_at, NULL, manager_id FROM customers WHERE id = 5;

# name: update-check-row-detail
ALTER TABLE customers ADD CONSTRAINT neg CHECK (branch_id > 0) NOT VALID;
UPDATE customers SET branch_id = -1 WHERE id = 5;

# name: foreign-key-row-detail
UPDATE customers SET branch_id = NULL WHERE id = 5;

# name: partition-row-detail
CREATE TABLE pt (a int, v text) PARTITION BY LIST (v);
INSERT INTO pt SELECT id, address FROM customers;

# name: like-plain
# oracle: yes
SELECT id FROM customers WHERE address LIKE '%室' ORDER BY id;

# name: like-sealed
# oracle: yes
SELECT id FROM customers WHERE phone LIKE '___1%' ORDER BY id;

# name: like-id-number-region
# oracle: yes
SELECT id FROM customers WHERE id_number LIKE '______199%' ORDER BY id;

# name: regex-sealed
# oracle: yes
SELECT id FROM customers WHERE phone ~ '^1[0-9]{2}[0-4]' ORDER BY id;

# name: similar-to
# oracle: yes
SELECT id FROM customers WHERE address SIMILAR TO '%1_室' ORDER BY id;

# name: range-sealed-date
# oracle: yes
SELECT id FROM customers WHERE birth_date < '1980-06-15' ORDER BY id;

# name: range-numeric
# oracle: yes
SELECT id FROM customers WHERE credit_limit > 25000 ORDER BY id;

# name: between-numeric
# oracle: yes
SELECT id FROM customers WHERE credit_limit BETWEEN 3000 AND 9000 ORDER BY id;

# name: equality-without-right
# oracle: yes
SELECT id FROM customers WHERE birth_date = '{birth_date:5}' ORDER BY id;

# name: equality-plain-address
# oracle: yes
SELECT id FROM customers WHERE right(address, 3) = '1室' OR length(address) > 15 ORDER BY id;

# name: length-output
# oracle: yes
SELECT id, length(address), length(email) FROM customers ORDER BY id;

# name: substring-compare
# oracle: yes
SELECT id FROM customers WHERE substr(phone, 5, 1) = '5' ORDER BY id;

# name: ascii-output
# oracle: yes
SELECT id, ascii(substr(name, 2, 1)) FROM customers ORDER BY id;

# name: hash-output
# oracle: yes
SELECT id, md5(address) FROM customers ORDER BY id;

# name: hashtext
# oracle: yes
SELECT id, hashtext(address), hashtext(phone) FROM customers ORDER BY id;

# name: case-boolean
# oracle: yes
SELECT id, CASE WHEN phone LIKE '___1%' THEN 1 ELSE 0 END FROM customers ORDER BY id;

# name: case-division-by-zero
# oracle: yes
SELECT id FROM customers WHERE CASE WHEN address LIKE '%室' THEN 1 / (id - 5) ELSE 1 END = 1 ORDER BY id;

# name: order-by-masked
# oracle: yes
SELECT id FROM customers ORDER BY address COLLATE "C", id;

# name: order-by-sealed
# oracle: yes
SELECT id FROM customers ORDER BY birth_date, id;

# name: order-by-position
# oracle: yes
SELECT phone, id FROM customers ORDER BY 1, 2;

# name: order-by-limit
# oracle: yes
SELECT id FROM customers ORDER BY credit_limit, id DESC LIMIT 3;

# name: group-by-masked
# oracle: yes
SELECT count(*) FROM customers GROUP BY address ORDER BY 1;

# name: group-by-sealed
# oracle: yes
SELECT birth_date, count(*) FROM customers GROUP BY birth_date ORDER BY 2, 1;

# name: distinct-sealed
# roles: teller auditor dba
# oracle: yes
SELECT count(*) FROM (SELECT DISTINCT email FROM customers) x;

# name: count-distinct
# oracle: yes
SELECT count(DISTINCT phone), count(DISTINCT address), count(DISTINCT birth_date) FROM customers;

# name: having
# oracle: yes
SELECT branch_id FROM customers GROUP BY branch_id HAVING max(address) LIKE '%室' ORDER BY 1;

# name: sum-case
# oracle: yes
SELECT sum(CASE WHEN address LIKE '%1室' THEN 1 ELSE 0 END) FROM customers;

# name: aggregate-filter
# oracle: yes
SELECT count(*) FILTER (WHERE address LIKE '%1室') FROM customers;

# name: window-rank
# oracle: yes
SELECT id, rank() OVER (ORDER BY address COLLATE "C") FROM customers ORDER BY id;

# name: window-partition
# oracle: yes
SELECT id, count(*) OVER (PARTITION BY address) FROM customers ORDER BY id;

# name: limit-subquery
# oracle: yes
SELECT id FROM branches ORDER BY id LIMIT (SELECT length(address) FROM customers WHERE id = 5) - 14;

# name: exists-like
# oracle: yes
SELECT b.id FROM branches b WHERE EXISTS (SELECT 1 FROM customers c WHERE c.branch_id = b.id AND c.address LIKE '%3室') ORDER BY b.id;

# name: join-guess-table
# oracle: yes
SELECT c.id, g.v FROM customers c JOIN (VALUES ('1980-06-30'::date), ('1970-06-30'), ('1990-06-30')) g (v) ON c.birth_date < g.v ORDER BY 1, 2;

# name: in-guess-list
# oracle: yes
SELECT id FROM customers WHERE email IN ('{email:5}', '{email:6}') ORDER BY id;

# name: update-where-like
# oracle: yes
UPDATE customers SET vip = vip WHERE address LIKE '%1室' RETURNING id;

# name: delete-where-like
# oracle: yes
DELETE FROM cards WHERE holder LIKE '%明' RETURNING id;

# name: delete-where-sealed-range
# oracle: yes
DELETE FROM cards WHERE expires < '2029-06-01' RETURNING id;

# name: self-join-equality
# oracle: yes
SELECT a.id, b.id FROM customers a JOIN customers b ON a.birth_date = b.birth_date AND a.id < b.id ORDER BY 1, 2;

# name: union-dedup
# roles: teller auditor dba
# oracle: yes
SELECT count(*) FROM (SELECT email FROM customers UNION SELECT email FROM customers WHERE id < 9) x;

# name: intersect-guess
# oracle: yes
SELECT count(*) FROM (SELECT birth_date FROM customers INTERSECT SELECT '{birth_date:5}'::date) x;

# name: min-max-numeric
# oracle: yes
SELECT min(credit_limit), max(credit_limit), sum(credit_limit) FROM customers;

# name: numeric-modulo
# oracle: yes
SELECT id, credit_limit % 7000 FROM customers ORDER BY id;

# name: extract-from-date
# oracle: yes
SELECT id, extract(month FROM birth_date) FROM customers ORDER BY id;

# name: age-of-date
# oracle: yes
SELECT id, '2024-01-01'::date - birth_date FROM customers ORDER BY id;

# name: advisory-lock-oracle
# oracle: yes
SELECT count(pg_try_advisory_xact_lock(length(address))), max(length(address)) FROM customers;

# name: generate-series-oracle
# oracle: yes
SELECT count(*) FROM customers c, generate_series(1, length(c.address)) g;

# name: repeat-size
# oracle: yes
SELECT id, octet_length(address), pg_column_size(address) FROM customers ORDER BY id;

# name: bit-tricks
# oracle: yes
SELECT id, get_byte(convert_to(address, 'UTF8'), 20) FROM customers ORDER BY id;

# name: mask-as-predicate
# roles: teller
# oracle: yes
SELECT id FROM customers WHERE address = '北京市朝阳区****' ORDER BY id;

# name: name-prefix
# oracle: yes
SELECT id FROM customers WHERE name LIKE '_伟' ORDER BY id;

# name: name-equality
# oracle: yes
SELECT id FROM customers WHERE name = '{name:5}' ORDER BY id;

# name: memo-like
# oracle: yes
SELECT id FROM transactions WHERE memo LIKE '%7' ORDER BY id;
