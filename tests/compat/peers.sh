# The PostgreSQL and the pgveil of a run: both on loopback and free ports, both ended by stop_peers. Sourced.

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
as_server() { if ((EUID == 0)); then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi; }

# The release build where there is one: PGVEIL names another.
build_proxy() {
  local target=${CARGO_TARGET_DIR:-$root/target}
  pgveil=${PGVEIL:-}
  [[ -n "$pgveil" ]] && return
  (cd "$root" && cargo build --quiet) || return
  pgveil=$target/debug/pgveil
}

# start_server LOGS MAJOR SETTING…: sets server_port and server_version.
start_server() {
  local logs=$1 major=$2 setting flags=() programs
  shift 2
  programs=/usr/lib/postgresql/$major/bin
  [[ -x "$programs/postgres" ]] || programs=$("$here/servers.sh" "$major") || return
  server_home=$(mktemp -d)
  chmod 755 "$server_home"
  mkdir "$server_home/data"
  ((EUID == 0)) && chown -R postgres "$server_home"
  (cd / && as_server "$programs/initdb" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync -D "$server_home/data") >"$logs/initdb.log" 2>&1 || return
  suite_hba | cat - "$server_home/data/pg_hba.conf" >"$server_home/hba" && cat "$server_home/hba" >"$server_home/data/pg_hba.conf"
  server_port=$(free_port)
  for setting in listen_addresses=127.0.0.1 "unix_socket_directories=$server_home" fsync=off max_connections=200 \
    max_prepared_transactions=50 wal_level=logical "$@"; do
    flags+=(-c "$setting")
  done
  (cd / && as_server "$programs/postgres" -D "$server_home/data" -p "$server_port" "${flags[@]}") >"$logs/server.log" 2>&1 </dev/null &
  await_port "$server_port" "$logs/server.log" || return
  export server_port PGPORT=$server_port
  PGDATABASE=postgres psql -X -q -c 'CREATE ROLE veil_catalog LOGIN' || return
  server_version=$(PGDATABASE=postgres psql -X -A -t -c 'SHOW server_version' | cut -d' ' -f1)
}

# The SQL of the harnesses' bank, and of its logins.
bank() {
  printf 'DROP ROLE IF EXISTS app, teller;\nCREATE ROLE app LOGIN;\nCREATE ROLE teller LOGIN;\n'
  cat "$here/bank/schema.sql"
}

# seal_bank LOGS: the columns that bank/policies seals, as the proxy's own DDL has them.
seal_bank() {
  "$pgveil" policy ddl "$here/bank/policies" | cat - "$here/bank/sealed.sql" |
    PGPORT=$server_port psql -X -q -v ON_ERROR_STOP=1 >"$1/seal.log" 2>&1 || { cat "$1/seal.log"; return 1; }
}

