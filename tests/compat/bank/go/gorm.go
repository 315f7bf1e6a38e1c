package main

import (
	"errors"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

// Account of a customer.
type Account struct {
	ID         int64 `gorm:"primaryKey"`
	AccountNo  string
	CustomerID int64
	Customer   Customer
	Balance    float64
}

func open(user string, simple bool) *gorm.DB {
	dialect := postgres.New(postgres.Config{DSN: url(user), PreferSimpleProtocol: simple})
	return got(gorm.Open(dialect, &gorm.Config{Logger: logger.Discard, PrepareStmt: !simple, TranslateError: true}))
}

func gormChecks() {
	for _, simple := range []bool{false, true} {
		way := map[bool]string{false: "prepared", true: "simple"}[simple]
		in := func(name string, work func(app *gorm.DB)) {
			check("gorm: "+name+", "+way, func() {
				app := open("app", simple)
				defer got(app.DB()).Close()
				work(app)
			})
		}
		in("create, find, save, delete", func(app *gorm.DB) {
			for range 6 {
				c := fresh()
				must(app.Create(&c).Error)
				var found Customer
				must(app.First(&found, "phone = ?", *c.Phone).Error)
				c.expect(found)
				must(app.Model(&found).Updates(map[string]any{"phone": nil, "notes": "新"}).Error)
				var again Customer
				must(app.Where(&Customer{IDCard: c.IDCard}).Where("phone IS NULL").Take(&again).Error)
				same("notes", again.Notes, "新")
				same("deleted", app.Delete(&again).RowsAffected, int64(1))
			}
		})
		in("batches, IN, counts, pages, upserts", func(app *gorm.DB) {
			many, phones := make([]Customer, 40), []string{}
			for i := range many {
				many[i] = fresh()
				phones = append(phones, *many[i].Phone)
			}
			must(app.CreateInBatches(&many, 15).Error)
			var count int64
			must(app.Model(&Customer{}).Where("phone IN ?", phones).Count(&count).Error)
			same("count", count, int64(40))
			var page []Customer
			must(app.Where("id >= ?", many[0].ID).Order("id").Offset(10).Limit(5).Find(&page).Error)
			for i, c := range page {
				many[10+i].expect(c)
			}
			again := many[3]
			again.ID, again.Notes = 0, "再来"
			must(app.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id_card"}}, DoUpdates: clause.AssignmentColumns([]string{"notes"})}).Create(&again).Error)
			var found Customer
			must(app.Clauses(clause.Locking{Strength: "UPDATE"}).First(&found, many[3].ID).Error)
			same("notes", found.Notes, "再来")
		})
		in("accounts preloaded and joined, rows, duplicates", func(app *gorm.DB) {
			owner := fresh()
			must(app.Create(&owner).Error)
			account := Account{AccountNo: "6228" + *owner.Phone, CustomerID: owner.ID, Balance: 12.5}
			must(app.Omit("Customer").Create(&account).Error)
			var found Account
			must(app.Preload("Customer").First(&found, "account_no = ?", account.AccountNo).Error)
			owner.expect(found.Customer)
			found = Account{}
			must(app.Joins("Customer").First(&found, `"Customer"."phone" = ?`, *owner.Phone).Error)
			owner.expect(found.Customer)
			same("a duplicate", errors.Is(app.Omit("Customer").Create(&Account{AccountNo: account.AccountNo, CustomerID: owner.ID}).Error, gorm.ErrDuplicatedKey), true)
			err := app.Transaction(func(tx *gorm.DB) error {
				must(tx.Model(&Account{}).Where("account_no = ?", account.AccountNo).UpdateColumn("balance", gorm.Expr("balance + ?", 1)).Error)
				return tx.Transaction(func(*gorm.DB) error { return nil })
			})
			must(err)
		})
		check("teller: gorm finds and sees masks, "+way, func() {
			app, teller := open("app", simple), open("teller", simple)
			defer got(app.DB()).Close()
			defer got(teller.DB()).Close()
			for range 6 {
				c := fresh()
				must(app.Create(&c).Error)
				var found Customer
				must(teller.First(&found, "phone = ?", *c.Phone).Error)
				c.shown().expect(found)
			}
		})
	}
}
