#!/usr/bin/env bash
# Real drivers against the sample bank behind a proxy: psycopg 3, asyncpg, JDBC, psql, pg_dump and pgbench.
# With PGVEIL_PORT set they run against that proxy, else against a demo that this script starts and ends.
#   PGVEIL_HOST (127.0.0.1)  PGVEIL_PORT  PGVEIL_DATABASE (bank)  PGVEIL_PASSWORD (for every user, may be empty)
#   PGVEIL_PYTHON: a Python with psycopg and asyncpg
#   PGVEIL_UNMASKED=1: the port is PostgreSQL itself with the plain bank; masks are then not expected
# Each driver writes, looks up by an encrypted column, updates, reads as the masked role, and copies in and out.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 70
top=../..
work=$(mktemp -d)
demo=

stop() {
  if [[ -n "$demo" ]]; then kill "$demo" 2>/dev/null; wait "$demo" 2>/dev/null; fi
  rm -rf "$work"
}
trap stop EXIT

# The demo prints `ready port=N` once the bank is loaded and the proxy listens.
start_demo() {
  "${PGVEIL_BINARY:-$top/target/debug/pgveil}" demo --customers 200 --port 0 >"$work/demo.log" 2>&1 &
  demo=$!
  local deadline=$((SECONDS + 120))
  until PGVEIL_PORT=$(sed -nE 's/^ready .*\bport=([0-9]+).*/\1/p' "$work/demo.log") && [[ -n "$PGVEIL_PORT" ]]; do
    kill -0 "$demo" 2>/dev/null || { echo 'the demo ended before it was ready'; tail -n 40 "$work/demo.log"; exit 1; }
    ((SECONDS < deadline)) || { echo 'the demo was not ready in time'; tail -n 40 "$work/demo.log"; exit 1; }
    sleep 0.2
  done
}

[[ -n "${PGVEIL_PORT:-}" ]] || start_demo
export PGVEIL_PORT PGVEIL_HOST=${PGVEIL_HOST:-127.0.0.1} PGVEIL_DATABASE=${PGVEIL_DATABASE:-bank}
export PGVEIL_PASSWORD=${PGVEIL_PASSWORD:-} PGVEIL_WORK=$work
python=${PGVEIL_PYTHON:-python3}
passed=0 failed=0

driver() {
  local name=$1 log="$work/$1.log"
  shift
  if timeout 300 "$@" >"$log" 2>&1; then
    passed=$((passed + 1)); echo "ok    $name"
  else
    failed=$((failed + 1)); echo "FAIL  $name"; tail -n 30 "$log"
  fi
}

driver psycopg-text "$python" psycopg3.py text
driver psycopg-binary "$python" psycopg3.py binary
driver asyncpg "$python" asyncpg_driver.py
for mode in extended prepared simple; do
  driver "jdbc-$mode" java -cp "${PGVEIL_JDBC_JAR:-/usr/share/java/postgresql.jar}" Jdbc.java "$mode"
done
driver psql ./psql.sh
driver pgbench ./pgbench.sh

echo "$passed passed, $failed failed"
exit $((failed > 0))