# seal SUITE LOGS: the bank, or what the suite's own policy seals. Sets policies.
seal() {
  local database
  policies=$here/sealed/$1
  [[ -d "$policies" ]] || { policies=$here/bank/policies && seal_bank "$2"; return; }
  (cd "$WORK" && PGPORT=$server_port suite_tables) >"$2/tables.log" 2>&1 || { tail -n 20 "$2/tables.log"; return 1; }
  "$pgveil" policy ddl "$policies" >"$2/seal.sql" || return
  for database in "$policies"/*.yaml; do
    PGDATABASE=$(basename "$database" .yaml) PGPORT=$server_port psql -X -q -v ON_ERROR_STOP=1 -v statements="$2/seal.sql" -f "$here/seal.sql" >"$2/seal.log" 2>&1 ||
      { tail -n 20 "$2/seal.log"; return 1; }
  done
}

# start_proxy LOGS DATABASE…: for each database a policy that protects nothing, where $policies has none of its own.
start_proxy() {
  local logs=$1 database
  shift
  stop_proxy
  proxy_home=$(mktemp -d)
  mkdir "$proxy_home/policies"
  [[ -z "${policies:-}" ]] || cp "$policies"/*.yaml "$proxy_home/policies" || return
  for database; do
    grep -qsx "database: $database" "$proxy_home"/policies/*.yaml ||
      printf 'database: %s\nroles: [{name: everyone, members: {users: ["*"]}, all_tables: clear}]\n' "$database" >"$proxy_home/policies/$database.yaml"
  done
  proxy_port=$(free_port)
  cat >"$proxy_home/pgveil.toml" <<TOML
policies = "$proxy_home/policies"
[listen]
address = "127.0.0.1:$proxy_port"
[upstream]
host = "127.0.0.1"
port = $server_port
sslmode = "disable"
[catalog]
user = "veil_catalog"
[keys]
keyring = "$proxy_home/keyring"
kek_file = "$proxy_home/kek"
[audit]
directory = "$proxy_home/audit"
TOML
  env -u PGHOST -u PGPORT "$pgveil" keys init --config "$proxy_home/pgveil.toml" >"$logs/keys.log" 2>&1 || { cat "$logs/keys.log"; return 1; }
  env -u PGHOST -u PGPORT "$pgveil" serve --config "$proxy_home/pgveil.toml" >"$logs/pgveil.log" 2>&1 </dev/null &
  proxy_pid=$!
  await_port "$proxy_port" "$logs/pgveil.log"
}

await_port() {
  local tries=0
  until PGCONNECT_TIMEOUT=1 pg_isready -q -h 127.0.0.1 -p "$1"; do
    ((++tries < 300)) || { tail -n 20 "$2"; return 1; }
    sleep 0.1
  done
}

fresh_databases() {
  local database
  for database; do
    PGDATABASE=postgres psql -X -q -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" -c "CREATE DATABASE $database" || return
  done 2>&1 | grep -v 'does not exist, skipping'
  return "${PIPESTATUS[0]}"
}

stop_proxy() {
  [[ -n "${proxy_pid:-}" ]] && kill "$proxy_pid" 2>/dev/null && wait "$proxy_pid"
  rm -rf "${proxy_home:-}"
  proxy_pid=''
}

stop_peers() {
  stop_proxy
  # SIGQUIT ends every backend at once; the postmaster's own pid stands in its pid file
  [[ -s "${server_home:-}/data/postmaster.pid" ]] && kill -QUIT "$(head -n 1 "$server_home/data/postmaster.pid")"
  wait
  rm -rf "${server_home:-}"
}

# sdist NAME VERSION: unpacks the package's source from PyPI into the current directory, once.
sdist() {
  local cache=$COMPAT/sdists
  [[ -e ".$1-$2" ]] && return
  "$(python_tools)" -m pip download -q --no-deps --no-build-isolation --no-binary :all: -d "$cache" "$1==$2" || return
  tar xzf "$(compgen -G "$cache/$(tr 'A-Z-' 'a-z_' <<<"$1")-$2.tar.gz")" --strip-components=1 && touch ".$1-$2"
}

# A Python that can unpack sources: they are asked for their metadata on the way.
python_tools() {
  local tools=$COMPAT/tools
  [[ -x "$tools/bin/python" ]] || { python3 -m venv "$tools" && "$tools/bin/pip" install -q -U setuptools wheel Cython hatchling versioningit hatch-vcs; } >&2
  echo "$tools/bin/python"
}

# packages DIRECTORY REQUIREMENT…: a virtual environment with these, once.
packages() {
  local venv=$1
  shift
  [[ "$(cat "$venv/.has" 2>/dev/null)" == "$*" ]] && return
  { [[ -x "$venv/bin/python" ]] || python3 -m venv "$venv"; } && "$venv/bin/pip" install -q "$@" && echo "$*" >"$venv/.has"
}

# pytest's verdicts as `test<TAB>verdict` lines.
from_junit() { "$here/compare.py" --junit "$1" >"$2"; }

# go_module PATH VERSION: a Go module's source with its tests, writable, in the current directory's `run`, once.
go_module() {
  local source
  [[ "$(cat .has 2>/dev/null)" == "$1@$2" ]] && return
  source=$(cd / && go mod download -json "$1@$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])') || return
  rm -rf run && cp -r "$source" run && chmod -R u+w run && (cd run && go mod download) && echo "$1@$2" >.has
}

# go_tests RESULTS ARGUMENT…: `go test` in the current directory.
go_tests() {
  local results=$1
  shift
  go test -json -p 1 -count 1 "$@" | tee go.json
  "$here/compare.py" --go go.json >"$results"
}

# crate NAME VERSION DEPENDENCY…: a crate's source with its tests, without its benchmarks and what only these or other
# tests depend on, in the current directory's `run`, once.
crate() {
  local manifest
  [[ "$(cat .has 2>/dev/null)" == "$1@$2" ]] && return
  mkdir -p asks && touch asks/lib.rs
  printf '[package]\nname = "asks"\nversion = "0.1.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[workspace]\n[dependencies]\n%s = "=%s"\n' "$1" "$2" >asks/Cargo.toml
  manifest=$(cd asks && cargo metadata --format-version 1 | python3 -c 'import json, sys; print(*(p["manifest_path"] for p in json.load(sys.stdin)["packages"] if p["name"] == sys.argv[1]))' "$1") || return
  rm -rf run && cp -r "$(dirname "$manifest")" run && rm -f run/Cargo.lock run/rust-toolchain* && python3 - run/Cargo.toml "${@:3}" <<'PY'
import pathlib, re, sys
manifest = pathlib.Path(sys.argv[1])
parts = re.split(r"(?m)^(?=\[)", manifest.read_text())
dropped = ("[[bench]]", *(f"[dev-dependencies.{name}]" for name in sys.argv[2:]))
kept = [part for part in parts if not part.startswith(dropped)]
manifest.write_text("".join(kept) + "\n[workspace]\n")
PY
  echo "$1@$2" >.has
}

# rust_tests RESULTS ARGUMENT…: `cargo test` in the current directory.
rust_tests() {
  local results=$1
  shift
  CARGO_TARGET_DIR=$WORK/target cargo test --no-fail-fast "$@" 2>&1 | tee rust.log
  "$here/compare.py" --rust rust.log >"$results"
}

# debian PACKAGE…: installed, by whoever may.
debian() {
  dpkg-query -W -f '${Status}\n' "$@" 2>/dev/null | awk '/ok installed$/ { n++ } END { exit n != '$#' }' && return
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@"
}

# debian_source NAME: the source of a Debian package, as the distribution has it, in the current directory's `run`, once.
debian_source() {
  local apt="$PWD/apt"
  [[ -d run ]] && return
  mkdir -p "$apt/parts" "$apt/lists/partial" && sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$apt/parts/source.sources" || return
  local options=(-q -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$apt/parts" -o "Dir::State::Lists=$apt/lists")
  apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only "$1" && mkdir unpacked && tar xf ./"$1"_*.orig.tar.* -C unpacked --strip-components=1 && mv unpacked run
}
