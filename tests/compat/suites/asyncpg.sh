suite_version() { echo asyncpg 0.32.0; }
suite_prepare() { sdist asyncpg 0.32.0 && packages venv asyncpg==0.32.0 'pytest<9' distro && rm -rf run && mkdir run && cp -r tests run/tests; }
# The suite makes roles, and expects to be the first to do so.
suite_setup() { echo 'DROP ROLE IF EXISTS ssl_user;'; }
suite_ruled() { printf '%s\n' postgres asyncpg_intro_test testdb; }
suite_run() {
  cd run && timeout 900 ../venv/bin/python -m pytest -q -p no:cacheprovider --junitxml=junit.xml tests \
    --deselect tests/test__sourcecode.py
  from_junit junit.xml "$1"
}
