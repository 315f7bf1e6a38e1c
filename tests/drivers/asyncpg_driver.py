"""asyncpg through the proxy: everything prepared, everything in the binary format."""

import asyncio

import asyncpg

import bank

FIRST = 3000


async def connect(user: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=bank.HOST, port=bank.PORT, database=bank.DATABASE, user=user, password=bank.PASSWORD
    )


async def look_up(connection: asyncpg.Connection, phone: str) -> list:
    query = f"SELECT {', '.join(bank.COLUMNS)} FROM customers WHERE phone = $1"
    return [tuple(record.values()) for record in await connection.fetch(query, phone)]


async def write_and_look_up(app: asyncpg.Connection) -> None:
    row = bank.customer(FIRST)
    holes = ", ".join(f"${n + 1}" for n in range(len(row)))
    await app.execute(f"INSERT INTO customers ({', '.join(row)}) VALUES ({holes})", *row.values())
    bank.check("a look-up by phone returns what was written", await look_up(app, row["phone"]), [tuple(row.values())])
    bank.check("another number finds nobody", await look_up(app, "13000000001"), [])
    born = await app.fetch("SELECT id FROM customers WHERE birth_date = $1 AND id = $2", row["birth_date"], row["id"])
    bank.check("a date is looked up by value", len(born), 1)


async def update(app: asyncpg.Connection) -> None:
    old, new = bank.customer(FIRST)["phone"], bank.customer(FIRST + 1)["phone"]
    async with app.transaction():
        tag = await app.execute("UPDATE customers SET phone = $1 WHERE phone = $2", new, old)
    bank.check("an update by phone changes one row", tag, "UPDATE 1")
    bank.check("the new number is found", len(await look_up(app, new)), 1)
    await app.execute("UPDATE customers SET phone = $1 WHERE phone = $2", old, new)


async def many(app: asyncpg.Connection) -> None:
    rows = [bank.customer(FIRST + 10 + n) for n in range(20)]
    statement = "INSERT INTO customers (id, name, id_number, phone, branch_id) VALUES ($1, $2, $3, $4, 1)"
    await app.executemany(statement, [(r["id"], r["name"], r["id_number"], r["phone"]) for r in rows])
    phones = [row["phone"] for row in rows]
    found = await app.fetch("SELECT phone FROM customers WHERE phone = ANY($1::varchar[])", phones)
    bank.check("a pipelined batch is stored and found by a list", sorted(r["phone"] for r in found), sorted(phones))
    async with app.transaction():
        cursor = app.cursor("SELECT phone FROM customers WHERE id >= $1 ORDER BY id", 9_000_000 + FIRST, prefetch=3)
        bank.check("a portal is read in parts", len([record async for record in cursor]), 21)


async def masked() -> None:
    row = bank.customer(FIRST)
    teller = await connect("teller")
    found = await teller.fetch("SELECT phone FROM customers WHERE phone = $1", row["phone"])
    bank.check("a teller sees the masked number", [r["phone"] for r in found], [bank.masked_phone(row["phone"])])
    await teller.close()


async def copy(app: asyncpg.Connection) -> None:
    rows = [bank.customer(FIRST + 100 + n) for n in range(30)]
    records = [tuple(row.values()) for row in rows]
    await app.copy_records_to_table("customers", records=records, columns=bank.COLUMNS)
    bank.check("binary COPY in is found by phone", await look_up(app, rows[3]["phone"]), [records[3]])


async def main() -> None:
    app = await connect("app")
    await app.execute("DELETE FROM customers WHERE id >= $1 AND id < $2", 9_000_000 + FIRST, 9_000_000 + FIRST + 1000)
    await write_and_look_up(app)
    await update(app)
    await many(app)
    await masked()
    await copy(app)
    await app.close()


asyncio.run(main())
