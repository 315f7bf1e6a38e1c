suite_version() { echo pgx 5.13.0; }
suite_prepare() { go_module github.com/jackc/pgx/v5 v5.13.0 && cd run && go vet ./pgconn >/dev/null; }
suite_setup() {
  cat <<'SQL'
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
CREATE DOMAIN uint64 AS numeric(20,0);
DROP ROLE IF EXISTS " tricky, ' } "" \\ test user ";
CREATE ROLE " tricky, ' } "" \\ test user " SUPERUSER LOGIN;
SQL
}
suite_run() {
  export PGX_TEST_DATABASE="host=$PGHOST port=$PGPORT user=$PGUSER database=$PGDATABASE" PGX_TEST_TCP_CONN_STRING
  PGX_TEST_TCP_CONN_STRING=$PGX_TEST_DATABASE
  cd run && go_tests "$1" -timeout 900s $(go list ./... | grep -v -e /pgproto3 -e /internal/ -e /examples/)
}
