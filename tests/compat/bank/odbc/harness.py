#!/usr/bin/python3
"""psqlODBC's way to the bank's database, by pyodbc: `harness.py RESULTS` writes `check<TAB>pass|fail` lines."""
import datetime
import decimal
import itertools
import os
import sys
import traceback

import pyodbc

SEALED = os.environ.get("BANK_SEALED") == "1"
COLUMNS = "name, id_card, phone, email, birth_date, credit_limit, notes, photo"
INSERT = f"INSERT INTO customers ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
SELECT = f"SELECT {COLUMNS} FROM customers"
numbers = itertools.count(1)
checks = []

# The driver's settings that change what it sends.
WAYS = {
    "as it comes": "",
    "prepared by the driver": "UseServerSidePrepare=0",
    "cursors of seven rows": "UseDeclareFetch=1;Fetch=7",
    "a savepoint for each statement": "Protocol=7.4-2",
    "rolled back on errors": "Protocol=7.4-1",
    "texts as long ones, booleans as numbers": "TextAsLongVarchar=1;BoolsAsChar=0;ByteaAsLongVarBinary=0;UnknownSizes=2",
    "parsed by the driver": "Parse=1;UniqueIndex=1",
    "in one batch": "BatchSize=20",
}


def check(name, ways=("as it comes",)):
    """A check of its own rows, once for each way: what it raises is its failure, and the others go on."""
    def add(work):
        checks.extend((f"{name}, {way}" if len(ways) > 1 else name, work, way) for way in ways)
        return work
    return add


def connect(user, way="as it comes", autocommit=True):
    return pyodbc.connect(f"Driver=/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so;Server=127.0.0.1;Port={os.environ['PGPORT']};"
                          f"Database=compat;UID={user};{WAYS[way]}", autocommit=autocommit)


def customer(**changes):
    number = next(numbers)
    values = {"name": "欧阳建国", "id_card": f"33010519{number:09}X", "phone": f"137{number:08}", "email": f"ouyang{number}@bank.cn",
              "birth_date": datetime.date(1949, 12, 31), "credit_limit": decimal.Decimal("12345.60"),
              "notes": "老客户, don't call before 9", "photo": b"\x00\x01\xff\\"}
    return {**values, **changes}


def shown(c):
    """What a teller sees of it."""
    if not SEALED:
        return c
    return {**c, "name": "欧阳**", "id_card": f"330105********{c['id_card'][14:]}", "phone": f"137****{c['phone'][7:]}", "email": "ouy***@bank.cn",
            "birth_date": datetime.date(1949, 1, 1), "credit_limit": decimal.Decimal("10000.00"), "notes": "******", "photo": None}


def stored(session, **changes):
    c = customer(**changes)
    assert session.execute(INSERT, *c.values()).rowcount == 1
    return c


def same(row, c):
    for column, found, expected in zip(c, row, c.values(), strict=True):
        if isinstance(found, str) and isinstance(expected, (datetime.date, decimal.Decimal)):
            expected = str(expected)  # what the driver takes for a text
        if isinstance(found, str) and isinstance(expected, bytes):
            found = bytes.fromhex(found.removeprefix("\\x"))
        assert found == expected, (column, found, expected)


def refused(session, text, *values):
    try:
        session.execute(text, *values)
    except pyodbc.Error as error:
        return error.args[0]
    return "none"


@check("insert, find, update, delete ten times", WAYS)
def ten_times(app, way):
    for _ in range(10):
        c = stored(app)
        same(app.execute(f"{SELECT} WHERE phone = ?", c["phone"]).fetchone(), c)
        same(app.execute(f"{SELECT} WHERE id_card = ? AND birth_date = ?", c["id_card"], c["birth_date"]).fetchone(), c)
        assert app.execute("UPDATE customers SET phone = ?, notes = ? WHERE id_card = ?", None, "", c["id_card"]).rowcount == 1
        same(app.execute(f"{SELECT} WHERE id_card = ?", c["id_card"]).fetchone(), {**c, "phone": None, "notes": ""})
        assert app.execute("DELETE FROM customers WHERE id_card = ?", c["id_card"]).rowcount == 1


