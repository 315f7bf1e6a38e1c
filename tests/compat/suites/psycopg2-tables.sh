# psycopg2's tests that make tables: here with columns of them sealed, too. In the copy that is run those of the tests of COPY
# and of the cursors that give dictionaries and named tuples are not temporary, but committed, in the place of what an earlier
# test has left.
. "$here/suites/psycopg2.sh"
suite_prepare() {
  sdist psycopg2 2.9.13 && packages venv psycopg2-binary==2.9.13 'pytest<9' && rm -rf run && mkdir run && cp -r tests run/tests &&
    sed -i -E "s/CREATE TEMPORARY TABLE (\w+)/DROP TABLE IF EXISTS \1; CREATE TABLE \1/; /CREATE TABLE tcopy/,/'''\)\$/s/^( +)\)'''\)\$/&\n        self.conn.commit()/
      s/^( +)curs.execute\(\"DROP TABLE IF EXISTS .*/&\n\1self.conn.commit()/" run/tests/test_{copy,extras_dictcursor}.py
}
suite_run() {
  export PSYCOPG2_TESTDB=$PGDATABASE PSYCOPG2_TESTDB_HOST=$PGHOST PSYCOPG2_TESTDB_PORT=$PGPORT PSYCOPG2_TESTDB_USER=$PGUSER
  cd run && PSYCOPG2_TEST_FAST=1 timeout 600 ../venv/bin/python -m pytest -q -p no:cacheprovider --junitxml=junit.xml \
    tests/test_{connection,copy,cursor,extras_dictcursor,fast_executemany,psycopg2_dbapi20,sql,transaction,types_extras,with}.py
  from_junit junit.xml "$1"
}
