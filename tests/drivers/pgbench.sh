#!/usr/bin/env bash
# pgbench through the proxy, in each of its protocols: no transaction may fail.
set -euo pipefail
export PGHOST=$PGVEIL_HOST PGPORT=$PGVEIL_PORT PGDATABASE=$PGVEIL_DATABASE PGPASSWORD=$PGVEIL_PASSWORD PGUSER=app
work=${PGVEIL_WORK:-$(mktemp -d)}
# The server cannot seal what it computes, so protected values are literals here.
cat >"$work/bank.sql" <<'SQL'
\set other random(1, 1000000)
BEGIN;
INSERT INTO customers (id, name, id_number, phone, branch_id)
  VALUES (9008000, 'bench', '11010519000008000X', '13900008000', 1);
UPDATE customers SET email = 'bench@example.com' WHERE phone = '13900008000';
ROLLBACK;
SELECT name FROM customers WHERE phone = '13900000001';
SELECT phone, credit_limit FROM customers WHERE id = :other;
SQL
for protocol in simple extended prepared; do
  out=$(pgbench -n -M "$protocol" -c 1 -t 50 -f "$work/bank.sql" 2>&1)
  grep -q 'number of transactions actually processed: 50/50' <<<"$out" || { echo "$protocol: $out"; exit 1; }
  echo "ok $protocol"
done
