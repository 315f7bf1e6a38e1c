# psycopg2's tests that make tables: here with columns of them sealed, too. In the copy that is run the tables of most are not
# temporary, are committed as soon as they are made, and take the place of what an earlier test has left.
. "$here/suites/psycopg2.sh"
suite_prepare() {
  sdist psycopg2 2.9.13 && packages venv psycopg2-binary==2.9.13 'pytest<9' && rm -rf run && mkdir run && cp -r tests run/tests &&
    sed -i 's/cursor.execute(self.ddl[12])/&; cursor.connection.commit()/' run/tests/dbapi20.py &&
    python3 - run/tests/test_{copy,cursor,extras_dictcursor,fast_executemany,sql}.py <<'PY'
import pathlib, re, sys
quoted = r"""(\"{3}|'{3}|")((?:(?!\3).)*?)create (?:temporary )?table (\w+)((?:(?!\3).)*)\3"""
makes = re.compile(rf"^( +)(\w+)\.execute\({quoted}\)\n", re.I | re.S | re.M)
lasting = r"\1\2.execute(\3\4drop table if exists \5; create table \5\6\3)\n\1\2.connection.commit()\n"
for file in map(pathlib.Path, sys.argv[1:]):
    file.write_text(makes.sub(lasting, file.read_text()))
PY
}
suite_run() {
  export PSYCOPG2_TESTDB=$PGDATABASE PSYCOPG2_TESTDB_HOST=$PGHOST PSYCOPG2_TESTDB_PORT=$PGPORT PSYCOPG2_TESTDB_USER=$PGUSER
  cd run && PSYCOPG2_TEST_FAST=1 timeout 600 ../venv/bin/python -m pytest -q -p no:cacheprovider --junitxml=junit.xml \
    tests/test_{connection,copy,cursor,extras_dictcursor,fast_executemany,psycopg2_dbapi20,sql,transaction,types_extras,with}.py
  from_junit junit.xml "$1"
}
