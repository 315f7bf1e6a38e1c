# pgbench fills its tables in each of its ways, runs its scripts in each protocol, and its books balance.
suite_version() { pgbench --version; }
suite_prepare() { command -v pgbench; }
suite_run() {
  local fill script protocol balanced
  tried() { local name=$1; shift; echo "$name: $*"; if "$@"; then printf '%s\tpass\n' "$name"; else printf '%s\tfail\n' "$name"; fi >>"$results"; }
  complete() { pgbench -n -c 8 -j 2 -t 100 "$@" | tee /dev/stderr | grep -q 'actually processed: 800/800'; }
  balanced() { [[ "$(psql -X -A -t -c "$balanced")" == t ]]; }
  results=$1
  balanced="SELECT count(*) > 0 AND sum(delta) = (SELECT sum(abalance) FROM pgbench_accounts) AND sum(delta) = (SELECT sum(bbalance) FROM pgbench_branches)
    AND (SELECT count(*) FROM pgbench_accounts) = 200000 FROM pgbench_history"
  cat >pipeline.sql <<'SQL'
\set aid random(1, 200000)
\startpipeline
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
ROLLBACK;
\endpipeline
SQL
  for fill in '-I dtgvp' '-I dtGvpf' '-I dtgvp --partitions=3' '-I dtgvp --partitions=3 --partition-method=hash --unlogged-tables'; do
    # shellcheck disable=SC2086
    tried "fill: $fill" pgbench -i -q -s 2 $fill
    for protocol in simple extended prepared; do
      for script in tpcb-like simple-update select-only; do
        tried "$fill: $script, $protocol" complete -M "$protocol" -b "$script"
      done
      # simple-update leaves tellers and branches as they are
      psql -X -q -c 'UPDATE pgbench_branches b SET bbalance = (SELECT sum(abalance) FROM pgbench_accounts a WHERE a.bid = b.bid)'
    done
    tried "$fill: pipelines" complete -M extended -f pipeline.sql
    tried "$fill: the books balance" balanced
  done
}
