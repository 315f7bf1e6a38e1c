#!/usr/bin/env bash
# Ten million rows through a release build: prints the proxy's peak memory. Another number: PGVEIL_STREAM_ROWS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PGVEIL_STREAM_ROWS=${PGVEIL_STREAM_ROWS:-10000000}
cargo test --release --quiet --test streaming -- --nocapture | grep 'peak RSS'
