// node-postgres itself, its cursors, streams and pool, and porsager's postgres.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import postgres from 'postgres'
import { check, customer, insertion, refused, same, session, settings, stored, values } from './bank.js'

export async function checks() {
  await statements()
  await streams()
  await sessions()
  await errors()
  await porsager()
}

async function statements() {
  await check('pg: parameters, ten times', () => session('app', async app => {
    for (let i = 0; i < 10; i++) {
      const c = await stored(app)
      const { rows, fields } = await app.query('SELECT * FROM customers WHERE phone = $1', [c.phone])
      assert.equal(rows.length, 1)
      same(rows[0], c)
      assert.deepEqual(fields.map(f => f.dataTypeID), [20, 1043, 1042, 1043, 1043, 1082, 1700, 25, 17, 23, 1009, 23, 1184])
    }
  }))
  await check('pg: a named statement, ten times', () => session('app', async app => {
    for (let i = 0; i < 10; i++) {
      const c = customer()
      await app.query({ name: 'insert customer', text: insertion, values: values(c) })
      const { rows } = await app.query({ name: 'by card', text: 'SELECT * FROM customers WHERE id_card = $1', values: [c.id_card] })
      same(rows[0], c)
    }
  }))
  await check('pg: rows as arrays, in binary', () => session('app', async app => {
    const c = await stored(app)
    const { rows } = await app.query({ text: 'SELECT phone, name FROM customers WHERE phone = $1', values: [c.phone], rowMode: 'array', binary: true })
    assert.deepEqual(rows, [[c.phone, c.name]])
  }))
  await check('pg: literals in the text', () => session('app', async app => {
    const c = customer()
    await app.query(`INSERT INTO customers (name, id_card, phone, notes) VALUES (${app.escapeLiteral("O'Hara \\ 王")}, '${c.id_card}', '${c.phone}', E'a\\tb')`)
    const { rows } = await app.query(`SELECT name, notes FROM customers WHERE phone = '${c.phone}'`)
    assert.deepEqual(rows, [{ name: "O'Hara \\ 王", notes: 'a\tb' }])
  }))
  await check('pg: several statements in one text', () => session('app', async app => {
    const c = await stored(app)
    const found = await app.query(`BEGIN; UPDATE customers SET version = 7 WHERE phone = '${c.phone}'; SELECT phone, version FROM customers WHERE id = ${c.id}; COMMIT`)
    assert.deepEqual(found.map(r => r.command), ['BEGIN', 'UPDATE', 'SELECT', 'COMMIT'])
    assert.deepEqual(found[2].rows, [{ phone: c.phone, version: 7 }])
  }))
  await check('pg: forty statements sent without waiting', () => session('app', async app => {
    const customers = await Promise.all(Array.from({ length: 40 }, () => stored(app)))
    const found = await Promise.all(customers.map(c => app.query('SELECT * FROM customers WHERE phone = $1', [c.phone])))
    found.forEach((result, i) => same(result.rows[0], customers[i]))
  }))
  await check('pg: an array of phones, NULL, empty, dates and numbers', () => session('app', async app => {
    const one = await stored(app)
    const two = await stored(app, { ...customer(), notes: '', credit_limit: null, birth_date: null })
    const { rows } = await app.query('SELECT * FROM customers WHERE phone = ANY ($1) ORDER BY id', [[two.phone, one.phone, 'none']])
    same(rows[0], one)
    same(rows[1], two)
    const { rowCount } = await app.query('UPDATE customers SET birth_date = $1, credit_limit = $2 WHERE id_card = $3', [new Date(2000, 1, 29), 5, two.id_card])
    assert.equal(rowCount, 1)
    const found = await app.query('SELECT id FROM customers WHERE birth_date = $1 AND credit_limit = $2 AND id_card = $3', ['2000-02-29', '5.0', two.id_card])
    assert.equal(found.rows[0].id, two.id)
  }))
  await check('pg: upsert and returning', () => session('app', async app => {
    const c = customer()
    for (let i = 0; i < 6; i++) {
      const { rows } = await app.query(`${insertion.replace(' RETURNING id', '')} ON CONFLICT (id_card) DO UPDATE SET version = customers.version + 1, phone = EXCLUDED.phone RETURNING version, phone`, values(c))
      assert.deepEqual(rows, [{ version: i, phone: c.phone }])
    }
  }))
}

async function many(app, count) {
  const first = await stored(app)
  const customers = [first]
  while (customers.length < count) customers.push(await stored(app))
  return customers
}

