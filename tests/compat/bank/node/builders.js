// knex and TypeORM.
import assert from 'node:assert/strict'
import knexfile from 'knex'
import { DataSource, EntitySchema, In } from 'typeorm'
import { check, customer, refused, same, settings } from './bank.js'

export const open = user => knexfile({ client: 'pg', connection: settings(user), pool: { min: 0, max: 4 } })

const Customer = new EntitySchema({
  name: 'Customer',
  tableName: 'customers',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'identity' },
    name: { type: 'varchar', length: 60 }, id_card: { type: 'char', length: 18 }, phone: { type: 'varchar', length: 20, nullable: true },
    email: { type: 'varchar', nullable: true }, birth_date: { type: 'date', nullable: true },
    credit_limit: { type: 'numeric', precision: 14, scale: 2, nullable: true }, notes: { type: 'text', nullable: true }, photo: { type: 'bytea', nullable: true },
    version: { type: 'int', version: true },
  },
})

export async function source(user) {
  const { host, port, database } = settings(user)
  return new DataSource({ type: 'postgres', host, port, username: user, database, entities: [Customer], installExtensions: false }).initialize()
}

export { Customer }

export async function checks() {
  await knex()
  await typeorm()
}

async function knex() {
  const check1 = (name, work) => check(`knex: ${name}`, async () => {
    const db = open('app')
    try {
      await work(db)
    } finally {
      await db.destroy()
    }
  })
  await check1('insert, find, update, delete', async db => {
    for (let i = 0; i < 6; i++) {
      const c = customer()
      const [{ id }] = await db('customers').insert(c).returning('id')
      same(await db('customers').where({ phone: c.phone }).first(), c)
      assert.equal(await db('customers').where('id_card', c.id_card).update({ phone: null }), 1)
      assert.equal((await db('customers').whereNull('phone').andWhere({ id }).first()).id, id)
      assert.equal(await db('customers').whereIn('id_card', [c.id_card, 'x']).del(), 1)
    }
  })
  await check1('many rows, in chunks, and merged', async db => {
    const customers = Array.from({ length: 60 }, customer)
    await db.batchInsert('customers', customers, 25)
    assert.equal((await db('customers').whereIn('phone', customers.map(c => c.phone)).count('* as n').first()).n, '60')
    await db('customers').insert(customers.slice(0, 3).map(c => ({ ...c, notes: '再来' }))).onConflict('id_card').merge(['notes'])
    assert.deepEqual(await db('customers').whereIn('phone', customers.slice(0, 3).map(c => c.phone)).pluck('notes'), ['再来', '再来', '再来'])
  })
  await check1('joins, groups, pages, subqueries', async db => {
    const c = customer()
    const [{ id }] = await db('customers').insert(c).returning('id')
    await db('accounts').insert([1, 2, 3].map(n => ({ account_no: `6225${c.phone}${n}`, customer_id: id, balance: n })))
    const joined = await db('customers as c').join('accounts as a', 'a.customer_id', 'c.id').where('c.phone', c.phone).orderBy('a.id').select('c.phone', 'a.account_no').limit(2).offset(1)
    assert.deepEqual(joined.map(row => row.account_no), [2, 3].map(n => `6225${c.phone}${n}`))
    assert.deepEqual(await db('customers as c').join('accounts as a', 'a.customer_id', 'c.id').where('c.phone', c.phone).groupBy('c.phone').select('c.phone').sum('a.balance as money'), [{ phone: c.phone, money: '6.00' }])
    assert.equal((await db('accounts').whereIn('customer_id', db('customers').select('id').where({ id_card: c.id_card })).countDistinct('account_no as n').first()).n, '3')
    assert.equal((await db.with('mine', db('customers').where({ phone: c.phone })).select('phone').from('mine').first()).phone, c.phone)
  })
  await check1('a transaction with a nested one', async db => {
    const c = customer()
    await db.transaction(async outer => {
      await outer('customers').insert(c)
      await outer.transaction(inner => inner('customers').insert(c)).catch(failure => assert.equal(failure.code, '23505'))
      assert.equal((await outer('customers').where({ phone: c.phone }).forUpdate().first()).id_card, c.id_card)
    })
    assert.equal((await db('customers').where({ phone: c.phone }).count('id as n').first()).n, '1')
  })
  await check1('a stream, raw text and the catalog', async db => {
    const customers = Array.from({ length: 12 }, customer)
    const ids = await db('customers').insert(customers).returning('id')
    let count = 0
    for await (const row of db('customers').where('id', '>=', ids[0].id).orderBy('id').stream({ batchSize: 5 })) same(row, customers[count++])
    assert.equal(count, 12)
    assert.equal((await db.raw('SELECT phone FROM customers WHERE phone = ?', [customers[3].phone])).rows[0].phone, customers[3].phone)
    assert.equal(await db.schema.hasTable('customers'), true)
    assert.equal((await db('customers').columnInfo()).version.type, 'integer')
  })
  await check1('a migration of a table of its own', async db => {
    await db.schema.createTable('visits', table => {
      table.increments()
      table.bigInteger('customer_id').references('customers.id')
      table.jsonb('details').defaultTo('{}')
      table.timestamps(true, true)
    })
    await db.schema.alterTable('visits', table => table.string('desk', 10).index())
    await db('visits').insert({ desk: '七' })
    assert.equal((await db('visits').first()).desk, '七')
    await db.schema.dropTable('visits')
    assert.equal(await refused(db('visits').first()), '42P01')
  })
}

async function typeorm() {
  const check1 = (name, work) => check(`typeorm: ${name}`, async () => {
    const db = await source('app')
    try {
      await work(db.getRepository(Customer), db)
    } finally {
      await db.destroy()
    }
  })
  await check1('save, find, save again, remove', async customers => {
    for (let i = 0; i < 6; i++) {
      const c = customer()
      const saved = await customers.save({ ...c })
      const found = await customers.findOneByOrFail({ phone: c.phone })
      same(found, c)
      assert.equal(found.id, saved.id)
      found.phone = null
      await customers.save(found)
      assert.equal((await customers.findOneByOrFail({ id: saved.id })).phone, null)
      await customers.remove(found)
    }
  })
  await check1('many, counted, by query builder', async customers => {
    const many = Array.from({ length: 30 }, customer)
    await customers.insert(many.map(c => ({ ...c })))
    const [found, count] = await customers.findAndCount({ where: { phone: In(many.map(c => c.phone)) }, order: { id: 'ASC' }, skip: 10, take: 5 })
    assert.equal(count, 30)
    found.forEach((row, i) => same(row, many[10 + i]))
    const one = await customers.createQueryBuilder('c').where('c.phone = :phone AND c.birth_date = :birth', { phone: many[7].phone, birth: many[7].birth_date }).getOneOrFail()
    same(one, many[7])
    await customers.upsert({ ...many[7], notes: '再来' }, ['id_card'])
    assert.equal((await customers.findOneByOrFail({ id_card: many[7].id_card })).notes, '再来')
    assert.equal((await customers.update({ phone: many[8].phone }, { notes: null })).affected, 1)
    assert.equal((await customers.delete({ id_card: many[8].id_card })).affected, 1)
  })
  await check1('a transaction with a lock, and a duplicate', async (customers, db) => {
    const c = customer()
    await customers.insert({ ...c })
    await db.transaction(async manager => {
      const row = await manager.findOne(Customer, { where: { phone: c.phone }, lock: { mode: 'pessimistic_write' } })
      same(row, c)
    })
    assert.equal(await refused(customers.insert({ ...c })), '23505')
  })
}