@check("many rows at once", WAYS)
def many(app, way):
    customers = [customer() for _ in range(40)]
    cursor = app.cursor()
    if way == "in one batch":
        # an array of parameters, of which long texts and pictures cannot be
        cursor.fast_executemany = True
        customers = [{**c, "email": None, "notes": None, "photo": None} for c in customers]
        cursor.executemany("INSERT INTO customers (name, id_card, phone, birth_date, credit_limit) VALUES (?, ?, ?, ?, ?)",
                           [(c["name"], c["id_card"], c["phone"], c["birth_date"], c["credit_limit"]) for c in customers])
    else:
        cursor.executemany(INSERT, [tuple(c.values()) for c in customers])
    first = app.execute("SELECT id FROM customers WHERE phone = ?", customers[0]["phone"]).fetchval()
    rows = app.execute(f"{SELECT} WHERE id >= ? ORDER BY id", first).fetchall()
    for row, c in zip(rows, customers, strict=True):
        same(row, c)


@check("an error in a transaction, and a savepoint", WAYS)
def transaction(app, way):
    app.autocommit = False
    c = stored(app)
    app.execute("SAVEPOINT kept")
    assert refused(app, INSERT, *c.values()) == "23505"
    if way != "rolled back on errors":
        app.execute("ROLLBACK TO SAVEPOINT kept")
        assert app.execute("SELECT count(*) FROM customers WHERE phone = ?", c["phone"]).fetchval() == 1
    app.rollback()
    assert app.execute("SELECT count(*) FROM customers WHERE phone = ?", c["phone"]).fetchval() == 0
    app.commit()


@check("two results open at once", ("as it comes", "cursors of seven rows"))
def two_results(app, way):
    app.autocommit = False
    customers = [stored(app) for _ in range(20)]
    first = app.execute("SELECT id FROM customers WHERE phone = ?", customers[0]["phone"]).fetchval()
    up, down = app.cursor(), app.cursor()
    up.execute("SELECT phone FROM customers WHERE id >= ? ORDER BY id", first)
    down.execute("SELECT phone FROM customers WHERE id >= ? ORDER BY id DESC", first)
    for i in range(20):
        assert up.fetchval() == customers[i]["phone"]
        assert down.fetchval() == customers[19 - i]["phone"]
    app.rollback()


@check("several statements in one text, and a name in a literal")
def several(app, way):
    c = stored(app)
    cursor = app.execute(f"UPDATE customers SET name = 'O''Brien \\ 王' WHERE phone = '{c['phone']}'; SELECT name, phone FROM customers WHERE phone = '{c['phone']}'")
    assert cursor.nextset()
    assert tuple(cursor.fetchone()) == ("O'Brien \\ 王", c["phone"])


@check("columns' types and lengths", ("as it comes", "parsed by the driver"))
def types(app, way):
    description = app.execute(f"{SELECT} WHERE false").description
    assert [column[1] for column in description] == [str, str, str, str, datetime.date, decimal.Decimal, str, bytearray], description
    assert [column[3] for column in description[:4]] == [60, 18, 20, 120], description
    assert description[5][4:6] == (14, 2), description


@check("the catalog's functions")
def catalog(app, way):
    cursor = app.cursor()
    assert {row.table_name for row in cursor.tables(schema="public", tableType="TABLE")} == {"accounts", "branches", "customers", "kyc", "transfers"}
    assert [row.column_name for row in cursor.columns("customers", schema="public")][:4] == ["id", "name", "id_card", "phone"]
    assert [row.column_name for row in cursor.primaryKeys("customers", schema="public")] == ["id"]
    assert {row.index_name for row in cursor.statistics("customers", schema="public", unique=True) if row.index_name} == {"customers_pkey", "customers_id_card_key"}
    assert [row.fkcolumn_name for row in cursor.foreignKeys(foreignTable="accounts", foreignSchema="public")] == ["customer_id"]
    assert cursor.procedures("transfer").fetchall()
    assert cursor.getTypeInfo().fetchall()


