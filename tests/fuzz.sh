#!/usr/bin/env bash
# The long run of tests/fuzz_sql.rs: tests/fuzz.sh [MUTANTS [SEED]]. Without a seed each run has other mutants; a failure prints
# its seed and the statement, which then goes into tests/corpus/fuzz.sql. Built for debugging, with libpg_query's assertions on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mutants=${1:-1000000} seed=${2:-$(date +%s)}
echo "seed $seed"
PGVEIL_MUTANTS=$mutants PGVEIL_SEED=$seed nice -n 10 cargo test --quiet --test fuzz_sql -- --nocapture