async function streams() {
  await check('pg-cursor: read in parts and closed early', () => session('app', async app => {
    const customers = await many(app, 20)
    const cursor = app.query(new Cursor('SELECT * FROM customers WHERE id >= $1 ORDER BY id', [customers[0].id]))
    for (const from of [0, 7]) {
      const rows = await cursor.read(7)
      rows.forEach((row, i) => same(row, customers[from + i]))
    }
    await cursor.close()
    assert.equal((await app.query('SELECT 1 AS one')).rows[0].one, 1)
  }))
  await check('pg-query-stream: every row', () => session('app', async app => {
    const customers = await many(app, 30)
    const stream = app.query(new QueryStream('SELECT * FROM customers WHERE id >= $1 ORDER BY id', [customers[0].id], { batchSize: 4 }))
    let count = 0
    for await (const row of stream) same(row, customers[count++])
    assert.equal(count, 30)
  }))
  await check('pg-query-stream: two at once in two sessions, and an error', () => session('app', one => session('app', async two => {
    const customers = await many(one, 10)
    const query = 'SELECT phone FROM customers WHERE id >= $1 ORDER BY id LIMIT 10'
    const streams = [one, two].map(client => client.query(new QueryStream(query, [customers[0].id], { batchSize: 3 })))
    const found = await Promise.all(streams.map(async stream => (await stream.toArray()).map(row => row.phone)))
    for (const phones of found) assert.deepEqual(phones, customers.map(c => c.phone))
    assert.equal(await refused(one.query(new QueryStream('SELECT 1 / (5 - i) FROM generate_series(1, 9) i', [], { batchSize: 2 })).toArray()), '22012')
    assert.equal((await one.query('SELECT 1 AS one')).rows[0].one, 1)
  })))
  await check('pg-copy-streams: out and in', () => session('app', async app => {
    const c = customer()
    const line = `${c.name},${c.id_card},${c.phone},1949-12-31,12345.60\n`
    await pipeline(Readable.from([line]), app.query(copyFrom('COPY customers (name, id_card, phone, birth_date, credit_limit) FROM STDIN (FORMAT csv)')))
    const out = app.query(copyTo(`COPY (SELECT name, id_card, phone, birth_date, credit_limit FROM customers WHERE phone = '${c.phone}') TO STDOUT (FORMAT csv)`))
    assert.equal((await out.toArray()).join(''), line)
  }))
}

async function sessions() {
  await check('pg: a pool of five under forty tasks', async () => {
    const pool = new pg.Pool({ ...settings('app'), max: 5 })
    const customers = await Promise.all(Array.from({ length: 40 }, async () => {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        const c = await stored(client)
        await client.query('SAVEPOINT a')
        assert.equal(await refused(stored(client, c)), '23505')
        await client.query('ROLLBACK TO SAVEPOINT a')
        await client.query('COMMIT')
        return c
      } finally {
        client.release()
      }
    }))
    for (const c of customers) same((await pool.query('SELECT * FROM customers WHERE phone = $1', [c.phone])).rows[0], c)
    await pool.end()
  })
  await check('pg: notifications', () => session('app', listener => session('app', async sender => {
    const heard = new Promise(resolve => listener.once('notification', resolve))
    await listener.query('LISTEN desk')
    await sender.query("SELECT pg_notify('desk', '开门')")
    const { channel, payload, processId } = await heard
    assert.deepEqual([channel, payload, processId], ['desk', '开门', sender.processID])
  })))
  await check('pg: notices', () => session('app', async app => {
    const heard = new Promise(resolve => app.once('notice', resolve))
    await app.query("DO $$ BEGIN RAISE NOTICE 'seen %', 1; END $$")
    assert.equal((await heard).message, 'seen 1')
  }))
  await check('pg: a statement timeout and a cancelled query', () => session('app', async app => {
    assert.equal(await refused(app.query('SELECT pg_sleep(20)')), '57014')
    assert.equal((await app.query('SELECT 1 AS one')).rows[0].one, 1)
  }, { statement_timeout: 500 }))
  await check('pg: startup settings and application name', () => session('app', async app => {
    const { rows } = await app.query("SELECT current_setting('application_name') AS name, current_setting('search_path') AS path")
    assert.deepEqual(rows, [{ name: 'desk 7', path: 'public' }])
  }, { application_name: 'desk 7', options: '-c search_path=public' }))
  await check('pg: a session that the server ends', () => session('postgres', async postgres => {
    const app = new pg.Client(settings('app'))
    await app.connect()
    const ended = new Promise(resolve => app.on('error', resolve)) // the closed socket is a second one
    await postgres.query('SELECT pg_terminate_backend($1)', [app.processID])
    assert.equal((await ended).code, '57P01')
  }))
}

