suite_version() { dpkg-query -W -f '${Package} ${Version} ' odbc-postgresql python3-pyodbc; }
suite_prepare() { debian odbc-postgresql unixodbc python3-pyodbc; }
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 /usr/bin/python3 "$here/bank/odbc/harness.py" "$1"; }
