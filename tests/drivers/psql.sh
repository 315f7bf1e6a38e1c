#!/usr/bin/env bash
# psql and pg_dump through the proxy.
set -euo pipefail
export PGHOST=$PGVEIL_HOST PGPORT=$PGVEIL_PORT PGDATABASE=$PGVEIL_DATABASE PGPASSWORD=$PGVEIL_PASSWORD PGSSLMODE=prefer
work=${PGVEIL_WORK:-$(mktemp -d)}
id=9007000
phone=13900007000
masked='139****7000'
if [[ "${PGVEIL_UNMASKED:-}" == 1 ]]; then masked=$phone; fi

app() { psql -X -q -A -t -v ON_ERROR_STOP=1 -U app "$@"; }
check() {
  if [[ "$2" != "$3" ]]; then printf '%s: found %q, expected %q\n' "$1" "$2" "$3"; exit 1; fi
  echo "ok $1"
}

app -c "DELETE FROM customers WHERE id >= $id AND id < $id + 1000"
app -c "INSERT INTO customers (id, name, id_number, phone, notes, branch_id)
        VALUES ($id, '王小明', '11010519000007000X', '$phone', E'a\\tb', 1)"
check 'a look-up by phone' "$(app -c "SELECT id, notes FROM customers WHERE phone = '$phone'")" "$id|a	b"
check 'a bound parameter' "$(app <<<"SELECT id FROM customers WHERE phone = :'p';" -v p="$phone")" "$id"
check 'an update' "$(app -c "UPDATE customers SET email = 'w@example.com' WHERE phone = '$phone' RETURNING email")" w@example.com
check 'the masked role' "$(psql -X -q -A -t -U teller -c "SELECT phone FROM customers WHERE phone = '$phone'")" "$masked"

printf '%s\t李四\t11010519000007001X\t13900007001\t1\n' $((id + 1)) >"$work/in.tsv"
app -c "\\copy customers (id, name, id_number, phone, branch_id) FROM '$work/in.tsv'"
app -c "\\copy (SELECT phone FROM customers WHERE id = $id + 1) TO '$work/out.tsv'"
check 'copy in and out' "$(cat "$work/out.tsv")" 13900007001

check 'a refusal leaves the session usable' \
  "$(psql -X -q -A -t -U teller -c "SELECT upper(notes) FROM customers" -c "SELECT 'on'" 2>/dev/null | tail -n 1)" on
app -c '\d customers' >"$work/describe"
check 'psql describes the table' "$(grep -c 'id_number' "$work/describe" | awk '{print ($1 > 0)}')" 1

# pg_dump reads no server that is newer than itself
newest=$(pg_dump --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
if (($(app -c 'SHOW server_version_num') / 10000 > newest)); then echo "pg_dump $newest cannot dump this server"; exit; fi

# A dump by the role that sees everything holds the plaintext: it is how a bank leaves pgveil.
pg_dump -U app --data-only --table=customers --file="$work/dump.sql"
check 'pg_dump holds the clear number' "$(grep -c "$phone" "$work/dump.sql")" 1
check 'and nothing sealed' "$(grep -c '~pv' "$work/dump.sql" || true)" 0
