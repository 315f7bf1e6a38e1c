// A teller's session: where the bank is sealed he finds customers and sees masks, by every way of reading.
import assert from 'node:assert/strict'
import QueryStream from 'pg-query-stream'
import { to as copyTo } from 'pg-copy-streams'
import postgres from 'postgres'
import { Customer, open, source } from './builders.js'
import { check, customer, refused, same, sealed, session, settings, shown, stored } from './bank.js'

/** The columns that a teller sees, the amount as the mask leaves it. */
function seen(row, c) {
  const { credit_limit: limit, ...others } = shown(c)
  same(row, others)
  assert.equal(Number(row.credit_limit), Number(limit))
}

export async function checks() {
  const check1 = (name, work) => check(`teller: ${name}`, () => session('app', app => session('teller', async teller => work(app, teller, await stored(app)))))
  await check1('finds and sees masks', async (app, teller, c) => {
    for (let i = 0; i < 7; i++) {
      seen((await teller.query('SELECT * FROM customers WHERE phone = $1', [c.phone])).rows[0], c)
      seen((await teller.query({ name: 'card', text: 'SELECT * FROM customers WHERE id_card = $1', values: [c.id_card] })).rows[0], c)
      seen((await teller.query(`SELECT * FROM customers WHERE phone = '${c.phone}'`)).rows[0], c)
    }
  })
  await check1('streams and copies masks', async (app, teller, c) => {
    for await (const row of teller.query(new QueryStream('SELECT * FROM customers WHERE phone = $1', [c.phone], { batchSize: 1 }))) seen(row, c)
    const out = teller.query(copyTo(`COPY (SELECT id_card, phone FROM customers WHERE phone = '${c.phone}') TO STDOUT`))
    assert.equal((await out.toArray()).join(''), `${shown(c).id_card}\t${shown(c).phone}\n`)
  })
  await check1('saves the form as it was shown, then a new phone', async (app, teller, c) => {
    const { rows } = await teller.query('SELECT id, name, phone, notes FROM customers WHERE phone = $1', [c.phone])
    await teller.query('UPDATE customers SET name = $2, phone = $3, notes = $4 WHERE id = $1', Object.values(rows[0]))
    same((await app.query('SELECT * FROM customers WHERE phone = $1', [c.phone])).rows[0], c)
    const other = customer()
    await teller.query('UPDATE customers SET phone = $1 WHERE id_card = $2', [other.phone, c.id_card])
    assert.equal((await app.query('SELECT phone FROM customers WHERE id = $1', [c.id])).rows[0].phone, other.phone)
  })
  await check1('cannot sort, compare or cut what is hidden', async (app, teller) => {
    for (const text of ['SELECT phone FROM customers ORDER BY phone', "SELECT 1 FROM customers WHERE phone LIKE '13%'", 'SELECT left(phone, 5) FROM customers', 'SELECT to_json(c) FROM customers c']) {
      assert.equal(await refused(teller.query(text)), sealed ? '0A000' : 'none', text)
    }
  })
  await check('teller: knex, TypeORM and postgres show masks', () => session('app', async app => {
    const c = await stored(app)
    const [db, entities] = [open('teller'), await source('teller')]
    const { host, port, database } = settings('teller')
    const sql = postgres({ host, port, database, username: 'teller', max: 1, types: { date: { to: 1082, from: [1082], serialize: x => x, parse: x => x } } })
    for (let i = 0; i < 6; i++) {
      seen(await db('customers').where({ phone: c.phone }).first(), c)
      seen(await entities.getRepository(Customer).findOneByOrFail({ id_card: c.id_card }), c)
      seen((await sql`SELECT * FROM customers WHERE phone = ${c.phone}`)[0], c)
    }
    await Promise.all([db.destroy(), entities.destroy(), sql.end()])
  }))
}
