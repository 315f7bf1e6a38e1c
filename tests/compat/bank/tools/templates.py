#!/usr/bin/env python3
"""pgAdmin's own queries, rendered from the templates in its wheel, as a login that sees everything and as a teller: each is answered
through PGPORT as by the server itself (server_port).

templates.py DIRECTORY RESULTS    the wheel's unpacked templates; `login: template<TAB>verdict` lines
"""
import collections
import os
import pathlib
import re
import sys

import jinja2
import psycopg

LOGINS = ["app", "teller"]
# Other editions of the server, and schedulers and extensions that it does not have
OTHERS = re.compile(r"/ppas/|/edb|pgagent|slony|pgd_|/dbms_|packages/|synonyms|/gpdb")
READS = re.compile(r"(--[^\n]*\n|/\*.*?\*/|\s)*(SELECT|WITH|SHOW|TABLE|VALUES|SET)\b", re.I | re.S)
# A template for several occasions, rendered for all of them at once
CHANGES = re.compile(r";\s*(DROP|ALTER|CREATE|COMMENT|GRANT|INSERT|UPDATE|DELETE)\b", re.I)

# What it sends in one text as soon as it is connected (`utils/driver/psycopg3/connection.py`)
ON_CONNECTING = """SET DateStyle=ISO; SET client_min_messages=notice; SELECT set_config('bytea_output','hex',false)
    FROM pg_show_all_settings() WHERE name = 'bytea_output'; SET client_encoding='UTF8';"""


def templates(root, major):
    """Name of a template without its version to its file: the newest version that is meant for the server."""
    found = {}
    for file in sorted(root.glob("**/templates/**/*.sql")):
        path = file.relative_to(root).as_posix()
        version = re.search(r"/(?:(\d+)_plus|default)/", path)
        since = int(version[1] or 0) if version else 0
        if OTHERS.search(path) or since > major:
            continue
        name = re.sub(r"/(\d+_plus|default)/", "/", path).removeprefix("pgadmin4/pgadmin/")
        found[name] = max(found.get(name, (-1, None)), (since, file), key=lambda pair: pair[0])
    return {name: file for name, (_, file) in found.items()}


class Absent(jinja2.ChainableUndefined):
    """What the template asks of an object that is not there: nothing, of any kind."""
    __call__ = lambda self, *_, **__: ""
    __iter__ = lambda self: iter(())
    __int__ = lambda self: 0


def environment(root):
    folders = sorted({str(folder) for folder in root.glob("**/templates")})
    made = jinja2.Environment(loader=jinja2.FileSystemLoader(folders), undefined=Absent, extensions=["jinja2.ext.do", "jinja2.ext.i18n"])
    quoted = lambda quote: lambda value, *_: quote + str(value).replace(quote, quote * 2) + quote
    made.filters.update(qtLiteral=quoted("'"), qtIdent=lambda *names: ".".join(quoted('"')(n) for n in names if isinstance(n, str)),
                        qtTypeIdent=lambda *names: ".".join(str(n) for n in names if isinstance(n, str)), hasAny=lambda *_: False,
                        translate=str, encodeURIComponent=str)
    made.install_null_translations()
    return made


def objects(server):
    """What the browser would have under the cursor: the bank's customers and what belongs to them."""
    one = lambda sql: server.execute(sql).fetchone()[0]
    table = one("SELECT 'customers'::regclass::oid")
    ids = {
        "did": "SELECT oid FROM pg_database WHERE datname = current_database()", "scid": "SELECT 'public'::regnamespace::oid",
        "idx": "SELECT 'customers_pkey'::regclass::oid", "cid": "SELECT oid FROM pg_constraint WHERE conname = 'customers_pkey'",
        "vid": "SELECT 'branch_sizes'::regclass::oid", "fnid": "SELECT 'transfer'::regproc::oid", "seid": "SELECT 'accounts_id_seq'::regclass::oid",
        "tsid": "SELECT oid FROM pg_tablespace WHERE spcname = 'pg_default'", "rid": "SELECT 'app'::regrole::oid", "lid": "SELECT oid FROM pg_language WHERE lanname = 'plpgsql'",
    }
    known = {name: one(sql) for name, sql in ids.items()}
    known |= {"tid": table, "table_id": table, "oid": table, "obj_id": table, "foid": known["vid"], "clid": 1, "attnum": 1, "schema": "public",
              "nspname": "public", "table": "customers", "relname": "customers", "name": "customers", "nsp_name": "public", "object_name": "customers",
              "object_id": table, "datlastsysoid": 16383, "show_system_objects": False, "showsysobj": False, "rel_name": "customers", "database": "compat",
              "data": {"schema": "public", "name": "customers", "oid": table, "columns": [], "table": "customers"}, "conn": None, "conn_id": "1",
              "schema_name": "public", "table_name": "customers", "limit": 10, "current_user": "app", "node_id": table, "where": "rel.oid = %d" % table}
    return known


def read(session, sql):
    """SQLSTATE, columns and rows; whatever it changes is undone."""
    try:
        with session.transaction(force_rollback=True):
            cursor = session.execute(sql)
            if cursor.description is None:
                return "", [], None
            return "", [(column.name, column.type_code) for column in cursor.description], sorted(map(repr, cursor.fetchall()))
    except psycopg.Error as error:
        return error.sqlstate or str(error), None, str(error)


def judged(sql, server, beside, through):
    """Rows that the server itself tells differently from one session to the next are not compared."""
    expect, again, got = read(server, sql), read(beside, sql), read(through, sql)
    if expect[0]:
        return "skip" if got[0] else "fail", expect, got
    same = got == expect if again == expect else got[:2] == expect[:2]
    return "pass" if same else "fail", expect, got


def main(directory, results):
    connect = lambda port, login: psycopg.connect(host="127.0.0.1", port=port, user=login, dbname="compat", autocommit=True, prepare_threshold=None)
    server = connect(os.environ["server_port"], "postgres")
    root, known, tally = pathlib.Path(directory), objects(server), collections.Counter()
    rendered = {"connecting": ON_CONNECTING}
    for name, file in templates(root, server.info.server_version // 10000).items():
        try:
            sql = environment(root).from_string(file.read_text()).render(known).strip()
        except Exception as error:
            print(f"{name}: not rendered: {error}")
            continue
        if READS.match(sql) and not CHANGES.search(sql):
            rendered[name] = sql
    with open(results, "w") as out:
        for login in LOGINS:
            sessions = [connect(port, login) for port in (os.environ["server_port"], os.environ["server_port"], os.environ["PGPORT"])]
            for name, sql in rendered.items():
                verdict, expect, got = judged(sql, *sessions)
                tally[login, verdict] += 1
                if verdict == "fail":
                    print(f"{login}: {name}: {str(got)[:300]}, not {str(expect)[:300]}")
                if verdict != "skip":
                    print(f"{login}: {name}", verdict, sep="\t", file=out)
    print(dict(tally))


if __name__ == "__main__":
    main(*sys.argv[1:])
