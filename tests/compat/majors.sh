#!/usr/bin/env bash
# majors.sh [--record] [MAJOR…] [-- TEST…]: the tests that need a server, on PostgreSQL 16, 17 and 18 (`servers.sh` fetches them).
# Prints a line for each test file; --record puts the counts into majors.md, in place of an older run's.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
tests=(catalog value mask copy encodings login startup sessions side_by_side failover restarts faults databases policy_check
  policy_reload bad_peer limits canary_scan tools dump streaming pipeline differential ordinary bypass generated drivers)
record= majors=()
while (($#)); do
  case $1 in
    --record) record=1 ;;
    --) shift; tests=("$@"); break ;;
    1[5-9]) majors+=("$1") ;;
    *) echo "usage: tests/compat/majors.sh [--record] [MAJOR…] [-- TEST…]" >&2; exit 64 ;;
  esac
  shift
done
((${#majors[@]})) || majors=(16 17 18)

export CARGO_TERM_COLOR=never RUST_BACKTRACE=0 LC_ALL=C.UTF-8
logs=$root/target/compat/majors
mkdir -p "$logs"
cd "$root" || exit 70
commit=$(git rev-parse --short=10 HEAD)
failures=0

note() {
  sed -i "/ | $1 | /d" "$here/majors.md"
  echo "| $(date +%F) | $commit | $1 | $2 |" >>"$here/majors.md"
}

for major in "${majors[@]}"; do
  if ((major == 15)); then
    programs=/usr/lib/postgresql/15/bin
  else
    programs=$("$here/servers.sh" "$major") || { echo "SKIP  PostgreSQL $major: its programs cannot be fetched"; continue; }
  fi
  version=$("$programs/postgres" --version | awk '{print $3}')
  for test in "${tests[@]}"; do
    log=$logs/$major-$test.log began=$SECONDS
    PGVEIL_TEST_PG_BIN=$programs cargo test --quiet --no-fail-fast --test "$test" >"$log" 2>&1 </dev/null
    counts=$(sed -nE 's/^test result: [A-Za-z]+\. ([0-9]+) passed; ([0-9]+) failed.*/\1 \2/p' "$log")
    read -r passed failed <<<"${counts:-0 1}"
    failures=$((failures + failed))
    printf '%-5s PostgreSQL %-6s %-14s %4ds  %s passed, %s failed\n' \
      "$( ((failed)) && echo FAIL || echo ok)" "$version" "$test" $((SECONDS - began)) "$passed" "$failed"
    [[ -z "$record" ]] || note "$version | $test" "$passed | $failed"
  done
done
exit $((failures > 0))
