# name: select-star
# roles: app teller
SELECT * FROM customers WHERE id <= 20;

# name: select-star-accounts
# roles: app teller
SELECT * FROM accounts WHERE id <= 20;

# name: select-star-cards
# roles: app teller
SELECT * FROM cards WHERE id <= 20;

# name: select-star-transactions
# roles: app teller
SELECT * FROM transactions WHERE id <= 40;

# name: select-star-kyc
# roles: app
SELECT * FROM kyc WHERE customer_id <= 40;

# name: select-columns
# roles: app teller
SELECT id, name, phone, id_number, email FROM customers WHERE id < 30 ORDER BY id;

# name: select-aliases
# roles: app teller
SELECT c.phone AS a, c.phone AS b, c.id_number "Id Number" FROM customers AS c WHERE c.id IN (1, 2, 3) ORDER BY c.id;

# name: select-qualified
# roles: app teller
SELECT customers.phone, public.customers.email FROM public.customers WHERE customers.id = 4;

# name: select-table-star-twice
# roles: app teller
SELECT c.*, c.* FROM customers c WHERE id = 4;

# name: select-order-limit-offset
# roles: app teller
SELECT id, phone FROM customers ORDER BY id DESC LIMIT 5 OFFSET 3;

# name: select-fetch-first
# roles: app teller
SELECT id, phone FROM customers ORDER BY id FETCH FIRST 3 ROWS ONLY;

# name: equal-literal
SELECT id, phone, name FROM customers WHERE phone = '{phone:5}';

# name: equal-literal-teller
# roles: teller
# twin: SELECT id, phone, name FROM customers WHERE id = 5
SELECT id, phone, name FROM customers WHERE phone = '{phone:5}';

# name: equal-param
# params: ["{phone:5}"]
SELECT id, phone FROM customers WHERE phone = $1;

# name: equal-param-reversed
# params: ["{phone:5}"]
SELECT id, phone FROM customers WHERE $1 = phone;

# name: equal-no-match
SELECT id, phone FROM customers WHERE phone = '10000000000';

# name: equal-empty-string
SELECT id FROM customers WHERE phone = '';

# name: equal-null-literal
SELECT id FROM customers WHERE phone = NULL;

# name: equal-null-param
# params: [null]
SELECT id FROM customers WHERE phone = $1;

# name: equal-char-padding
SELECT id FROM customers WHERE id_number = '{id_number:6}  ';

# name: equal-varchar-blank-differs
SELECT id FROM customers WHERE phone = '{phone:6} ';

# name: equal-cast-literal
SELECT id FROM customers WHERE phone = '{phone:7}'::varchar;

# name: equal-cast-param
# params: ["{phone:7}"]
SELECT id FROM customers WHERE phone = $1::varchar;

# name: equal-date
SELECT id, birth_date FROM customers WHERE birth_date = '{birth_date:8}';

# name: equal-date-keyword
SELECT id, birth_date FROM customers WHERE birth_date = DATE '{birth_date:8}';

# name: equal-date-param
# params: ["{birth_date:8}"]
SELECT id, birth_date FROM customers WHERE birth_date = $1 ORDER BY id;

# name: equal-numeric-scale
SELECT id, credit_limit FROM customers WHERE credit_limit = 6000 ORDER BY id;

# name: equal-numeric-decimals
SELECT id, credit_limit FROM customers WHERE credit_limit = 6000.000 ORDER BY id;

# name: equal-numeric-string
SELECT id, credit_limit FROM customers WHERE credit_limit = '6000.0' ORDER BY id;

# name: not-equal
SELECT count(*) FROM customers WHERE phone <> '{phone:5}';

# name: not-equal-c-style
SELECT count(*) FROM customers WHERE phone != '{phone:5}';

# name: not-equal-param
# params: ["{phone:5}"]
SELECT id, phone FROM customers WHERE phone <> $1 AND id < 10;

