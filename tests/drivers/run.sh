#!/usr/bin/env bash
# Real drivers against the sample bank behind a proxy: psycopg 3, asyncpg, JDBC, psql, pg_dump and pgbench.
# Each writes, looks up by an encrypted column, updates, reads as the masked role, and copies in and out.
#   PGVEIL_PORT, PGVEIL_HOST (127.0.0.1), PGVEIL_DATABASE (bank), PGVEIL_PASSWORD (every user's; empty)
#   PGVEIL_PYTHON: a Python with psycopg and asyncpg
#   PGVEIL_UNMASKED=1: the port is PostgreSQL itself with the plain bank; masks are then not expected
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 70
: "${PGVEIL_PORT:?the port of a proxy before the sample bank}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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
