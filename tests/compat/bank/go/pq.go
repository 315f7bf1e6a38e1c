package main

import (
	"context"
	"database/sql"
	"time"

	"github.com/lib/pq"
)

func contextOf(limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(background, limit)
}

func pqChecks() {
	for _, options := range []string{"", "&binary_parameters=yes"} {
		in := func(name string, work func(app *sql.DB)) {
			check("pq: "+name+options, func() {
				app := pqSession("app", options)
				defer app.Close()
				work(app)
			})
		}
		in("insert, find, update, delete", func(app *sql.DB) {
			for range 8 {
				c := pqStored(app)
				c.expect(read(app.QueryRow(selection+" WHERE phone = $1", *c.Phone)))
				same("updated", got(got(app.Exec("UPDATE customers SET phone = $1 WHERE id_card = $2", nil, c.IDCard)).RowsAffected()), int64(1))
				same("deleted", got(got(app.Exec("DELETE FROM customers WHERE id_card = $1", c.IDCard)).RowsAffected()), int64(1))
			}
		})
		in("a prepared statement, an array, a transaction", func(app *sql.DB) {
			one, two := pqStored(app), pqStored(app)
			by := got(app.Prepare("SELECT phone FROM customers WHERE id_card = $1"))
			for range 7 {
				var phone string
				must(by.QueryRow(one.IDCard).Scan(&phone))
				same("phone", phone, *one.Phone)
			}
			var count int
			must(app.QueryRow("SELECT count(*) FROM customers WHERE phone = ANY ($1)", pq.Array([]string{*one.Phone, *two.Phone, "x"})).Scan(&count))
			same("count", count, 2)
			tx := got(app.Begin())
			_, err := tx.Exec(insertion, one.values()...)
			same("a duplicate", state(err), "23505")
			must(tx.Rollback())
		})
		in("COPY", func(app *sql.DB) {
			c := fresh()
			tx := got(app.Begin())
			into := got(tx.Prepare(pq.CopyIn("customers", "name", "id_card", "phone", "birth_date", "credit_limit")))
			got(into.Exec(c.Name, c.IDCard, *c.Phone, c.BirthDate.Format(time.DateOnly), c.CreditLimit))
			got(into.Exec())
			must(into.Close())
			must(tx.Commit())
			var card string
			must(app.QueryRow("SELECT id_card FROM customers WHERE phone = $1", *c.Phone).Scan(&card))
			same("card", card, c.IDCard)
		})
		check("teller: pq finds and sees masks"+options, func() {
			app, teller := pqSession("app", options), pqSession("teller", options)
			defer app.Close()
			defer teller.Close()
			for range 6 {
				c := pqStored(app)
				c.shown().expect(read(teller.QueryRow(selection+" WHERE phone = $1", *c.Phone)))
			}
		})
	}
	check("pq: a listener", func() {
		app := pqSession("app", "")
		defer app.Close()
		listener := pq.NewListener(url("app"), time.Second, time.Minute, nil)
		defer listener.Close()
		must(listener.Listen("desk"))
		got(app.Exec("NOTIFY desk, '开门'"))
		same("heard", (<-listener.Notify).Extra, "开门")
		must(listener.Ping())
	})
}

func pqStored(app *sql.DB) Customer {
	c := fresh()
	got(app.Exec(insertion, c.values()...))
	return c
}
