#!/usr/bin/env bash
# Other people's test suites, run against PostgreSQL and against pgveil in front of it with a policy that protects nothing.
# The set of tests that fail has to be the same; a difference needs a reason in known.tsv. Our own harnesses run a third
# time, against the same tables with their columns sealed (bank/): every check has to hold there too. So do the suites that
# sealed/ has a policy for: what they ask of a sealed column that cannot be had is refused, and known.tsv says what.
#   run.sh [--pg 15|16|17|18] [--record] [suite…]      without a name: all of suites/
# --record adds a line to results.md. What a suite needs is installed below target/compat/.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export COMPAT=$root/target/compat
# shellcheck source=tests/compat/peers.sh
. "$here/peers.sh"

major=15 record=
while [[ "${1:-}" == --* ]]; do
  case $1 in
    --pg) major=$2; shift 2 ;;
    --record) record=1; shift ;;
    *) echo "usage: tests/compat/run.sh [--pg 15|16|17|18] [--record] [suite…]" >&2; exit 64 ;;
  esac
done
suites=("$@")
((${#suites[@]})) || mapfile -t suites < <(cd "$here/suites" && for file in *.sh; do echo "${file%.sh}"; done)

# A suite's file defines: suite_version (what is tested), suite_prepare (installs below $WORK), suite_run RESULTS
# (runs against PGHOST, PGPORT, PGUSER, PGDATABASE, and writes `test<TAB>pass|fail|skip` lines). It may define
# suite_settings (of the server), suite_hba (lines before pg_hba.conf's own), suite_databases (it needs beside `compat`),
# suite_ruled (databases that need a policy and do not exist, or not yet) and suite_setup (SQL in its database). A harness
# of our own has suite_setup print `bank`, and suite_sealed succeed; its suite_run finds BANK_SEALED=1 where tellers see
# masks. sealed/SUITE/DATABASE.yaml seals columns of another suite's tables: of those that suite_tables makes, directly, and
# of those that its tests make.
load() {
  suite_settings() { :; }; suite_hba() { :; }; suite_databases() { :; }; suite_ruled() { :; }; suite_setup() { :; }
  suite_sealed() { false; }; suite_tables() { :; }
  # shellcheck disable=SC1090
  . "$here/suites/$1.sh"
}

# One run, in fresh databases of the same names.
measure() {
  local way=$1 port=$server_port log="$out/$1.log"
  PGPORT=$server_port fresh_databases compat $(suite_databases) || return
  suite_setup | PGPORT=$server_port psql -X -q -v ON_ERROR_STOP=1 >"$out/setup.log" 2>&1 || { cat "$out/setup.log"; return 1; }
  case $way in
    proxied) start_proxy "$out" postgres compat $(suite_databases) $(suite_ruled) || return; port=$proxy_port ;;
    sealed) seal "$name" "$out" && start_proxy "$out" postgres compat $(suite_databases) $(suite_ruled) || return; port=$proxy_port ;;
  esac
  echo "$name: $way"
  (cd "$WORK" && BANK_SEALED=$([[ "$way" == sealed ]] && echo 1) PGPORT=$port suite_run "$out/$way.tsv") >"$log" 2>&1
  [[ -s "$out/$way.tsv" ]] || { echo "  no results: $log"; return 1; }
}

suite() (
  local name=$1 began=$SECONDS
  load "$name"
  export WORK=$COMPAT/$name out=$COMPAT/results/$name-$major
  mkdir -p "$WORK" "$out"
  rm -f "$out"/*
  echo "$name: preparing"
  (cd "$WORK" && suite_prepare) >"$out/prepare.log" 2>&1 || { echo "SKIP  $name: cannot be installed here ($out/prepare.log)"; return 75; }
  start_server "$out" "$major" $(suite_settings) || return
  trap stop_peers EXIT
  local way status=0 ways=(proxied)
  { suite_sealed || [[ -d "$here/sealed/$name" ]]; } && ways+=(sealed)
  measure direct || return
  # What other people's suites fail is theirs; our own checks say what PostgreSQL does
  suite_sealed && grep -P '\tfail$' "$out/direct.tsv" && status=1
  for way in "${ways[@]}"; do
    measure "$way" && "$here/compare.py" "$way" "$name" "$out" "$here/known.tsv" || status=1
    [[ -n "$record" && -e "$out/$way.differences" ]] &&
      "$here/compare.py" --line "$way" "$name" "$out" "$(suite_version)" "$server_version" "$commit" >>"$here/results.md"
  done
  printf '%-5s %s: %ds\n' "$( ((status)) && echo FAIL || echo ok)" "$name" $((SECONDS - began))
  return "$status"
)

build_proxy || exit
export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=compat PGTZ= PGSSLMODE=prefer
unset PGTZ PGPASSWORD PGSERVICE PGOPTIONS
commit=$(git -C "$root" rev-parse --short=10 HEAD)
done_count=0 failed=() skipped=()
for name in "${suites[@]}"; do
  echo "[$((++done_count))/${#suites[@]}] $name (PostgreSQL $major)"
  suite "$name"
  case $? in 0) ;; 75) skipped+=("$name") ;; *) failed+=("$name") ;; esac
done
echo "${#suites[@]} suites, ${#failed[@]} with unexplained differences${failed[*]:+: ${failed[*]}}, ${#skipped[@]} skipped${skipped[*]:+: ${skipped[*]}}"
exit $((${#failed[@]} > 0))
