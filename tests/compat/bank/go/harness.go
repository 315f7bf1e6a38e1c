// Go's way to the bank's database, check by check: `harness RESULTS` writes `check<TAB>pass|fail` lines.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
)

const (
	columns   = "name, id_card, phone, email, birth_date, credit_limit, notes, photo"
	insertion = "INSERT INTO customers (" + columns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	selection = "SELECT name, id_card, phone, email, birth_date, credit_limit, notes, photo FROM customers"
)

var (
	background = context.Background()
	sealed     = os.Getenv("BANK_SEALED") == "1"
	results    *os.File
	number     int
)

func main() {
	var err error
	if results, err = os.Create(os.Args[1]); err != nil {
		panic(err)
	}
	pgxChecks()
	pqChecks()
	gormChecks()
}

// check runs a check of its own rows: what it panics with is its failure, and the others go on.
func check(name string, work func()) {
	verdict := "pass"
	func() {
		defer func() {
			if failure := recover(); failure != nil {
				verdict = "fail"
				fmt.Fprintf(os.Stderr, "--- %s\n%v\n", name, failure)
			}
		}()
		work()
	}()
	fmt.Fprintf(results, "%s\t%s\n", name, verdict)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func same(what string, found, expected any) {
	if !reflect.DeepEqual(found, expected) {
		panic(fmt.Sprintf("%s: found %v, expected %v", what, found, expected))
	}
}

func url(user string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%s/compat?sslmode=disable", user, os.Getenv("PGPORT"))
}

// state is the SQLSTATE of an error, whichever driver made it.
func state(err error) string {
	var fromPgx *pgconn.PgError
	var fromPq *pq.Error
	switch {
	case err == nil:
		return "none"
	case errors.As(err, &fromPgx):
		return fromPgx.Code
	case errors.As(err, &fromPq):
		return string(fromPq.Code)
	}
	return err.Error()
}

// Customer is one whom nobody else has.
type Customer struct {
	ID          int64 `gorm:"primaryKey"`
	Name        string
	IDCard      string
	Phone       *string
	Email       string
	BirthDate   time.Time `gorm:"type:date"`
	CreditLimit string
	Notes       string
	Photo       []byte
}

func fresh() Customer {
	number++
	phone := fmt.Sprintf("132%08d", number)
	return Customer{Name: "欧阳建国", IDCard: fmt.Sprintf("77010519%09dX", number), Phone: &phone, Email: fmt.Sprintf("ouyang%d@bank.cn", number),
		BirthDate: time.Date(1949, 12, 31, 0, 0, 0, 0, time.UTC), CreditLimit: "12345.60", Notes: "老客户, don't call before 9", Photo: []byte{0, 1, 0xff, '\\'}}
}

func (c Customer) values() []any {
	return []any{c.Name, c.IDCard, c.Phone, c.Email, c.BirthDate, c.CreditLimit, c.Notes, c.Photo}
}

// shown is what a teller sees of it.
func (c Customer) shown() Customer {
	if !sealed {
		return c
	}
	phone := "132****" + (*c.Phone)[7:]
	c.Name, c.IDCard, c.Phone, c.Email = "欧阳**", "770105********"+c.IDCard[14:], &phone, "ouy***@bank.cn"
	c.BirthDate, c.CreditLimit, c.Notes, c.Photo = time.Date(1949, 1, 1, 0, 0, 0, 0, time.UTC), "10000", "******", nil
	return c
}

// expect compares what was read: an amount as a number, since a mask has no scale.
func (c Customer) expect(row Customer) {
	row.ID, row.BirthDate = c.ID, row.BirthDate.UTC()
	same("amount", got(strconv.ParseFloat(row.CreditLimit, 64)), got(strconv.ParseFloat(c.CreditLimit, 64)))
	same("phone", *row.Phone, *c.Phone)
	row.CreditLimit, row.Phone = c.CreditLimit, c.Phone
	same("customer", row, c)
}

type row interface{ Scan(...any) error }

func read(r row) (c Customer) {
	must(r.Scan(&c.Name, &c.IDCard, &c.Phone, &c.Email, &c.BirthDate, &c.CreditLimit, &c.Notes, &c.Photo))
	return c
}

func pgxSession(user string, mode pgx.QueryExecMode) *pgx.Conn {
	config := got(pgx.ParseConfig(url(user)))
	config.DefaultQueryExecMode = mode
	return got(pgx.ConnectConfig(background, config))
}

func pqSession(user, options string) *sql.DB {
	db := got(sql.Open("postgres", url(user)+options))
	db.SetMaxOpenConns(3)
	return db
}