# name: in-list
SELECT id, phone FROM customers WHERE phone IN ('{phone:1}', '{phone:2}', '{phone:3}') ORDER BY id;

# name: in-params
# params: ["{phone:1}", "{phone:2}"]
SELECT id, phone FROM customers WHERE phone IN ($1, $2) ORDER BY id;

# name: in-list-with-null
SELECT id FROM customers WHERE phone IN ('{phone:1}', NULL);

# name: not-in-list
SELECT id FROM customers WHERE phone NOT IN ('{phone:1}', '{phone:2}') AND id < 8 ORDER BY id;

# name: any-array-param
# params: ["{\"{phone:1}\",\"{phone:4}\"}"]
SELECT id, phone FROM customers WHERE phone = ANY($1) ORDER BY id;

# name: any-array-param-cast
# params: ["{{phone:1},{phone:4}}"]
SELECT id, phone FROM customers WHERE phone = ANY($1::varchar[]) ORDER BY id;

# name: any-array-param-empty
# params: ["{}"]
SELECT id, phone FROM customers WHERE phone = ANY($1::varchar[]);

# name: any-array-param-with-null
# params: ["{NULL,{phone:2}}"]
SELECT id, phone FROM customers WHERE phone = ANY($1::varchar[]);

# name: any-array-literal
SELECT id FROM customers WHERE phone = ANY('{{phone:1},{phone:2}}') ORDER BY id;

# name: any-array-constructor
SELECT id FROM customers WHERE phone = ANY(ARRAY['{phone:1}', '{phone:2}']) ORDER BY id;

# name: any-date-array
# params: ["{{birth_date:3},{birth_date:4}}"]
SELECT id FROM customers WHERE birth_date = ANY($1::date[]) ORDER BY id;

# name: is-null
# roles: app teller
SELECT id FROM customers WHERE phone IS NULL ORDER BY id;

# name: is-not-null
# roles: app teller
SELECT count(*) FROM customers WHERE phone IS NOT NULL;

# name: is-null-output
# roles: app teller
SELECT id, phone IS NULL, email IS NOT NULL FROM customers WHERE id < 40 ORDER BY id;

# name: is-not-distinct-from
SELECT id FROM customers WHERE phone IS NOT DISTINCT FROM '{phone:5}';

# name: is-not-distinct-from-null
SELECT id FROM customers WHERE phone IS NOT DISTINCT FROM NULL ORDER BY id;

# name: is-distinct-from
SELECT count(*) FROM customers WHERE phone IS DISTINCT FROM '{phone:5}';

# name: is-distinct-from-param
# params: ["{phone:5}"]
SELECT count(*) FROM customers WHERE phone IS DISTINCT FROM $1;

# name: row-tuple-equal
SELECT id FROM customers WHERE (phone, email) = ('{phone:5}', '{email:5}');

# name: row-tuple-in
SELECT id FROM customers WHERE (phone, branch_id) IN (('{phone:5}', 6), ('{phone:6}', 7)) ORDER BY id;

# name: row-tuple-params
# params: ["{phone:5}", "{email:5}"]
SELECT id FROM customers WHERE (phone, email) = ($1, $2);

# name: and-or-not
SELECT id FROM customers WHERE (phone = '{phone:5}' OR email = '{email:6}') AND NOT vip ORDER BY id;

# name: not-equal-by-not
SELECT count(*) FROM customers WHERE NOT (phone = '{phone:5}');

# name: is-true-of-equality
SELECT count(*) FROM customers WHERE (phone = '{phone:5}') IS NOT TRUE;

# name: equality-as-output
SELECT id, phone = '{phone:5}' AS hit FROM customers WHERE id IN (5, 6, 17) ORDER BY id;

# name: equality-in-case
SELECT id, CASE WHEN phone = '{phone:5}' THEN 'yes' ELSE 'no' END FROM customers WHERE id IN (5, 6) ORDER BY id;

