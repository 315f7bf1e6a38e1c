#!/usr/bin/env bash
# big_copy.sh [ROWS]: COPY of 10 million rows into a table with a sealed column and out again, through a proxy of its own.
# Prints what each way took and the most memory that the proxy has held, and compares what came out with what went in.
# By hand: it needs some 4 GiB of disk and minutes. BENCH_PROFILE (release) is cargo's profile; PGVEIL_BIN a program that is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rows=${1:-10000000}
profile=${BENCH_PROFILE:-release}
if [[ -z "${PGVEIL_BIN:-}" ]]; then
  cargo build --quiet --profile "$profile" --bin pgveil
  PGVEIL_BIN=${CARGO_TARGET_DIR:-target}/$profile/pgveil
fi
bin=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/postgres | sort -V | tail -1)")
work=$(mktemp -d)
pids=()
finish() {
  local pid
  for pid in "${pids[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
as_server=()
((EUID)) || as_server=(setpriv --reuid=postgres --regid=postgres --init-groups)
export PGHOST=127.0.0.1

server=$(free_port) proxy=$(free_port)
chmod 755 "$work"
mkdir "$work/pg" "$work/policies" && { ((EUID)) || chown postgres "$work/pg"; }
"${as_server[@]}" "$bin/initdb" -A trust -U postgres -E UTF8 --locale=C --no-sync -D "$work/pg/data" >/dev/null
"${as_server[@]}" "$bin/postgres" -D "$work/pg/data" -p "$server" -c listen_addresses=127.0.0.1 -c "unix_socket_directories=$work/pg" \
  -c fsync=off -c max_wal_size=4GB -c wal_level=minimal -c max_wal_senders=0 >"$work/server.log" 2>&1 &
pids+=($!)
until psql -X -q -p "$server" -U postgres -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.2; done
psql -X -q -p "$server" -U postgres -v ON_ERROR_STOP=1 <<'SQL'
CREATE ROLE app LOGIN; CREATE ROLE veil_catalog LOGIN; CREATE DATABASE shop OWNER app;
SQL
psql -X -q -p "$server" -U app -d shop -c "CREATE TABLE people (id bigint, phone text CHECK (left(phone, 5) = '~pv1:'), note text)"
cat >"$work/policies/shop.yaml" <<'YAML'
database: shop
tables:
  public.people:
    columns:
      id: {open: true}
      phone: {mask: phone-3-4, seal: {id: 1, search: [equality], type: varchar(20)}}
      note: {open: true}
roles:
  - {name: app, members: {users: [app]}, all_tables: clear}
YAML
cat >"$work/pgveil.toml" <<TOML
policies = "$work/policies"
[listen]
address = "127.0.0.1:$proxy"
[upstream]
host = "127.0.0.1"
port = $server
[catalog]
user = "veil_catalog"
[keys]
keyring = "$work/keyring"
kek_file = "$work/kek"
[audit]
directory = "$work/audit"
TOML
"$PGVEIL_BIN" keys init --config "$work/pgveil.toml" >/dev/null
"$PGVEIL_BIN" serve --config "$work/pgveil.toml" >"$work/pgveil.log" 2>&1 &
pid=$!
pids+=("$pid")
until (exec 3<>"/dev/tcp/127.0.0.1/$proxy") 2>/dev/null; do sleep 0.2; done

lines() { awk -v n="$rows" 'BEGIN {for (i = 1; i <= n; i++) printf "%d\t13%09d\tnote %d\n", i, i, i}'; }
peak() { awk '/VmHWM/ {printf "%.0f", $2 / 1024}' "/proc/$pid/status"; }
report() { echo "$1: $rows rows in $2 s, peak RSS of the proxy $(peak) MiB"; }

began=$SECONDS
lines | psql -X -q -p "$proxy" -U app -d shop -v ON_ERROR_STOP=1 -c '\copy people FROM STDIN'
report 'COPY in' $((SECONDS - began))
began=$SECONDS
out=$(psql -X -q -p "$proxy" -U app -d shop -v ON_ERROR_STOP=1 -c '\copy people TO STDOUT' | sha256sum)
report 'COPY out' $((SECONDS - began))
[[ "$out" == "$(lines | sha256sum)" ]] || { echo 'what came out is not what went in' >&2; exit 1; }
sealed=$(psql -X -A -t -p "$server" -U app -d shop -c "SELECT count(*) FROM people WHERE left(phone, 5) = '~pv1:'")
[[ "$sealed" == "$rows" ]] || { echo "$sealed rows are sealed" >&2; exit 1; }
echo 'the same rows, sealed in the server'
