# Sourced by run.sh: how pgveil is started for a benchmark, with the sample bank's policy and a throw-away key.
start_pgveil() { # start_pgveil DIRECTORY PORT UPSTREAM_PORT; sets pgveil_pid
    local directory=$1 listen=$2 upstream=$3
    "$target/pgveil" serve --help >/dev/null 2>&1 || return 1
    mkdir -p "$directory/pgveil"
    head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$directory/pgveil/audit.key"
    head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$directory/pgveil/kek"
    chmod 600 "$directory/pgveil/audit.key" "$directory/pgveil/kek"
    return 1 # until `pgveil serve` has its configuration file
}
