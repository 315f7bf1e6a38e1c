# The dialect's own tests and those that every dialect has to pass, by psycopg and by asyncpg: those that ask a database, and of
# the six types of ranges, each tried in 1,228 ways, one.
suite_version() { echo SQLAlchemy 2.1.9; }
suite_prepare() {
  sdist sqlalchemy 2.1.9 && packages venv sqlalchemy==2.1.9 greenlet 'psycopg[binary]==3.3.9' asyncpg==0.32.0 'pytest<9'
}
suite_settings() { echo max_prepared_transactions=0; }
suite_setup() { echo 'CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE SCHEMA test_schema; CREATE SCHEMA test_schema_2;'; }
suite_run() {
  local driver
  for driver in psycopg asyncpg; do
    timeout 1500 venv/bin/python -m pytest -q -p no:cacheprovider -o addopts= --tb native -p no:logging --strict-markers -m backend \
      -k 'not (NumRange or Int8Range or DateTimeTZRange or DateTimeRange or DateRange)' \
      --junitxml="$driver.xml" --dburi "postgresql+$driver://$PGUSER@$PGHOST:$PGPORT/$PGDATABASE" \
      test/dialect/postgresql test/dialect/test_suite.py
    # The class's name holds the driver and the server's version
    from_junit "$driver.xml" "$driver.tsv"
  done
  cat psycopg.tsv asyncpg.tsv >"$1"
}
