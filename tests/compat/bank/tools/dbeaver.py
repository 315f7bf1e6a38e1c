#!/usr/bin/env python3
"""DBeaver's statements (dbeaver.sql), as they go over the wire, as a login that sees everything and as a teller: what asks the catalog is
answered through PGPORT as by the server itself (server_port), what asks the customers with the rows that were stored.

dbeaver.py STATEMENTS RESULTS    `login: title<TAB>verdict` lines, after a failure the answer
"""
import collections
import os
import re
import sys

import psycopg
from psycopg import pq

LOGINS = ["app", "teller"]
TYPES = {"varchar": 1043, "int4": 23, "int8": 20, "numeric": 1700, "oid": 26, "none": 0}
# As pgjdbc starts a session
STARTUP = "-c DateStyle=ISO -c TimeZone=Asia/Shanghai"
COLUMNS = ["id", "name", "id_card", "phone", "email", "birth_date", "credit_limit", "notes", "photo", "branch_id", "tags", "version", "created_at"]
STORED = {
    "9001": ["9001", "张伟", "110101199003074514", "13812345678", "zhang.wei@example.com", "1990-03-07", "12345.67", "重要客户", r"\x0102", "1", "{a,b}", "0",
             "2026-01-02 11:04:05+08"],
    "9002": ["9002", "李娜", "11010119850615002X", "13912345678", "li.na@example.com", "1985-06-15", "50000.00", "a 'note'", r"\xff", "2", "{}", "0",
             "2026-01-02 11:04:05+08"],
    "9003": ["9003", "王芳", "110101200001010023", "15012345678", "wang.fang@example.com", "2000-01-01", None, None, None, "1", None, "0",
             "2026-01-02 11:04:05+08"],
}
MASKED = {
    "9001": {"name": "张*", "id_card": "110101********4514", "phone": "138****5678", "email": "zha***@example.com", "birth_date": "1990-01-01",
             "credit_limit": "10000.00", "notes": "******", "photo": None},
    "9002": {"name": "李*", "id_card": "110101********002X", "phone": "139****5678", "email": "li.***@example.com", "birth_date": "1985-01-01",
             "credit_limit": "50000.00", "notes": "******", "photo": None},
    "9003": {"name": "王*", "id_card": "110101********0023", "phone": "150****5678", "email": "wan***@example.com", "birth_date": "2000-01-01"},
}
OBJECTS = {
    "database": "SELECT oid FROM pg_database WHERE datname = current_database()", "schema": "SELECT 'public'::regnamespace::oid",
    "catalog": "SELECT 'pg_catalog'::regnamespace::oid", "table": "SELECT 'customers'::regclass::oid", "row": "SELECT 'customers'::regtype::oid",
    "index": "SELECT 'customers_pkey'::regclass::oid", "constraint": "SELECT oid FROM pg_constraint WHERE conname = 'customers_pkey'",
    "view": "SELECT 'branch_sizes'::regclass::oid", "function": "SELECT 'transfer'::regproc::oid", "role": "SELECT 'teller'::regrole::oid",
    "trigger": "SELECT min(oid) FROM pg_trigger WHERE tgrelid = 'customers'::regclass",
}

Step = collections.namedtuple("Step", "sql types values expect")
Answer = collections.namedtuple("Answer", "state columns rows changed told", defaults=["", None, None, "", ""])


def statements(file, names):
    """Title to its steps."""
    found = {}
    for part in re.split(r"^--: ", open(file).read(), flags=re.M)[1:]:
        title, body = part.split("\n", 1)
        found[title] = [step(text, names) for text in body.split("--then\n")]
    return found


