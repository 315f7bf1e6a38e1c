#!/usr/bin/env bash
# idle.sh [SESSIONS]: memory of the proxy for each idle session (5000), beside PgBouncer's in session mode.
# Starts a PostgreSQL of its own, opens the sessions through each proxy in turn, and prints a table. Each session has
# run three statements: a plain one, a look-up by a sealed column and a prepared one. As root it installs PgBouncer where it is
# missing. BENCH_PROFILE (release) is cargo's profile; PGVEIL_BIN a program that is there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sessions=${1:-5000}
ulimit -n "$((sessions * 2 + 1000))" || { echo "idle: too few descriptors (ulimit -Hn is $(ulimit -Hn)); run it as root" >&2; exit 64; }
if ! command -v pgbouncer >/dev/null; then
  ((EUID == 0)) || { echo "idle: install pgbouncer" >&2; exit 64; }
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends pgbouncer >/dev/null
fi
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
await() { for _ in $(seq 200); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done; echo "idle: nothing listens on $1" >&2; exit 70; }
memory() { awk '$1 == "Pss:" || $1 == "Private_Dirty:" {print $2}' "/proc/$1/smaps_rollup" | paste -sd' '; }

start_server() {
  server_port=$(free_port)
  chmod 755 "$work"
  mkdir "$work/pg" && { ((EUID)) || chown postgres "$work/pg"; }
  "${as_server[@]}" "$bin/initdb" -A trust -U postgres -E UTF8 --locale=C --no-sync -D "$work/pg/data" >/dev/null
  "${as_server[@]}" "$bin/postgres" -D "$work/pg/data" -p "$server_port" -c listen_addresses=127.0.0.1 -c "unix_socket_directories=$work/pg" \
    -c fsync=off -c max_connections=$((sessions + 50)) -c shared_buffers=64MB >"$work/server.log" 2>&1 &
  pids+=($!)
  await "$server_port"
  until psql -X -q -h 127.0.0.1 -p "$server_port" -U postgres -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.2; done
  psql -X -q -h 127.0.0.1 -p "$server_port" -U postgres -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
CREATE ROLE bank_owner; CREATE ROLE app LOGIN; GRANT bank_owner TO app; CREATE ROLE veil_catalog LOGIN;
CREATE DATABASE bank OWNER bank_owner;
SQL
  { echo 'SET ROLE bank_owner;'; cat deploy/bank/schema-protected.sql; } |
    psql -X -q -h 127.0.0.1 -p "$server_port" -U postgres -d bank -v ON_ERROR_STOP=1 >/dev/null
}

start_pgveil() {
  proxy_port=$(free_port)
  cat >"$work/pgveil.toml" <<TOML
policies = "$PWD/policies/bank"
[listen]
address = "127.0.0.1:$proxy_port"
[upstream]
host = "127.0.0.1"
port = $server_port
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
}

start_pgbouncer() {
  proxy_port=$(free_port)
  cat >"$work/pgbouncer.ini" <<INI
[databases]
bank = host=127.0.0.1 port=$server_port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $proxy_port
auth_type = any
pool_mode = session
max_client_conn = $((sessions + 50))
default_pool_size = $((sessions + 10))
unix_socket_dir =
INI
  sed -i 's/^bank = .*/& user=app/' "$work/pgbouncer.ini"
  chmod -R a+rX "$work"
  "${as_server[@]}" "$(command -v pgbouncer)" "$work/pgbouncer.ini" >"$work/pgbouncer.log" 2>&1 &
}

# Opens the sessions, says so, and waits until its input ends.
cat >"$work/open.py" <<'PY'
import socket, struct, sys
port, count, searched = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "yes"
def message(kind, body): return kind + struct.pack("!I", len(body) + 4) + body
def text(value): return value.encode() + b"\0"
words = b"".join(map(text, ["user", "app", "database", "bank"])) + b"\0"
hello = struct.pack("!II", len(words) + 8, 196608) + words
lookup = "SELECT id FROM customers WHERE phone = '13800138000'" if searched else "SELECT id FROM customers WHERE phone = 'x'"
prepared = message(b"P", text("s") + text("SELECT id, title FROM employees WHERE id = $1") + b"\0\0") + message(b"S", b"")
asked = [hello, message(b"Q", text("SELECT 1")), message(b"Q", text(lookup)), prepared]
def to_ready(connection):
    buffer = b""
    while not (len(buffer) >= 6 and buffer[-6:-1] == b"Z\0\0\0\x05"):
        part = connection.recv(65536)
        if not part: raise SystemExit(f"closed: {buffer!r}")
        buffer += part
    if b"ERROR" in buffer: raise SystemExit(repr(buffer))
open_ones = []
for number in range(count):
    connection = socket.create_connection(("127.0.0.1", port))
    for bytes_ in asked:
        connection.sendall(bytes_)
        to_ready(connection)
    open_ones.append(connection)
print("open", flush=True)
sys.stdin.read()
PY

measure() {
  local name=$1 searched=$2 pid before after pss dirty
  "start_$name"
  pid=$!
  pids+=("$pid")
  await "$proxy_port"
  # What the first sessions bring along (catalog, caches, pools) is not theirs
  python3 "$work/open.py" "$proxy_port" 50 "$searched" </dev/null >/dev/null
  sleep 3
  before=$(memory "$pid")
  mkfifo "$work/$name.hold"
  exec 4<>"$work/$name.hold"
  : >"$work/$name.out"
  python3 "$work/open.py" "$proxy_port" "$sessions" "$searched" <"$work/$name.hold" >"$work/$name.out" 4>&- &
  local opener=$!
  until grep -q open "$work/$name.out"; do kill -0 "$opener" || exit 70; sleep 0.5; done
  sleep 5
  after=$(memory "$pid")
  pss=$(awk -v a="${after% *}" -v b="${before% *}" -v n="$sessions" 'BEGIN {printf "%.1f", (a - b) / n}')
  dirty=$(awk -v a="${after#* }" -v b="${before#* }" -v n="$sessions" 'BEGIN {printf "%.1f", (a - b) / n}')
  printf '| %s | %s | %d | %d | %s | %s |\n' "$(date +%F)" "$($1_version)" "${before% *}" "${after% *}" "$pss" "$dirty"
  kill "$opener"
  exec 4>&-
  kill -INT "$pid"
  wait "$pid" 2>/dev/null || true
}

pgveil_version() { echo "pgveil $(git rev-parse --short=10 HEAD) ($profile)"; }
pgbouncer_version() { pgbouncer --version | head -1; }

start_server
echo "| date | $sessions idle sessions | PSS before, KiB | PSS with them, KiB | PSS a session, KiB | private dirty a session, KiB |"
echo '|---|---|---:|---:|---:|---:|'
measure pgveil yes
measure pgbouncer no
