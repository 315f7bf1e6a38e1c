// The bank of tests/compat/bank: its logins, customers whom nobody else has, and checks.
import fs from 'node:fs'
import assert from 'node:assert/strict'
import pg from 'pg'

export const sealed = process.env.BANK_SEALED === '1'
export const insertion = `INSERT INTO customers (name, id_card, phone, email, birth_date, credit_limit, notes, photo)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`

const results = fs.openSync(process.argv[2], 'w')
let next = 1

/** A check of its own rows: what it throws is its failure, and the others go on. */
export async function check(name, run) {
  let verdict = 'pass'
  let timer
  const limit = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('no answer in 30 s')), 30_000) })
  try {
    await Promise.race([run(), limit])
  } catch (failure) {
    verdict = 'fail'
    console.error(`--- ${name}\n`, failure)
  }
  clearTimeout(timer)
  fs.writeSync(results, `${name}\t${verdict}\n`)
}

/** A customer whom nobody else has. */
export function customer() {
  const number = next++
  return {
    name: '欧阳建国', id_card: `22010519${String(number).padStart(9, '0')}X`, phone: `136${String(number).padStart(8, '0')}`,
    email: `ouyang${number}@bank.cn`, birth_date: '1949-12-31', credit_limit: '12345.60', notes: "老客户, don't call before 9",
    photo: Buffer.from([0, 1, 255, 92]),
  }
}

export const values = c => [c.name, c.id_card, c.phone, c.email, c.birth_date, c.credit_limit, c.notes, c.photo]

export function same(row, c) {
  for (const [column, value] of Object.entries(c)) assert.deepEqual(row[column], value, column)
}

/** What a teller sees of it. */
export function shown(c) {
  if (!sealed) return c
  return { ...c, name: '欧阳**', id_card: `220105********${c.id_card.slice(14)}`, phone: `136****${c.phone.slice(7)}`, email: 'ouy***@bank.cn',
    birth_date: '1949-01-01', notes: '******', photo: null, credit_limit: '10000.00' }
}

export const settings = user => ({ host: process.env.PGHOST, port: Number(process.env.PGPORT), user, database: 'compat' })

/** A session for one piece of work. */
export async function session(user, work, options = {}) {
  const client = new pg.Client({ ...settings(user), ...options })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export async function stored(client, c = customer()) {
  const { rows } = await client.query(insertion, values(c))
  return { ...c, id: rows[0].id }
}

/** The SQLSTATE that this ends in. */
export async function refused(promise) {
  try {
    await promise
  } catch (failure) {
    return failure.code ?? failure.message
  }
  return 'none'
}

// Dates as the database writes them.
pg.types.setTypeParser(1082, text => text)
