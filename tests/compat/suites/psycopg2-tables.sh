# psycopg2's tests that make tables which are not temporary: here with columns of them sealed, too.
. "$here/suites/psycopg2.sh"
suite_run() {
  export PSYCOPG2_TESTDB=$PGDATABASE PSYCOPG2_TESTDB_HOST=$PGHOST PSYCOPG2_TESTDB_PORT=$PGPORT PSYCOPG2_TESTDB_USER=$PGUSER
  cd run && PSYCOPG2_TEST_FAST=1 timeout 600 ../venv/bin/python -m pytest -q -p no:cacheprovider --junitxml=junit.xml \
    tests/test_{connection,copy,cursor,fast_executemany,psycopg2_dbapi20,sql,transaction,types_extras,with}.py
  from_junit junit.xml "$1"
}