# name: equality-in-filter-aggregate
SELECT count(*) FILTER (WHERE phone = '{phone:5}') FROM customers;

# name: two-sealed-predicates
SELECT id FROM customers WHERE id_number = '{id_number:9}' AND phone = '{phone:9}';

# name: plain-predicate-on-masked-clear
SELECT id, name FROM customers WHERE name = '{name:5}' ORDER BY id;

# name: like-on-plain-clear
SELECT id, address FROM customers WHERE address LIKE '北京市%' ORDER BY id;

# name: order-by-plain-masked-clear
SELECT id, balance FROM accounts ORDER BY balance, id LIMIT 10;

# name: sum-plain-masked
SELECT sum(balance), avg(balance), max(balance) FROM accounts;

# name: group-by-open-column
# roles: app teller
SELECT branch_id, count(*) FROM customers GROUP BY branch_id ORDER BY branch_id;

# name: count-sealed
# roles: app teller
SELECT count(phone), count(*), count(email) FROM customers;

# name: group-by-sealed
SELECT phone, count(*) FROM customers WHERE id < 40 GROUP BY phone;

# name: group-by-sealed-date
SELECT birth_date, count(*) FROM customers GROUP BY birth_date HAVING count(*) > 1;

# name: group-by-sealed-position
SELECT credit_limit, count(*), min(id) FROM customers GROUP BY 1;

# name: group-by-sealed-having
SELECT credit_limit FROM customers GROUP BY credit_limit HAVING count(*) >= 4;

# name: distinct-sealed
SELECT DISTINCT credit_limit FROM customers;

# name: distinct-two-columns
SELECT DISTINCT credit_limit, branch_id FROM customers WHERE id < 60;

# name: distinct-on-sealed
# expect: refuse
SELECT DISTINCT ON (credit_limit) credit_limit, id FROM customers ORDER BY credit_limit, id;

# name: count-distinct-sealed
SELECT count(DISTINCT phone), count(DISTINCT credit_limit) FROM customers;

# name: count-distinct-by-branch
SELECT branch_id, count(DISTINCT credit_limit) FROM customers GROUP BY branch_id ORDER BY branch_id;

# name: count-distinct-filter
SELECT count(DISTINCT birth_date) FROM customers WHERE branch_id = 3;

# name: order-by-sealed
# expect: refuse
SELECT id, phone FROM customers ORDER BY phone;

# name: like-on-sealed
# expect: refuse
SELECT id FROM customers WHERE phone LIKE '138%';

# name: range-on-sealed
# expect: refuse
SELECT id FROM customers WHERE birth_date < '1980-01-01';

# name: between-on-sealed
# expect: refuse
SELECT id FROM customers WHERE birth_date BETWEEN '1980-01-01' AND '1981-01-01';

# name: function-on-sealed
# expect: refuse
SELECT lower(email), length(phone), upper(notes) FROM customers WHERE id = 5;

# name: arithmetic-on-sealed
# expect: refuse
SELECT credit_limit * 2 FROM customers WHERE id = 5;

# name: sum-on-sealed
# expect: refuse
SELECT sum(credit_limit) FROM customers;

# name: min-max-on-sealed
# expect: refuse
SELECT min(birth_date), max(birth_date) FROM customers;

# name: concat-sealed
# expect: refuse
SELECT phone || '/' || email FROM customers WHERE id = 5;

# name: cast-sealed
# expect: refuse
SELECT phone::text, birth_date::text FROM customers WHERE id = 5;

# name: coalesce-sealed
SELECT coalesce(phone, 'none') FROM customers WHERE id IN (16, 17);

# name: array-agg-sealed
# expect: refuse
SELECT array_agg(phone ORDER BY id) FROM customers WHERE id < 5;

# name: json-of-row
# expect: refuse
SELECT row_to_json(c) FROM customers c WHERE id = 5;

