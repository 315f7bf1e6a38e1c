#!/usr/bin/env bash
# Compares pgveil with a direct connection, PgBouncer and a plain relay. See bench/README.md.
#   bench/run.sh [--quick]      about 25 minutes, or 5
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 seconds=10 clients=8 scale=10 customers=20000
if [ "${1:-}" = --quick ]; then rounds=3 seconds=3 scale=5 customers=5000; fi
rounds=${BENCH_ROUNDS:-$rounds} seconds=${BENCH_SECONDS:-$seconds} profile=${BENCH_PROFILE:-release}

say() { printf '%s\n' "$*" >&2; }
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] || { say "$1 is missing: install $2"; exit 64; }
    apt-get install -y -qq "$2" >/dev/null
}
PATH=$PATH:/usr/sbin
need pgbouncer pgbouncer
need pgbench postgresql-contrib
need python3 python3
bin=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/postgres | sort -V | tail -1)")

tmp=$(mktemp -d) pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    as_owner "$bin/pg_ctl" -D "$tmp/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$tmp"
}
trap finish EXIT
# PostgreSQL and PgBouncer do not run as root.
as_owner() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown postgres "$tmp"; fi

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
wait_for() { # wait_for PORT NAME
    for _ in $(seq 100); do (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done
    say "$2 does not listen on $1"
    return 1
}

# --- the server -----------------------------------------------------------------------------------------------
direct=$(free_port)
as_owner "$bin/initdb" -D "$tmp/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
# Durability off: the disk would drown the difference that is measured.
as_owner "$bin/pg_ctl" -D "$tmp/data" -w -l "$tmp/postgres.log" start -o "-p $direct -c listen_addresses=127.0.0.1 \
    -k $tmp -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=256MB -c max_wal_size=4GB" >/dev/null
sql() { psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 "$@"; }
sql -p "$direct" -U postgres -d postgres -c "CREATE ROLE app LOGIN" -c "CREATE DATABASE bank OWNER app" -c "CREATE DATABASE twin OWNER app"
sql -p "$direct" -U app -d twin -f deploy/bank/schema.sql
sql -p "$direct" -U app -d bank -f deploy/bank/schema-protected.sql
sql -p "$direct" -U app -d twin -v n="$customers" <<'SQL'
INSERT INTO branches VALUES (1, 'B1', 'one', 'city');
INSERT INTO customers (id, name, id_number, phone, email, birth_date, address, credit_limit, notes, branch_id)
SELECT i, 'name ' || i, lpad(i::text, 18, '0'), '138' || lpad(i::text, 8, '0'), 'c' || i || '@example.com',
       date '1980-01-01' + (i % 9000), 'address ' || i, i % 100000, 'note ' || i, 1
FROM generate_series(1, :n) AS i;
CREATE INDEX IF NOT EXISTS bench_phone ON customers (phone);
CREATE SEQUENCE bench_id START 1000000;
ANALYZE customers;
SQL
pgbench -q -i -s "$scale" -h 127.0.0.1 -p "$direct" -U app bank >/dev/null 2>&1

# --- the contenders -------------------------------------------------------------------------------------------
declare -A port=([direct]=$direct) pid=()
port[pgbouncer]=$(free_port)
cat >"$tmp/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$direct
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port[pgbouncer]}
unix_socket_dir =
auth_type = trust
auth_file = $tmp/users.txt
pool_mode = session
max_client_conn = 200
default_pool_size = 100
log_connections = 0
log_disconnections = 0
INI
echo '"app" ""' >"$tmp/users.txt"
chmod -R a+rX "$tmp/pgbouncer.ini" "$tmp/users.txt"
as_owner pgbouncer -q "$tmp/pgbouncer.ini" >"$tmp/pgbouncer.log" 2>&1 &
pids+=($!)
wait_for "${port[pgbouncer]}" pgbouncer

