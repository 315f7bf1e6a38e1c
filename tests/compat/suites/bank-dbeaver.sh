# DBeaver is not started: its statements are read from its sources (bank/tools/dbeaver.sql).
suite_version() { echo DBeaver 24.2.4; }
suite_prepare() { packages venv 'psycopg[binary]==3.3.9'; }
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 venv/bin/python "$here/bank/tools/dbeaver.py" "$here/bank/tools/dbeaver.sql" "$1"; }
