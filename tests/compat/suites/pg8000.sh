suite_version() { echo pg8000 1.31.6; }
suite_prepare() { sdist pg8000 1.31.6 && packages venv pg8000==1.31.6 'pytest<9' pytest-mock pytest-benchmark pytz && rm -rf run && mkdir run && cp -r test run/test; }
# That they do not exist is what the suite expects to be told; some it makes.
suite_ruled() { printf '%s\n' pg8000_md5 pg8000_password pg8000_scram_sha_256 pg8000_snｯw; }
suite_setup() { echo 'CREATE EXTENSION hstore;'; }
suite_run() {
  cd run && timeout 900 ../venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-disable --junitxml=junit.xml test/native test/dbapi
  from_junit junit.xml "$1"
}
