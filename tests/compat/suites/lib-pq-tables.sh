# lib/pq's tests that make temporary tables, with lasting ones in their place: here with columns of them sealed, too.
. "$here/suites/lib-pq.sh"
eval "$(declare -f suite_setup | sed '1s/suite_setup/setup_all/')"
suite_prepare() {
  go_module github.com/lib/pq v1.12.3 || return
  [[ -s lasting ]] || grep -rliE --include='*_test.go' 'create temp(orary)? table' run | xargs "$here/lasting.py" --skip TestRowsResultTag --skip TestExecNoData --skip Example_error lasting.sql >lasting
}
suite_setup() { setup_all && echo '\connect pqgo' && cat "$WORK/lasting.sql"; }
suite_run() {
  export PGUSER=pqgo PGDATABASE=pqgo PGSSLMODE=disable
  local tests
  tests="^($(paste -sd '|' lasting))\$"
  cd run && go_tests "$1" -parallel 1 -timeout 600s -run "$tests" .
}