def step(text, names):
    lines = {mark: re.search(rf"^--{mark} (.*)\n", text, re.M) for mark in ">="}
    sql = re.sub(r"^--[>=].*\n", "", text, flags=re.M).strip()
    named = lambda text: re.sub(r"\{(\w+)\}", lambda name: names.get(name[1], name[0]), text)
    pairs = [pair.split(" ", 1) for pair in lines[">"][1].split(", ")] if lines[">"] else []
    values = [None if value == "NULL" else named(value).encode() for _, value in pairs]
    return Step(named(sql), [TYPES[kind] for kind, _ in pairs], values, lines["="] and lines["="][1])


def ask(session, step, login):
    """By the extended protocol, with everything as text."""
    result = session.pgconn.exec_params(step.sql.replace("{login}", login).encode(), step.values, step.types)
    if result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE):
        told = result.error_message.decode().replace("\n", " ")
        return Answer((result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode(), told=told)
    columns = [(result.fname(at), result.ftype(at)) for at in range(result.nfields)]
    text = lambda value: None if value is None else value.decode()
    rows = [[text(result.get_value(row, at)) for at in range(result.nfields)] for row in range(result.ntuples)]
    return Answer("", columns, rows, result.command_tuples)


def run(session, steps, login):
    """Whatever they change is undone."""
    session.pgconn.exec_(b"BEGIN")
    try:
        return [ask(session, one, login) for one in steps]
    finally:
        session.pgconn.exec_(b"ROLLBACK")


def shown(login, wanted):
    """The rows that a step's `--=` speaks of, as the login sees them."""
    kind, *rest = wanted.split(" ")
    if kind in "=#!":
        return [rest]
    is_masked = login == "teller" and os.environ.get("BANK_SEALED")
    rows = [dict(zip(COLUMNS, STORED[row])) | (MASKED[row] if is_masked else {}) for row in rest]
    return [[row[column] for column in (COLUMNS if kind == "*" else kind.split(","))] for row in rows]


def holds(step, login, got):
    mark, _, state = step.expect.partition(" ")
    if mark == "!" or got.state:
        return mark == "!" and got.state == state
    return ([[str(got.changed)]] if mark == "#" else got.rows) == shown(login, step.expect)


def is_same(got, expect, again):
    """Rows that the server itself tells differently from one session to the next are not compared."""
    in_order = lambda answer: sorted(map(str, answer.rows))
    return got.columns == expect.columns and (expect.rows != again.rows or in_order(got) == in_order(expect))


def judged(steps, login, direct, beside, through):
    """What the server refuses itself, without the proxy, tells nothing."""
    for one, expect, again, got in zip(steps, *(run(session, steps, login) for session in (direct, beside, through))):
        if expect.state == got.state == "42501":
            return "skip", got.told
        if not (holds(one, login, got) if one.expect else not expect.state + got.state and is_same(got, expect, again)):
            return "fail", got.told or f"{got}, not {shown(login, one.expect) if one.expect else expect}"
    return "pass", ""


def main(file, results):
    connect = lambda port, login: psycopg.connect(host="127.0.0.1", port=port, user=login, dbname="compat", autocommit=True, options=STARTUP)
    server, through = os.environ["server_port"], os.environ["PGPORT"]
    with connect(through, "app") as app:
        for row in STORED.values():
            app.execute(f"INSERT INTO customers VALUES ({', '.join(['%s'] * len(row))})", row)
    with connect(server, "postgres") as session:
        names = {name: str(session.execute(sql).fetchone()[0]) for name, sql in OBJECTS.items()}
    tally = collections.Counter()
    with open(results, "w") as out:
        for login in LOGINS:
            sessions = [connect(port, login) for port in (server, server, through)]
            for title, steps in statements(file, names).items():
                verdict, told = judged(steps, login, *sessions)
                tally[login, verdict] += 1
                told and print(f"{login}: {title}: {verdict}: {told[:600]}")
                if verdict != "skip":
                    print(f"{login}: {title}", verdict, *([re.sub(r"\s", " ", told)] if verdict == "fail" else []), sep="\t", file=out)
    print(dict(tally))


if __name__ == "__main__":
    main(*sys.argv[1:])
