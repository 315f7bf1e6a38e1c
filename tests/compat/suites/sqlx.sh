# What of it needs no database of its own and no macros of the unpublished support crate; queries that are checked at
# compile time are compiled anew against each server.
suite_version() { echo sqlx 0.9.0; }
features=postgres,runtime-tokio,macros,migrate,derive,json,chrono,time,uuid,ipnetwork,bigdecimal,rust_decimal
suite_prepare() {
  crate sqlx 0.9.0 criterion libsqlite3-sys async-std trybuild || return
  rm -rf sqlx-test && cp -r "$here/sqlx-test" sqlx-test
  grep -q sqlx-test run/Cargo.toml || printf '[dev-dependencies.sqlx-test]\npath = "../sqlx-test"\n' >>run/Cargo.toml
  cd run && CARGO_TARGET_DIR=$WORK/target cargo test --no-run --no-default-features --features "$features" --test postgres-query-builder
}
suite_setup() { cat "$WORK/run/tests/postgres/setup.sql"; }
suite_run() {
  export DATABASE_URL=postgres://postgres@127.0.0.1:$PGPORT/compat
  cd run && touch tests/postgres/macros.rs tests/postgres/postgres.rs
  rust_tests "$1.run" --no-default-features --features "$features" --test postgres --test postgres-describe --test postgres-error --test postgres-query-builder
  rust_tests "$1.macros" --no-default-features --features "$features" --test postgres-macros
  cat "$1.run" "$1.macros" >"$1"
}
