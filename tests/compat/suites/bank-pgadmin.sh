# pgAdmin is not started: its queries are taken from the templates in its wheel.
suite_version() { echo pgAdmin 9.18; }
suite_prepare() {
  packages venv jinja2==3.1.6 'psycopg[binary]==3.3.9' && [[ -d templates ]] ||
    { venv/bin/pip download -q --no-deps --only-binary :all: -d wheel pgadmin4==9.18 && python3 -m zipfile -e wheel/*.whl unpacked &&
      mkdir templates && (cd unpacked && find pgadmin4 -path '*/templates/*' \( -name '*.sql' -o -name '*.macro*' \) -print0 | tar cf - --null -T -) | tar xf - -C templates &&
      rm -rf wheel unpacked; }
}
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 venv/bin/python "$here/bank/tools/templates.py" templates "$1"; }