# name: whole-row
# expect: refuse
SELECT c FROM customers c WHERE id = 5;

# name: window-over-sealed
# expect: refuse
SELECT id, lag(phone) OVER (ORDER BY id) FROM customers WHERE id < 5;

# name: window-over-plain
# roles: app teller
SELECT id, row_number() OVER (ORDER BY id), phone FROM customers WHERE id < 5;

# name: for-update
SELECT id, phone FROM customers WHERE id = 5 FOR UPDATE;

# name: for-no-key-update
SELECT id, phone FROM customers WHERE phone = '{phone:5}' FOR NO KEY UPDATE;

# name: for-share-of
SELECT c.id, c.phone FROM customers c JOIN branches b ON b.id = c.branch_id WHERE c.id = 5 FOR SHARE OF c;

# name: unprotected-table
# roles: app teller
SELECT * FROM branches ORDER BY id;

# name: no-table
# roles: app teller
SELECT 1, 'x', now() IS NOT NULL;

# name: unknown-column
# roles: app teller
# expect: error 42703
SELECT nosuch FROM customers;

# name: unknown-table
# roles: app teller
# expect: error 42P01
SELECT * FROM nosuch;

# name: syntax-error
# roles: app teller
# expect: error 42601
SELEC 1;

# name: division-by-zero
# roles: app teller
# expect: error 22012
SELECT 1 / 0;

# name: values
# roles: app teller
VALUES (1, 'a'), (2, 'b');

# name: table-command
# roles: app teller
TABLE branches;

# name: table-command-protected
# expect: refuse
TABLE employees;

# name: comment-and-whitespace
# roles: app teller
/* a */ SELECT -- b
 id, phone /* c */ FROM customers -- d
 WHERE id = 5;

# name: quoted-identifiers
# roles: app teller
SELECT "customers"."phone" FROM "public"."customers" WHERE "id" = 5;

# name: upper-case
# roles: app teller
SELECT PHONE, Id FROM CUSTOMERS WHERE ID = 5;

# name: not-in-params
# params: ["{phone:1}", "{phone:2}"]
SELECT id FROM customers WHERE phone NOT IN ($1, $2) AND id < 20 ORDER BY id;

# name: is-not-distinct-from-param
# params: ["{phone:5}"]
SELECT id, phone FROM customers WHERE phone IS NOT DISTINCT FROM $1;

# name: is-distinct-from-null
SELECT id, phone FROM customers WHERE phone IS DISTINCT FROM NULL AND id < 20 ORDER BY id;

# name: group-by-primary-key
# roles: app teller
SELECT c.id, c.name, c.phone, count(*) FROM customers c JOIN accounts a ON a.customer_id = c.id GROUP BY c.id ORDER BY c.id;

# name: group-by-primary-key-by-place
# roles: app teller
SELECT id, name, upper(address), count(*) FROM customers GROUP BY 1 HAVING max(branch_id) > 2 ORDER BY name, id;

# name: group-by-sealed-null-test
SELECT phone IS NULL AS none, phone, count(*) FROM customers GROUP BY phone HAVING phone IS NOT NULL OR count(*) > 1;

# name: row-from-subquery
# expect: refuse
SELECT id FROM customers c WHERE (c.id, '{phone:5}') = (SELECT k.id, k.phone FROM customers k WHERE k.id = 5);

# name: optional-search-by-sealed
# params: ["{phone:5}", null]
# note: JPA writes optional conditions so
SELECT id FROM customers WHERE ($1::text IS NULL OR phone = $1) AND ($2::int IS NULL OR branch_id = $2) ORDER BY id;

# name: optional-search-without
# params: [null, "2000-01-01"]
SELECT id FROM customers WHERE ($1::text IS NULL OR phone = $1) AND ($2::date IS NOT NULL OR birth_date = $2) ORDER BY id;

