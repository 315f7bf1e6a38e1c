#!/bin/sh
# Starts the sample bank behind pgveil and shows what each role sees. Arguments go to `pgveil demo`:
# --check verifies every answer and stops everything; --stop ends what an earlier run left; --fresh begins anew.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

have_postgresql() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

if ! have_postgresql; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing PostgreSQL …"
        # The package must not start a server of its own
        mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] ||
            echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
        apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null
    else
        say "PostgreSQL 15 or newer is missing. Install its server, for example:"
        say "  Debian, Ubuntu: sudo apt-get install postgresql"
        say "  Fedora, RHEL:   sudo dnf install postgresql-server"
        say "  macOS:          brew install postgresql@17"
        exit 69
    fi
fi

if ! command -v cargo >/dev/null 2>&1; then
    say "Rust is missing (1.89 or newer): see https://rustup.rs, or install the packages rustc and cargo."
    exit 69
fi
if ! command -v cc >/dev/null 2>&1 || ! ls /usr/lib/llvm-*/lib/libclang* /usr/lib*/libclang* /usr/lib/*/libclang* >/dev/null 2>&1; then
    say "Note: building needs a C compiler and libclang (Debian: apt-get install build-essential libclang-dev)."
fi

cargo build --quiet --locked ${PGVEIL_DEMO_PROFILE:+--profile "$PGVEIL_DEMO_PROFILE"}
case "${PGVEIL_DEMO_PROFILE:-dev}" in
dev) built=debug ;;
*) built=$PGVEIL_DEMO_PROFILE ;;
esac
exec "${CARGO_TARGET_DIR:-target}/$built/pgveil" demo "$@"