cargo build --profile "$profile" --quiet --bin pgveil --example relay
target=${CARGO_TARGET_DIR:-target}/${profile/#dev/debug}
port[relay]=$(free_port)
"$target/examples/relay" "127.0.0.1:${port[relay]}" "127.0.0.1:$direct" &
pid[relay]=$! pids+=($!)
wait_for "${port[relay]}" relay
# runuser stands in front of PgBouncer: its child is the process that works.
pid[pgbouncer]=$(pgrep -f "pgbouncer -q $tmp/pgbouncer.ini" | tail -1)
pids+=("${pid[pgbouncer]}")

contenders=(direct pgbouncer relay)
port[pgveil]=$(free_port)
. bench/pgveil.sh # start_pgveil DIRECTORY PORT UPSTREAM_PORT, sets $pgveil_pid
if start_pgveil "$tmp" "${port[pgveil]}" "$direct" && wait_for "${port[pgveil]}" pgveil; then
    pid[pgveil]=$pgveil_pid pids+=("$pgveil_pid")
    contenders+=(pgveil)
    sql -p "$direct" -U app -d bank -c "INSERT INTO branches VALUES (1, 'B1', 'one', 'city')" -c "CREATE SEQUENCE bench_id START 1000000"
    columns="id,name,id_number,phone,email,birth_date,address,credit_limit,notes,branch_id"
    if sql -p "$direct" -U app -d twin -c "COPY customers ($columns) TO STDOUT" |
        sql -p "${port[pgveil]}" -U app -d bank -c "COPY customers ($columns) FROM STDIN"; then
        protected=yes
    fi
    sql -p "$direct" -U postgres -d bank -c "ANALYZE customers"
else
    say "pgveil does not start: measuring the others only"
fi

# --- the rounds -----------------------------------------------------------------------------------------------
cat >"$tmp/point.sql" <<'SQL'
\set n random(1, :customers)
SELECT id, name, phone, id_number FROM customers WHERE id = :n;
SQL
# The identity number has to be a literal that pgbench makes: a value computed in the server cannot be sealed.
cat >"$tmp/insert.sql" <<'SQL'
\set n random(100000000000000000, 999999999999999999)
\set id random(1000000, 9000000000000000)
INSERT INTO customers (id, name, id_number, phone, email, birth_date, branch_id)
VALUES (:id, 'name', ':n', '13900000000', 'a@example.com', '1990-01-01', 1);
SQL

cpu_ms() { # user and system time of a process so far
    [ -n "${1:-}" ] || { echo 0; return; }
    awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); print ($12 + $13) * 1000 / hz }' "/proc/$1/stat"
}
measure() { # measure ROUND WORKLOAD CONTENDER DATABASE PGBENCH-OPTIONS...
    local round=$1 workload=$2 who=$3 database=$4 before after out tps done
    shift 4
    before=$(cpu_ms "${pid[$who]:-}")
    out=$(pgbench -n -c "$clients" -j 2 -T "$seconds" -h 127.0.0.1 -p "${port[$who]}" -U app "$@" "$database" 2>"$tmp/pgbench.err") ||
        { say "$workload through $who failed: $(head -1 "$tmp/pgbench.err")"; return 0; }
    after=$(cpu_ms "${pid[$who]:-}")
    tps=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' <<<"$out" | tail -1)
    done=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' <<<"$out")
    awk -v r="$round" -v w="$workload" -v c="$who" -v t="$tps" -v b="$before" -v a="$after" -v n="$done" \
        'BEGIN { printf "%s\t%s\t%s\t%s\t%.2f\n", r, w, c, t, n ? (a - b) * 1000 / n : 0 }' >>"$tmp/results.tsv"
}
: >"$tmp/results.tsv"
for round in $(seq "$rounds"); do
    say "round $round of $rounds"
    for mode in simple extended prepared; do
        for who in "${contenders[@]}"; do measure "$round" "select-only, $mode" "$who" bank -S -M "$mode"; done
        for who in "${contenders[@]}"; do measure "$round" "TPC-B, $mode" "$who" bank -M "$mode"; done
    done
    if [ "${protected:-no}" = yes ]; then
        for mode in simple prepared; do
            for what in point insert; do
                options=(-M "$mode" -D "customers=$customers" -f "$tmp/$what.sql")
                [ "$what $mode" != "insert prepared" ] || continue # pgbench has no typed text parameter for ':n'
                measure "$round" "protected $what, $mode" pgbouncer twin "${options[@]}"
                measure "$round" "protected $what, $mode" pgveil bank "${options[@]}"
            done
        done
    fi
done

# --- the report -----------------------------------------------------------------------------------------------
result=${BENCH_RESULT:-bench/results/$(date +%F).md}
python3 bench/report.py "$tmp/results.tsv" "$rounds rounds of $seconds s, $clients clients, scale $scale, $customers customers" | tee "$result"
say "written to $result"
