suite_version() { echo pgcli 4.7.1; }
suite_prepare() { packages venv pgcli==4.7.1 'psycopg[binary]==3.3.9'; }
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 venv/bin/python "$here/bank/tools/cli.py" "$1"; }
