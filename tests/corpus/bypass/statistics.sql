# name: most-common-names
SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'customers' AND attname = 'name';

# name: histogram
SELECT attname, histogram_bounds::text FROM pg_stats WHERE tablename = 'customers';

# name: all-of-pg-stats
SELECT * FROM pg_catalog.pg_stats WHERE schemaname = 'public';

# name: whole-rows-of-pg-stats
SELECT to_jsonb(s) FROM pg_stats s WHERE tablename = 'customers';

# name: pg-stats-by-a-view
CREATE TEMP VIEW s AS SELECT tablename, histogram_bounds::text AS h FROM pg_stats;
SELECT h FROM s WHERE tablename = 'customers';

# name: pg-stats-copied
CREATE TEMP TABLE s AS SELECT tablename, histogram_bounds::text AS h FROM pg_stats;
SELECT h FROM s WHERE tablename = 'customers';

# name: pg-stats-exported
# modes: simple
COPY (SELECT histogram_bounds FROM pg_stats WHERE tablename = 'customers') TO STDOUT;

# name: pg-stats-by-xml
SELECT query_to_xml('SELECT histogram_bounds::text FROM pg_stats WHERE tablename = ''customers''', true, false, '');

# name: pg-statistic
# roles: dba
SELECT stavalues1::text, stavalues2::text FROM pg_statistic WHERE starelid = 'customers'::regclass;

# name: pg-statistic-whole-row
# roles: dba
SELECT s::text FROM pg_statistic s WHERE starelid = 'customers'::regclass;

# name: statistics-of-a-materialized-view
ANALYZE contact_sheet;
SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'contact_sheet';

# name: statistics-of-an-index
CREATE INDEX by_address ON customers ((address || ''));
ANALYZE customers;
SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'by_address';

# name: extended-statistics
ANALYZE customers;
SELECT most_common_vals::text FROM pg_stats_ext WHERE tablename = 'customers';

# name: extended-statistics-of-an-expression
CREATE STATISTICS said (mcv) ON (address || ''), vip FROM customers;
ALTER TABLE customers ALTER COLUMN address SET STATISTICS 1000;
ANALYZE customers;
SELECT histogram_bounds::text FROM pg_stats_ext_exprs WHERE statistics_name = 'said';

# name: extended-statistics-values
# roles: dba
SELECT stxdmcv::bytea FROM pg_statistic_ext_data;

# name: text-of-another-session
# roles: dba
# beside: SELECT 1 FROM customers WHERE phone = '{phone:5}' AND id_number = '{id_number:6}'
SELECT query FROM pg_stat_activity;

# name: text-of-another-session-by-function
# roles: dba
# beside: SELECT 1 FROM customers WHERE phone = '{phone:5}'
SELECT pg_stat_get_backend_activity(i) FROM pg_stat_get_backend_idset() i;

# name: text-of-another-session-as-rows
# roles: dba
# beside: SELECT 1 FROM customers WHERE email = '{email:5}'
SELECT a::text FROM pg_stat_get_activity(NULL) a;

# name: explain-shows-a-folded-constant
CREATE FUNCTION folded(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN public.address_of($1); END $$;
EXPLAIN VERBOSE SELECT folded(5), folded(6);

# name: explain-estimates
# oracle: yes
EXPLAIN SELECT 1 FROM customers WHERE name = '{name:5}';

# name: explain-estimates-of-a-like
# oracle: yes
EXPLAIN (FORMAT json) SELECT 1 FROM customers WHERE address LIKE '%1室';

# name: explain-actual-rows
# oracle: yes
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT 1 FROM customers WHERE address LIKE '%1室';

# name: explain-actual-rows-in-xml
# oracle: yes
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, FORMAT xml) SELECT 1 FROM customers WHERE substr(phone, 4) = substr('{phone:5}', 4);

# name: explain-removed-rows-in-yaml
# oracle: yes
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, FORMAT yaml) SELECT 1 FROM cards WHERE holder LIKE '%明';

# name: explain-of-a-view
# oracle: yes
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT 1 FROM barrier_contacts WHERE a LIKE '%1室';

# name: explain-of-a-cursor
# oracle: yes
EXPLAIN (COSTS on) DECLARE c CURSOR FOR SELECT 1 FROM customers WHERE name = '{name:5}';

# name: explain-of-an-update
# oracle: yes
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) UPDATE customers SET vip = vip WHERE address LIKE '%1室';

# name: explain-of-an-execute
# oracle: yes
PREPARE p AS SELECT 1 FROM customers WHERE address LIKE '%1室';
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) EXECUTE p;

# name: explain-runs-an-insert
EXPLAIN ANALYZE INSERT INTO scratch2 SELECT id, address FROM customers;
SELECT v FROM scratch2;

# name: explain-runs-a-table-as
EXPLAIN ANALYZE CREATE TABLE made AS SELECT address FROM customers;
SELECT address FROM made;

# name: explain-runs-a-function
EXPLAIN ANALYZE SELECT lo_from_bytea(987659, convert_to(address_of(5), 'UTF8'));
SELECT lo_get(987659);

# name: explain-cast-error
EXPLAIN ANALYZE SELECT address::int FROM customers;

# name: explain-of-a-batch
# modes: simple
EXPLAIN ANALYZE INSERT INTO scratch2 SELECT id, phone || address FROM customers\; SELECT v FROM scratch2;
