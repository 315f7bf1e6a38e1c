# pgx's tests that make temporary tables, with lasting ones in their place: here with columns of them sealed, too. Not those that
# are about what makes or drops them.
. "$here/suites/pgx.sh"
eval "$(declare -f suite_setup | sed '1s/suite_setup/setup_all/')"
suite_prepare() {
  go_module github.com/jackc/pgx/v5 v5.13.0 || return
  [[ -s lasting ]] || grep -rliE --include='*_test.go' 'create temp(orary)? table' run |
    xargs "$here/lasting.py" --skip setupStressDB --skip TestExec --skip TestExecContextWithoutCancelation --skip TestExecPerQuerySimpleProtocol \
      --skip TestConnCopyFromEnum --skip TestConnQueryWithoutResultSetCommandTag --skip TestConnQueryQueryExecModeCacheDescribeSafeEvenWhenTypesChange \
      --skip TestConnSendBatchErrorDoesNotLeaveOrphanedPreparedStatement --skip TestInsertTimestampArray --skip TestInsertBoolArray \
      --skip TestConnQueryJSONIntoByteSlice --skip TestTxBeginFuncNestedTransactionCommit --skip TestTxBeginFuncNestedTransactionRollback lasting.sql >lasting
}
suite_setup() { setup_all && cat "$WORK/lasting.sql"; }
# Tests that run at once would share their tables.
suite_run() {
  export PGX_TEST_DATABASE="host=$PGHOST port=$PGPORT user=$PGUSER database=$PGDATABASE" PGX_TEST_TCP_CONN_STRING
  PGX_TEST_TCP_CONN_STRING=$PGX_TEST_DATABASE
  local tests
  tests="^($(paste -sd '|' lasting))\$"
  cd run && go_tests "$1" -parallel 1 -timeout 900s -run "$tests" . ./stdlib ./pgxpool ./pgconn ./tracelog ./pgtype
}
