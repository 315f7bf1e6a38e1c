# tokio-postgres' tests with lasting tables in the place of their temporary ones, but for one in a read-only transaction: here with
# columns of them sealed, too.
. "$here/suites/tokio-postgres.sh"
eval "$(declare -f suite_setup | sed '1s/suite_setup/setup_all/')"
suite_prepare() {
  crate tokio-postgres 0.7.18 criterion || return
  [[ -s lasting ]] || { cp -r run/tests tests && grep -rliE 'create temp(orary)? table' tests | xargs "$here/lasting.py" --skip transaction_builder lasting.sql >lasting; }
  rm -rf run/tests && cp -r tests run/tests && cd run && CARGO_TARGET_DIR=$WORK/target cargo test --no-run --features "$features" --test test
}
suite_setup() { setup_all && cat "$WORK/lasting.sql"; }
