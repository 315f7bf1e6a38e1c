suite_version() { echo tokio-postgres 0.7.18; }
features=array-impls,with-bit-vec-0_9,with-chrono-0_4,with-cidr-0_3,with-eui48-1,with-geo-types-0_7,with-jiff-0_2,with-serde_json-1,with-smol_str-01,with-time-0_3,with-uuid-1
suite_prepare() { crate tokio-postgres 0.7.18 criterion && { [[ -d tests ]] || cp -r run/tests tests; } && cd run && CARGO_TARGET_DIR=$WORK/target cargo test --no-run --features "$features" --test test; }
suite_hba() {
  echo 'host all pass_user all password'
  echo 'host all md5_user all md5'
  echo 'host all scram_user all scram-sha-256'
}
# The suite works in the database `postgres`, which stays.
suite_setup() {
  cat <<'SQL'
\connect postgres
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
DROP ROLE IF EXISTS pass_user, md5_user, scram_user;
CREATE ROLE pass_user LOGIN PASSWORD 'password';
CREATE ROLE scram_user LOGIN PASSWORD 'password';
SET password_encryption = md5;
CREATE ROLE md5_user LOGIN PASSWORD 'password';
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION ltree;
SQL
}
# Its port stands in its code.
suite_run() {
  rm -rf run/tests && cp -r tests run/tests && cd run && sed -i "s/\b5433\b/$PGPORT/" tests/test/main.rs tests/test/runtime.rs &&
    rust_tests "$1" --features "$features" --test test
}
