# name: whole-plain-people
# roles: app teller auditor
SELECT * FROM plain_people;

# name: whole-named-people
# roles: app teller auditor
SELECT * FROM named_people;

# name: whole-all-of-people
# roles: app teller auditor
SELECT * FROM all_of_people;

# name: whole-vips
# roles: app teller auditor
SELECT * FROM vips;

# name: whole-nested-people
# roles: app teller auditor
SELECT * FROM nested_people;

# name: whole-by-branch
# roles: app teller auditor
SELECT * FROM by_branch;

# name: whole-names-by-branch
# roles: app teller auditor
SELECT * FROM names_by_branch;

# name: whole-over-by-branch
# roles: app teller auditor
SELECT * FROM over_by_branch;

# name: whole-newest
# roles: app teller auditor
SELECT * FROM newest;

# name: whole-first-names
# roles: app teller auditor
SELECT * FROM first_names;

# name: whole-different-names
# roles: app teller auditor
SELECT * FROM different_names;

# name: whole-with-accounts
# roles: app teller auditor
SELECT * FROM with_accounts;

# name: whole-with-cities
# roles: app teller auditor
SELECT * FROM with_cities;

# name: whole-totals
# roles: app teller auditor
SELECT * FROM totals;

# name: whole-computed
# roles: app teller auditor
SELECT * FROM computed;

# name: whole-chosen
# roles: app teller auditor
SELECT * FROM chosen;

# name: whole-literals
# roles: app teller auditor
SELECT * FROM literals;

# name: whole-by-cte
# roles: app teller auditor
SELECT * FROM by_cte;

# name: whole-stepped
# roles: app teller auditor
SELECT * FROM stepped;

# name: whole-numbered
# roles: app teller auditor
SELECT * FROM numbered;

# name: whole-both-kinds
# roles: app teller auditor
SELECT * FROM both_kinds;

# name: whole-counted
# roles: app teller auditor
SELECT * FROM counted;

# name: whole-rich
# roles: app teller auditor
SELECT * FROM rich;

# name: whole-sets
# roles: app teller auditor
SELECT * FROM sets;

# name: whole-typed
# roles: app teller auditor
SELECT * FROM typed;

# name: whole-failing
# roles: app teller
# expect: error 22012
SELECT * FROM failing;

# name: whole-failing-on-hidden-rows
# roles: auditor
SELECT * FROM failing;

# name: whole-reachable
# roles: app teller auditor
SELECT * FROM reachable;

# name: whole-invoked
# roles: app teller auditor
SELECT * FROM invoked;

# name: whole-fenced
# roles: app teller auditor
SELECT * FROM fenced;

# name: whole-over-invoked
# roles: app teller auditor
SELECT * FROM over_invoked;

# name: whole-same-phones
# roles: app
# note: compared as they are stored, no two sealed values are alike
SELECT * FROM same_phones;

# name: whole-phones
# roles: app auditor
SELECT * FROM phones;

# name: whole-phones-masked
# roles: teller
# expect: refuse
SELECT * FROM phones;

# name: whole-same-phones-masked
# roles: teller auditor
# expect: refuse
SELECT * FROM same_phones;

# name: renamed-again
# roles: app teller auditor
SELECT a.x, a.y FROM plain_people AS a(x, y) ORDER BY 1 LIMIT 3;

# name: by-its-schema
# roles: app teller auditor
SELECT public.plain_people.id FROM public.plain_people WHERE plain_people.vip ORDER BY 1;

# name: predicate
# roles: app teller auditor
SELECT v.id, v.name FROM plain_people AS v WHERE v.branch_id = 1 AND v.name LIKE '%*' ORDER BY v.id LIMIT 3;

# name: predicate-that-fails
# roles: auditor
# note: hidden rows are of branch 2
SELECT id FROM plain_people WHERE 1 / (branch_id - 2) < 5 ORDER BY 1;

# name: predicate-on-what-a-barrier-leaves-out
# roles: app teller auditor
SELECT id FROM fenced WHERE 1 / (id - 104) < 5 ORDER BY 1;

# name: aggregate-of-aggregates
# roles: app teller auditor
SELECT count(*), sum(n) FROM by_branch;

# name: joined-with-a-table
# roles: app teller auditor
SELECT b.city, v.n FROM by_branch v JOIN branches b ON b.id = v.branch_id ORDER BY 1;

# name: joined-with-itself
# roles: app teller auditor
SELECT a.id FROM plain_people a JOIN plain_people b ON b.id = a.id + 8 ORDER BY 1;