# name: grouping-sets-of-masked
# roles: app teller
SELECT branch_id, name, count(*) FROM customers GROUP BY GROUPING SETS ((branch_id), (name), (branch_id, name), ()) ORDER BY 1, 2, 3;

# name: any-array-of-literals-is-text
# expect: error 42883
SELECT id FROM customers WHERE birth_date = ANY (ARRAY['1990-01-01', '1991-01-01']);

# name: any-array-of-params-is-text
# params: ["1", "2"]
# expect: error 42883
SELECT id FROM customers WHERE credit_limit = ANY (ARRAY[$1, $2]);

# name: any-array-of-char-is-text
# params: ["{id_number:5}", "{id_number:6}"]
SELECT id FROM customers WHERE id_number = ANY (ARRAY[$1, $2]);

# name: any-array-of-char-with-blanks
# params: ["{id_number:5}", "{id_number:6}  "]
# expect: refuse
# note: compared as text, where blanks at the end count
SELECT id FROM customers WHERE id_number = ANY (ARRAY[$1, $2]);

# name: any-array-with-one-typed
# params: ["1000.00"]
SELECT id FROM customers WHERE credit_limit = ANY (ARRAY[2000.00, $1]) ORDER BY id;

# name: any-array-with-cast-char
# params: ["{id_number:5}", "{id_number:6}  "]
SELECT id FROM customers WHERE id_number = ANY (ARRAY[$1, $2]::bpchar[]);

# name: modifiers-beside-sealed
# note: a printer of another parser loses these modifiers
# roles: app
SELECT id, phone, interval(0) '1.5 s' AS i, count(*) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM customers WHERE phone = '{phone:5}';

# name: operators-that-another-reader-splits
# note: `<>-1` is two operators, `!~~` one; precedence as PostgreSQL has it
SELECT id, phone, id<>-1 AS a, id>=-1 AND id BETWEEN 1 AND 9 AS b, 1 - -1 AS c, name !~~ 'x' AS d FROM customers WHERE phone = '{phone:5}' AND id<>/**/1;

# name: operators-that-postgresql-has-not
# expect: error 42883
SELECT id == 1 FROM branches;

# name: operator-of-a-star-a-question-mark-and-a-bar
# expect: error 42883
SELECT id *?| 1 FROM branches;

# name: operator-of-a-star-a-question-mark-and-a-bar-over-sealed
# roles: app teller
# expect: error 42883
SELECT id FROM customers WHERE id *?| 1 AND phone = '13812345678';

# name: grouping-sets-with-rollup
# roles: app teller
SELECT branch_id, vip, count(*) FROM customers GROUP BY GROUPING SETS (ROLLUP (branch_id, vip), branch_id) ORDER BY 1, 2, 3;

# name: not-in-list-with-null
# roles: app teller
SELECT id FROM customers WHERE id < 9 AND phone NOT IN ('{phone:1}', NULL);

# name: range-from-infinity
# note: a printer of another parser makes an interval of it
SELECT id, phone, count(*) OVER (ORDER BY id::float8 RANGE BETWEEN 'inf' PRECEDING AND CURRENT ROW) AS n FROM customers WHERE id < 9 AND phone IS NOT NULL ORDER BY id;

# name: operators-of-three-signs
# note: another reader splits `@@@`
SELECT id, phone, to_tsvector('simple', 'a b') @@@ to_tsquery('simple', 'a') AS found FROM customers WHERE phone = '{phone:5}';

# name: intersection-of-three-columns
# roles: app
(SELECT id AS col1, name AS col2, phone AS col3 FROM customers WHERE id < 9) INTERSECT (SELECT id, name, phone FROM customers WHERE id > 5) ORDER BY (1) ASC;
SELECT count(*) FROM ((SELECT id, name, phone, branch_id FROM customers WHERE id < 9) EXCEPT (SELECT id, name, phone, branch_id FROM customers WHERE id > 5)) s;
