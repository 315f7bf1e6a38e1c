package main

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

func pgxChecks() {
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		in := func(name string, work func(app *pgx.Conn)) {
			check("pgx: "+name+", "+mode.String(), func() {
				app := pgxSession("app", mode)
				defer app.Close(background)
				work(app)
			})
		}
		in("insert, find, update, delete", func(app *pgx.Conn) {
			for range 8 {
				c := pgxStored(app)
				c.expect(read(app.QueryRow(background, selection+" WHERE phone = $1", *c.Phone)))
				c.expect(read(app.QueryRow(background, selection+" WHERE id_card = $1 AND birth_date = $2", c.IDCard, c.BirthDate)))
				same("updated", got(app.Exec(background, "UPDATE customers SET phone = $1, notes = $2 WHERE id_card = $3", nil, "", c.IDCard)).String(), "UPDATE 1")
				var phone, notes *string
				must(app.QueryRow(background, "SELECT phone, notes FROM customers WHERE id_card = $1", c.IDCard).Scan(&phone, &notes))
				same("no phone and empty notes", phone == nil && *notes == "", true)
				same("deleted", got(app.Exec(background, "DELETE FROM customers WHERE id_card = $1", c.IDCard)).RowsAffected(), int64(1))
			}
		})
		in("a batch with an error", func(app *pgx.Conn) {
			c, batch := fresh(), &pgx.Batch{}
			batch.Queue(insertion, c.values()...)
			batch.Queue(selection+" WHERE phone = $1", *c.Phone)
			sent := app.SendBatch(background, batch)
			got(sent.Exec())
			c.expect(read(sent.QueryRow()))
			must(sent.Close())
			batch = &pgx.Batch{}
			batch.Queue("UPDATE customers SET notes = 'x' WHERE phone = $1", *c.Phone)
			batch.Queue(insertion, c.values()...)
			sent = app.SendBatch(background, batch)
			got(sent.Exec())
			_, err := sent.Exec()
			same("a duplicate", state(err), "23505")
			sent.Close()
			c.expect(read(app.QueryRow(background, selection+" WHERE phone = $1", *c.Phone)))
		})
		in("an array of phones, a transaction and a savepoint", func(app *pgx.Conn) {
			tx := got(app.Begin(background))
			one, two := fresh(), fresh()
			for _, c := range []Customer{one, two} {
				got(tx.Exec(background, insertion, c.values()...))
			}
			inner := got(tx.Begin(background))
			_, err := inner.Exec(background, insertion, one.values()...)
			same("a duplicate", state(err), "23505")
			must(inner.Rollback(background))
			rows := got(tx.Query(background, "SELECT phone FROM customers WHERE phone = ANY ($1) ORDER BY id", []string{*two.Phone, *one.Phone, "x"}))
			same("phones", got(pgx.CollectRows(rows, pgx.RowTo[string])), []string{*one.Phone, *two.Phone})
			must(tx.Commit(background))
		})
		check("teller: pgx finds and sees masks, "+mode.String(), func() {
			app, teller := pgxSession("app", mode), pgxSession("teller", mode)
			defer app.Close(background)
			defer teller.Close(background)
			for range 7 {
				c := pgxStored(app)
				c.shown().expect(read(teller.QueryRow(background, selection+" WHERE phone = $1", *c.Phone)))
				c.shown().expect(read(teller.QueryRow(background, selection+" WHERE id_card = $1", c.IDCard)))
			}
		})
	}
	check("pgx: CopyFrom in binary", func() {
		app := pgxSession("app", pgx.QueryExecModeCacheStatement)
		defer app.Close(background)
		one, two := fresh(), fresh()
		names := []string{"name", "id_card", "phone", "email", "notes", "photo", "branch_id"}
		rows := [][]any{{one.Name, one.IDCard, *one.Phone, one.Email, one.Notes, one.Photo, 1}, {two.Name, two.IDCard, *two.Phone, two.Email, two.Notes, two.Photo, 2}}
		same("rows", got(app.CopyFrom(background, pgx.Identifier{"customers"}, names, pgx.CopyFromRows(rows))), int64(2))
		var card string
		must(app.QueryRow(background, "SELECT id_card FROM customers WHERE phone = $1", *two.Phone).Scan(&card))
		same("card", card, two.IDCard)
	})
	check("pgx: CopyFrom with dates and amounts", func() {
		app := pgxSession("app", pgx.QueryExecModeCacheStatement)
		defer app.Close(background)
		c := fresh()
		var amount pgtype.Numeric
		must(amount.Scan(c.CreditLimit))
		rows := [][]any{{c.Name, c.IDCard, *c.Phone, c.Email, c.BirthDate, amount, c.Notes, c.Photo}}
		names := []string{"name", "id_card", "phone", "email", "birth_date", "credit_limit", "notes", "photo"}
		same("rows", got(app.CopyFrom(background, pgx.Identifier{"customers"}, names, pgx.CopyFromRows(rows))), int64(1))
		c.expect(read(app.QueryRow(background, selection+" WHERE phone = $1", *c.Phone)))
	})
	check("pgx: notifications", func() {
		app, other := pgxSession("app", pgx.QueryExecModeCacheStatement), pgxSession("app", pgx.QueryExecModeCacheStatement)
		defer app.Close(background)
		defer other.Close(background)
		got(app.Exec(background, "LISTEN desk"))
		got(other.Exec(background, "SELECT pg_notify('desk', '开门')"))
		heard := got(app.WaitForNotification(background))
		same("heard", []any{heard.Payload, heard.PID}, []any{"开门", other.PgConn().PID()})
	})
	check("pgx: described as the bank has it", func() {
		app := pgxSession("app", pgx.QueryExecModeCacheStatement)
		defer app.Close(background)
		described := got(app.Prepare(background, "described", selection+" WHERE phone = $1 AND birth_date = $2 AND credit_limit = $3"))
		same("parameters", described.ParamOIDs, []uint32{25, 1082, 1700})
		var types []uint32
		for _, field := range described.Fields {
			types = append(types, field.DataTypeOID)
		}
		same("columns", types, []uint32{1043, 1042, 1043, 1043, 1082, 1700, 25, 17})
	})
	check("teller: pgx saves the form as it was shown", func() {
		app, teller := pgxSession("app", pgx.QueryExecModeCacheStatement), pgxSession("teller", pgx.QueryExecModeCacheStatement)
		defer app.Close(background)
		defer teller.Close(background)
		c := pgxStored(app)
		shown := read(teller.QueryRow(background, selection+" WHERE phone = $1", *c.Phone))
		got(teller.Exec(background, "UPDATE customers SET name = $1, phone = $2, notes = $3 WHERE id_card = $4", shown.Name, *shown.Phone, shown.Notes, c.IDCard))
		c.expect(read(app.QueryRow(background, selection+" WHERE phone = $1", *c.Phone)))
	})
	check("teller: pgx cannot sort, compare or cut what is hidden", func() {
		teller := pgxSession("teller", pgx.QueryExecModeCacheStatement)
		defer teller.Close(background)
		for _, text := range []string{"SELECT phone FROM customers ORDER BY phone", "SELECT 1 FROM customers WHERE phone LIKE '13%'", "SELECT left(phone, 5) FROM customers"} {
			_, err := teller.Exec(background, text)
			same(text, state(err), map[bool]string{true: "0A000", false: "none"}[sealed])
		}
	})
	check("pgx: a cancelled context", func() {
		app := pgxSession("app", pgx.QueryExecModeCacheStatement)
		limited, stop := contextOf(500 * time.Millisecond)
		defer stop()
		_, err := app.Exec(limited, "SELECT pg_sleep(20)")
		same("ended", err != nil, true)
	})
}

func pgxStored(app *pgx.Conn) Customer {
	c := fresh()
	same("stored", got(app.Exec(background, insertion, c.values()...)).RowsAffected(), int64(1))
	return c
}