# name: joined-using
# roles: app teller auditor
SELECT id FROM plain_people JOIN vips USING (id) ORDER BY id;

# name: correlated
# roles: app teller auditor
SELECT a.id, (SELECT v.n FROM by_branch v WHERE v.branch_id = a.branch_id) FROM plain_people a ORDER BY 1 LIMIT 5;

# name: in-a-subquery
# roles: app teller auditor
SELECT id FROM customers WHERE id IN (SELECT id FROM vips) ORDER BY 1;

# name: lateral
# roles: app teller auditor
SELECT v.id, l.n FROM vips v, LATERAL (SELECT n FROM by_branch g WHERE g.branch_id = v.id) l ORDER BY 1;

# name: beside-with-queries-of-its-tables-names
# roles: app teller auditor
WITH customers AS (SELECT 1 AS id), x AS (SELECT 2 AS branch_id), pg_type AS (SELECT 3 AS oid) SELECT v.branch_id, v.n, t.typname FROM by_cte v, customers, x, typed t ORDER BY 1, 3 LIMIT 4;

# name: in-a-with-query
# roles: app teller auditor
WITH w AS (SELECT * FROM with_accounts) SELECT id, balance FROM w ORDER BY id LIMIT 3;

# name: as-a-table
# roles: app teller auditor
TABLE vips;

# name: in-a-union
# roles: app teller auditor
SELECT id FROM plain_people UNION SELECT top FROM by_branch ORDER BY 1 LIMIT 4;

# name: locked
# roles: app teller auditor
SELECT id FROM plain_people WHERE id = 8 FOR UPDATE;

# name: looked-up
# roles: teller
# twin: SELECT id, phone FROM plain_people WHERE id = 8
SELECT id, phone FROM plain_people WHERE phone = '{phone:8}';

# name: limit-by-a-view
# roles: app teller auditor
SELECT id FROM plain_people ORDER BY id LIMIT (SELECT n FROM by_branch WHERE branch_id = 1);

# name: copied
# roles: app teller auditor
COPY (SELECT id, name FROM plain_people) TO STDOUT;

# name: copied-as-a-table
# roles: app teller auditor
# expect: error 42809
# note: was answered
COPY plain_people TO STDOUT;

# name: stored
# roles: app teller auditor
CREATE TEMP TABLE kept AS SELECT id, name FROM plain_people WHERE id < 20;
SELECT * FROM kept ORDER BY id;

# name: inserted-from
# roles: app teller auditor
INSERT INTO scratch SELECT id, name FROM plain_people WHERE id < 20;
SELECT * FROM scratch ORDER BY id;

# name: updated-from
# roles: app teller auditor
UPDATE accounts a SET status = 'seen' FROM vips v WHERE v.id = a.customer_id RETURNING a.id, v.name;

# name: deleted-using
# roles: app teller auditor
INSERT INTO scratch VALUES (8, 'x'), (9, 'y');
DELETE FROM scratch USING plain_people v WHERE v.id = scratch.id RETURNING scratch.id;

# name: by-a-cursor
# roles: app teller auditor
DECLARE c CURSOR FOR SELECT id, name FROM plain_people ORDER BY id;
FETCH 2 FROM c;
FETCH 2 FROM c;

# name: prepared
# roles: app teller auditor
# modes: simple
PREPARE p(bigint) AS SELECT id, name FROM plain_people WHERE id = $1;
EXECUTE p(8);

# name: parameter
# roles: app teller auditor
# params: ["8"]
SELECT id, name FROM plain_people WHERE id = $1;

# name: dates-in-another-style
# roles: app teller auditor
# expect: refuse
SET LOCAL DateStyle = 'SQL, DMY';
SET LOCAL IntervalStyle = 'sql_standard';
SELECT id, d, iv, n, by, bs FROM literals ORDER BY id LIMIT 2;

# name: on-a-search-path-of-its-own
# roles: app teller auditor
# transaction: no
SET search_path = pg_temp;
SELECT * FROM public.by_branch ORDER BY 1;

# name: changed
# roles: app teller auditor
# expect: refuse
UPDATE plain_people SET vip = true WHERE id = 8;

# name: one-that-may-not-be-read
# roles: app teller auditor
# expect: error 42501
# note: the tables behind it may be
SELECT * FROM withheld;

# name: column-that-is-not-there
# roles: app teller auditor
# expect: error 42703
SELECT nosuch FROM plain_people;

# name: whole-row
# roles: app teller auditor
# expect: refuse
SELECT row_to_json(v) FROM by_branch v;
