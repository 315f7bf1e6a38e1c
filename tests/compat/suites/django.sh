# The tests of the backend and of what asks most of a database, in databases that are there already (`--keepdb`).
suite_version() { echo Django 5.2.19; }
suite_prepare() {
  sdist Django 5.2.19 && packages venv Django==5.2.19 'psycopg[binary,pool]==3.3.9' && cat >tests/compat_settings.py <<'PY'
import os

def database(name):
    where = {"HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"], "USER": os.environ["PGUSER"]}
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name, "TEST": {"NAME": f"test_{name}"}, **where}

DATABASES = {"default": database("compat"), "other": database("other")}
SECRET_KEY = "compat"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
PY
}
suite_databases() { printf '%s\n' test_compat test_other; }
suite_run() {
  (cd tests && timeout 7000 ../venv/bin/python runtests.py --settings=compat_settings --keepdb --noinput --parallel=1 -v 2 \
    backends basic bulk_create constraints custom_pk datatypes db_functions db_typecasts db_utils dates datetimes delete \
    expressions expressions_window indexes inspectdb introspection many_to_one migrations postgres_tests queries raw_query \
    schema select_for_update transaction_hooks transactions update) >unittest.log 2>&1
  tail -n 40 unittest.log
  "$here/compare.py" --unittest unittest.log >"$1"
}
