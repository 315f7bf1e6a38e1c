suite_version() { echo pg8000 1.31.6; }
suite_prepare() { sdist pg8000 1.31.6 && packages venv pg8000==1.31.6 'pytest<9' pytest-mock pytest-benchmark pytz && rm -rf run && mkdir run && cp -r test run/test; }
suite_setup() { echo 'CREATE EXTENSION hstore;'; }
suite_run() {
  cd run && timeout 900 ../venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-disable --junitxml=junit.xml test/native test/dbapi
  from_junit junit.xml "$1"
}
