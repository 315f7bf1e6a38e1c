# pg8000's tests that make tables: here with columns of them sealed, too. In the copy that is run the tables are not temporary,
# of the run's own database, are committed as soon as they are made, and take the place of what an earlier test has left.
. "$here/suites/pg8000.sh"
suite_prepare() {
  sdist pg8000 1.31.6 && packages venv pg8000==1.31.6 'pytest<9' pytest-mock pytest-benchmark pytz && rm -rf run && mkdir run && cp -r test run/test &&
    sed -i -E 's/([a-z] )t1\b/\1t1_copy/Ig' run/test/*/test_copy.py && sed -i -E 's/([a-z] )t1\b/\1t1_dbapi/Ig' run/test/dbapi/test_dbapi.py &&
    sed -i 's/"password": "pw"}/"password": "pw", "database": "compat"}/' run/test/{native,dbapi}/conftest.py && cat >>run/test/conftest.py <<'PY'
import re

import pg8000.dbapi
import pg8000.native

MAKES = re.compile(r"create (?:temporary )?table (?!testenum)(\S+) (.*?)(?:on commit drop)?\s*", re.I | re.S)


def lasting(run, commit):
    def wrapped(self, sql, *args, **kwargs):
        made = MAKES.fullmatch(sql)
        if not made:
            return run(self, sql, *args, **kwargs)
        run(self, f"drop table if exists {made[1]}")
        result = run(self, f"create table {made[1]} {made[2]}")
        commit(self)
        return result

    return wrapped


pg8000.dbapi.Cursor.execute = lasting(pg8000.dbapi.Cursor.execute, lambda cursor: cursor.connection.commit())
pg8000.native.Connection.run = lasting(pg8000.native.Connection.run, lambda con, run=pg8000.native.Connection.run: run(con, "commit"))
PY
}
suite_run() {
  cd run && timeout 600 ../venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-disable --junitxml=junit.xml \
    test/{native,dbapi}/test_{connection,copy,query,typeconversion}.py test/dbapi/test_dbapi{,20}.py
  from_junit junit.xml "$1"
}
