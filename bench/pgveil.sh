# Sourced by run.sh: how pgveil is started for a benchmark, with the sample bank's policy and throw-away keys.
start_pgveil() { # start_pgveil DIRECTORY PORT UPSTREAM_PORT; sets pgveil_pid
    local directory=$1/pgveil listen=$2 upstream=$3
    mkdir -p "$directory"
    cat >"$directory/pgveil.toml" <<TOML
policies = "$PWD/policies/bank"

[listen]
address = "127.0.0.1:$listen"

[upstream]
host = "127.0.0.1"
port = $upstream

[catalog]
user = "postgres"

[keys]
keyring = "$directory/keyring"
kek_file = "$directory/kek"

[audit]
directory = "$directory/audit"
TOML
    "$target/pgveil" keys init --config "$directory/pgveil.toml" >"$directory/log" 2>&1 || return 1
    [ -s "$directory/keyring" ] || return 1
    "$target/pgveil" serve --config "$directory/pgveil.toml" >>"$directory/log" 2>&1 &
    pgveil_pid=$!
}