@check("the type of a date in the catalog")
def catalog_type(app, way):
    assert [row.type_name for row in app.cursor().columns("customers", schema="public", column="birth_date")] == ["date"]


@check("errors' states")
def errors(app, way):
    c = stored(app)
    assert refused(app, INSERT, *c.values()) == "23505"
    assert refused(app, "UPDATE customers SET phone = ? WHERE id_card = ?", "1" * 21, c["id_card"]) == "22001"
    assert refused(app, "UPDATE customers SET credit_limit = ? WHERE id_card = ?", decimal.Decimal(10) ** 12, c["id_card"]) == "22003"
    assert refused(app, "SELECT nothing FROM customers") == "42703"
    assert refused(app, "SELECT 1 FROM nowhere") == "42P01"
    assert refused(app, "SELEC 1") == "42601"


@check("numbers, long texts and pictures")
def values(app, way):
    c = stored(app, notes="长" * 20_000, photo=bytes(200_000), credit_limit=decimal.Decimal("-0.01"))
    same(app.execute(f"{SELECT} WHERE phone = ?", c["phone"]).fetchone(), c)
    assert app.execute("UPDATE customers SET credit_limit = ? WHERE phone = ?", 300, c["phone"]).rowcount == 1
    assert app.execute("SELECT credit_limit FROM customers WHERE phone = ? AND credit_limit = ?", c["phone"], decimal.Decimal("300")).fetchval() == 300
    assert app.execute("UPDATE customers SET credit_limit = ? WHERE phone = ?", 12.5, c["phone"]).rowcount == 1
    assert app.execute("SELECT credit_limit FROM customers WHERE phone = ?", c["phone"]).fetchval() == decimal.Decimal("12.50")


@check("a function called")
def function(app, way):
    c = stored(app)
    owner = app.execute("SELECT id FROM customers WHERE phone = ?", c["phone"]).fetchval()
    account = app.execute("INSERT INTO accounts (account_no, customer_id, balance) VALUES (?, ?, 9) RETURNING id", f"6222{c['phone']}", owner).fetchval()
    assert app.execute("{CALL transfer(?, ?, ?)}", account, account, decimal.Decimal(2)).fetchval() == decimal.Decimal(7)


@check("teller: finds and sees masks", WAYS)
def teller_finds(app, way):
    c = stored(app)
    teller = connect("teller", way)
    for _ in range(7):
        same(teller.execute(f"{SELECT} WHERE phone = ?", c["phone"]).fetchone(), shown(c))
        same(teller.execute(f"{SELECT} WHERE id_card = '{c['id_card']}'").fetchone(), shown(c))
    teller.close()


@check("teller: saves the form as it was shown", WAYS)
def teller_saves(app, way):
    c = stored(app)
    teller = connect("teller", way)
    row = teller.execute("SELECT name, phone, notes, id FROM customers WHERE phone = ?", c["phone"]).fetchone()
    assert teller.execute("UPDATE customers SET name = ?, phone = ?, notes = ? WHERE id = ?", *row).rowcount == 1
    same(app.execute(f"{SELECT} WHERE phone = ?", c["phone"]).fetchone(), c)
    teller.close()


@check("teller: cannot sort, compare or cut what is hidden")
def teller_oracles(app, way):
    teller = connect("teller")
    for text in ("SELECT phone FROM customers ORDER BY phone", "SELECT 1 FROM customers WHERE phone LIKE '13%'", "SELECT left(phone, 5) FROM customers"):
        assert refused(teller, text) == ("0A000" if SEALED else "none"), text
    teller.close()


def main():
    with open(sys.argv[1], "w") as results:
        for name, work, way in checks:
            verdict = "pass"
            try:
                app = connect("app", way)
                work(app, way)
                app.close()
            except Exception:
                verdict = "fail"
                print("---", name, file=sys.stderr)
                traceback.print_exc()
            print(name, verdict, sep="\t", file=results, flush=True)


main()
