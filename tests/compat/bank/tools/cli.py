#!/usr/bin/env python3
"""pgcli: what it completes from, its backslash commands and the program itself tell through PGPORT what they tell on the server.

cli.py RESULTS    `login: what<TAB>verdict` lines
"""
import os
import subprocess
import sys
import tempfile

import pgspecial.main
from pgcli.pgexecute import PGExecute

LOGINS = ["app", "teller"]
COMPLETED_FROM = ["search_path", "schemata", "tables", "views", "table_columns", "view_columns", "databases", "full_databases",
                  "foreignkeys", "functions", "datatypes", "casing", "get_timezone"]
COMMANDS = r"\l|\l+|\d|\d+|\d customers|\d+ customers|\d accounts_account_no_key|\d branch_sizes|\dn|\dn+|\du|\du+|\dt|\dt+|\di|\di+|\dv|\dv+|" \
           r"\ds|\ds+|\dm|\dT|\dT+|\df|\df+|\df transfer|\sf transfer|\dx|\dx+|\dD|\dD+|\dp|\db|\db+|\dE|\dF|\dF+|\ddp"
PROGRAM = [r"\d customers", r"\dt", "SELECT count(*) FROM branches", "SELECT * FROM branches ORDER BY id", "SELECT nothing"]


class Session:
    def __init__(self, port, login):
        self.port, self.login = port, login
        self.executor = PGExecute("compat", login, "", "127.0.0.1", port, "")
        self.special = pgspecial.main.PGSpecial()

    def completed_from(self, what):
        told = getattr(self.executor, what)()
        return told if isinstance(told, str) else sorted(map(str, told))

    def command(self, text):
        return [[title, [str(row) for row in rows or []], headers, str(status), success]
                for title, rows, headers, status, _, success, _ in self.executor.run(text, self.special)]

    def program(self, text, home):
        command = [os.path.join(os.path.dirname(sys.executable), "pgcli"), "-h", "127.0.0.1", "-p", self.port, "-U", self.login, "-d", "compat",
                   "-w", "-t", "-c", text]
        environment = os.environ | {"HOME": home, "XDG_CONFIG_HOME": home, "TERM": "dumb", "PAGER": "cat"}
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        return done.returncode, (done.stdout + done.stderr).replace(self.port, "PORT")


def told(ask):
    try:
        return True, ask()
    except Exception as error:
        return False, f"{type(error).__name__}: {error}"


def main(results):
    with tempfile.TemporaryDirectory() as home, open(results, "w") as out:
        for login in LOGINS:
            server, through = (Session(os.environ[port], login) for port in ("server_port", "PGPORT"))
            asks = [(f"completes from {what}", lambda s, what=what: s.completed_from(what)) for what in COMPLETED_FROM]
            asks += [(text, lambda s, text=text: s.command(text)) for text in COMMANDS.split("|")]
            asks += [(f"pgcli -c {text}", lambda s, text=text: s.program(text, home)) for text in PROGRAM]
            for name, ask in asks:
                expect, got = told(lambda: ask(server)), told(lambda: ask(through))
                verdict = "pass" if expect == got and expect[0] else "fail"
                print(f"{login}: {name}", verdict, sep="\t", file=out)
                print(f"{login}: {name}: {len(str(expect))} characters {verdict}" + (f"\n  {str(got)[:500]}\n  not {str(expect)[:500]}" if verdict == "fail" else ""))


if __name__ == "__main__":
    main(*sys.argv[1:])
