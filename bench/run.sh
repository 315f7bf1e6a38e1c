#!/usr/bin/env bash
# Compares pgveil with a direct connection, PgBouncer and a plain relay: bench/README.md. `bench/run.sh --help` lists options and parts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PATH=$PATH:/usr/sbin
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] || { echo "$1 is missing: install $2" >&2; exit 64; }
    apt-get install -y -qq "$2" >/dev/null || { apt-get update -qq && apt-get install -y -qq "$2" >/dev/null; }
}
need python3 python3
need openssl openssl
need pgbench postgresql-contrib
need pgbouncer pgbouncer
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || need postgres postgresql

profile=${BENCH_PROFILE:-release}
cargo build --profile "$profile" --quiet --bin pgveil --example relay
BENCH_TARGET=${CARGO_TARGET_DIR:-target}/${profile/#dev/debug} exec python3 -B bench/harness "$@"