async function errors() {
  // A function per field would hide which one differs: the whole error is compared
  const failing = async (app, text, given) => app.query(text, given).then(() => ({}), ({ code, severity, constraint, table, column, position }) => ({ code, severity, constraint, table, column, position }))
  const error = fields => ({ constraint: undefined, table: undefined, column: undefined, position: undefined, severity: 'ERROR', ...fields })
  await check('pg: constraints that errors name', () => session('app', async app => {
    const c = await stored(app)
    assert.deepEqual(await failing(app, insertion, values(c)), error({ code: '23505', constraint: 'customers_id_card_key', table: 'customers' }))
    assert.deepEqual(await failing(app, "INSERT INTO customers (id_card) VALUES ('1')"), error({ code: '23502', table: 'customers', column: 'name' }))
    assert.deepEqual(await failing(app, "INSERT INTO transfers (from_account, to_account, amount) VALUES (1, 1, -1)"), error({ code: '23514', constraint: 'transfers_amount_check', table: 'transfers' }))
    assert.deepEqual(await failing(app, "UPDATE customers SET phone = '123456789012345678901' WHERE id = $1", [c.id]), error({ code: '22001' }))
  }))
  for (const [text, code, position] of [
    ['SELECT nothing FROM customers', '42703', '8'], ['SELECT 1 FROM nowhere', '42P01', '15'], ['SELECT FROM WHERE', '42601', '13'],
    ["UPDATE customers SET birth_date = '1999-02-30' WHERE id = -1", '22008', '35'], ['SELECT nothing(1) FROM branches', '42883', '8'],
  ]) {
    await check(`pg: the position of an error in ${text}`, () => session('app', async app => assert.deepEqual(await failing(app, text), error({ code, position }))))
  }
  await check('pg: too few and too many parameters', () => session('app', async app => {
    assert.equal(await refused(app.query('SELECT phone FROM customers WHERE phone = $1', [])), '42P02') // without values the text goes by itself
    assert.equal(await refused(app.query('SELECT phone FROM customers WHERE phone = $1', ['1', '2'])), '08P01')
    assert.equal((await app.query('SELECT 1 AS one')).rows[0].one, 1)
  }))
}

async function porsager() {
  const connect = options => postgres({ ...settings('app'), username: 'app', max: 3, onnotice: () => {}, types: { date: { to: 1082, from: [1082], serialize: x => x, parse: x => x } }, ...options })
  for (const options of [{}, { prepare: false }, { max: 1, fetch_types: false }]) {
    await check(`postgres: insert, find, update, in a transaction ${JSON.stringify(options)}`, async () => {
      const sql = connect(options)
      for (let i = 0; i < 7; i++) {
        const c = customer()
        await sql.begin(async sql => {
          await sql`INSERT INTO customers ${sql(c)}`
          const rows = await sql`SELECT * FROM customers WHERE phone = ${c.phone} AND birth_date = ${c.birth_date}`
          same(rows[0], c)
          await sql.savepoint(sql => sql`UPDATE customers SET ${sql({ phone: '1' })} WHERE id_card = ${c.id_card}`.then(() => { throw new Error('back') })).catch(() => {})
        })
        assert.equal((await sql`SELECT count(*)::int AS n FROM customers WHERE phone IN ${sql([c.phone, 'x'])}`)[0].n, 1)
      }
      await sql.end()
    })
  }
  await check('postgres: many rows at once, a cursor, and a description', async () => {
    const sql = connect()
    const customers = Array.from({ length: 25 }, customer)
    const ids = await sql`INSERT INTO customers ${sql(customers)} RETURNING id`
    let seen = 0
    await sql`SELECT * FROM customers WHERE id >= ${ids[0].id} ORDER BY id LIMIT 25`.cursor(4, rows => rows.forEach(row => same(row, customers[seen++])))
    assert.equal(seen, 25)
    const { columns } = await sql`SELECT phone, birth_date FROM customers WHERE phone = ${'1'}`.describe()
    assert.deepEqual(columns.map(c => c.type), [1043, 1082])
    await sql.end()
  })
}
