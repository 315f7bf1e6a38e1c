"""psycopg 3 through the proxy, in the text or the binary format."""

import sys

import psycopg

import bank

BINARY = sys.argv[1:] == ["binary"]
FIRST = 1000 if BINARY else 2000


def connect(user: str) -> psycopg.Connection:
    return psycopg.connect(
        host=bank.HOST, port=bank.PORT, dbname=bank.DATABASE, user=user, password=bank.PASSWORD, sslmode="prefer"
    )


def insert(connection: psycopg.Connection, row: dict) -> None:
    names = ", ".join(row)
    holes = ", ".join(f"%({name}){'b' if BINARY and name != 'credit_limit' else 's'}" for name in row)
    connection.execute(f"INSERT INTO customers ({names}) VALUES ({holes})", row)


def look_up(connection: psycopg.Connection, phone: str) -> list:
    query = f"SELECT {', '.join(bank.COLUMNS)} FROM customers WHERE phone = %s"
    with connection.cursor(binary=BINARY) as cursor:
        return cursor.execute(query, [phone]).fetchall()


def write_and_look_up(app: psycopg.Connection) -> None:
    row = bank.customer(FIRST)
    insert(app, row)
    app.commit()
    bank.check("a look-up by phone returns what was written", look_up(app, row["phone"]), [tuple(row.values())])
    bank.check("another number finds nobody", look_up(app, "13000000001"), [])
    description = app.execute("SELECT birth_date, credit_limit FROM customers WHERE id = %s", [row["id"]]).description
    bank.check("logical types are described", [column.type_code for column in description], [1082, 1700])


def update(app: psycopg.Connection) -> None:
    old, new = bank.customer(FIRST)["phone"], bank.customer(FIRST + 1)["phone"]
    changed = app.execute("UPDATE customers SET phone = %s WHERE phone = %s", [new, old])
    bank.check("an update by phone changes one row", changed.rowcount, 1)
    bank.check("the old number is gone", look_up(app, old), [])
    app.rollback()
    bank.check("a rollback brings it back", len(look_up(app, old)), 1)


def repeated(app: psycopg.Connection) -> None:
    phone = bank.customer(FIRST)["phone"]
    for _ in range(8):  # psycopg prepares a statement from its sixth execution on
        found = look_up(app, phone)
    bank.check("a prepared statement answers as the first execution", len(found), 1)


def masked() -> None:
    row = bank.customer(FIRST)
    with connect("teller") as teller, teller.cursor(binary=BINARY) as cursor:
        found = cursor.execute("SELECT phone, name FROM customers WHERE phone = %s", [row["phone"]]).fetchall()
        bank.check("a teller finds the customer", len(found), 1)
        bank.check("and sees the masked number", found[0][0], bank.masked_phone(row["phone"]))
        bank.check("and no given name", "建国" in found[0][1], bank.UNMASKED)


def copy(app: psycopg.Connection) -> None:
    rows = [bank.customer(FIRST + 10 + n) for n in range(50)]
    with app.cursor() as cursor, cursor.copy(f"COPY customers ({', '.join(bank.COLUMNS)}) FROM STDIN") as copy_in:
        for row in rows:
            copy_in.write_row(list(row.values()))
    bank.check("copied rows are found by phone", len(look_up(app, rows[7]["phone"])), 1)
    wanted = rows[7]["id"]
    with app.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT id, phone, notes FROM customers WHERE id = {wanted}) TO STDOUT") as copy_out:
            out = list(copy_out.rows())
    bank.check("and come out in clear", out, [(str(wanted), rows[7]["phone"], rows[7]["notes"])])
    app.rollback()


def errors(app: psycopg.Connection) -> None:
    row = bank.customer(FIRST)
    try:
        insert(app, row)
        state = None
    except psycopg.Error as error:
        state = error.sqlstate
        bank.check("no value in the error", row["phone"] in str(error), False)
    bank.check("a duplicate is a duplicate", state, "23505")
    app.rollback()
    bank.check("the session goes on", app.execute("SELECT 1").fetchone(), (1,))


def main() -> None:
    with connect("app") as app:
        app.execute("DELETE FROM customers WHERE id >= %s AND id < %s", [9_000_000 + FIRST, 9_000_000 + FIRST + 1000])
        app.commit()
        write_and_look_up(app)
        update(app)
        repeated(app)
        masked()
        copy(app)
        errors(app)


main()
