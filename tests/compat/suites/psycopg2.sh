suite_version() { echo psycopg2 2.9.13; }
suite_prepare() { sdist psycopg2 2.9.13 && packages venv psycopg2-binary==2.9.13 'pytest<9' && rm -rf run && mkdir run && cp -r tests run/tests; }
suite_setup() { echo 'CREATE EXTENSION hstore;'; }
suite_run() {
  export PSYCOPG2_TESTDB=$PGDATABASE PSYCOPG2_TESTDB_HOST=$PGHOST PSYCOPG2_TESTDB_PORT=$PGPORT PSYCOPG2_TESTDB_USER=$PGUSER
  cd run && PSYCOPG2_TEST_FAST=1 timeout 600 ../venv/bin/python -m pytest -q -p no:cacheprovider --junitxml=junit.xml tests
  from_junit junit.xml "$1"
}
