//! Changes of rows: INSERT, UPDATE, DELETE with RETURNING, ON CONFLICT, FROM and USING, alone or in WITH.

use std::sync::Arc;

use super::Generator;
use super::model::{Bank, Kind, Table, TableColumn};
use super::scope::{Column, Scope, Source};

/// Tables that are written, the likelier the oftener they stand here.
const TARGETS: [&str; 9] =
    ["customers", "customers", "customers", "employees", "accounts", "accounts", "cards", "transactions", "kyc"];

impl<'a> Generator<'a> {
    fn target(&mut self) -> &'a Table {
        let bank: &'a Bank = self.bank;
        let open = |name: &&&str| !bank.table(name).is_denied;
        let names: Vec<_> = TARGETS.iter().filter(open).collect();
        let name = if self.dice.percent(3) { "cards" } else { **self.dice.pick(&names) };
        bank.table(name)
    }

    pub(super) fn insert(&mut self) -> String {
        self.note("insert");
        let table = self.target();
        let columns = self.given(table);
        let whole = columns.len() == table.columns.len() && self.dice.percent(50);
        let list = if whole { String::new() } else { format!(" ({})", names(&columns).join(", ")) };
        let body = match self.dice.below(6) {
            0 => self.insert_select(&columns),
            1 | 2 => {
                self.note("insert of several rows");
                let rows: Vec<_> = (0..2 + self.dice.below(2)).map(|_| self.row(&columns)).collect();
                format!("VALUES {}", rows.join(", "))
            }
            _ => format!("VALUES {}", self.row(&columns)),
        };
        let conflict = self.on_conflict(table, &columns);
        let returning = self.returning(table, table.name);
        format!("INSERT INTO {}{list} {body}{conflict}{returning}", table.name)
    }

    /// The columns that an INSERT gives: what has to be, what differs from session to session, some others.
    fn given(&mut self, table: &Table) -> Vec<Arc<TableColumn>> {
        let all = self.dice.percent(20);
        let mut columns = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            let must = at == 0 || column.not_null || column.name == "created_at";
            let may = all || self.dice.percent(50);
            if must || (may && (column.writable || self.dice.percent(5))) {
                columns.push(Arc::clone(column));
            }
        }
        columns
    }

    fn row(&mut self, columns: &[Arc<TableColumn>]) -> String {
        let values: Vec<_> = columns.iter().map(|column| self.stored(column)).collect();
        format!("({})", values.join(", "))
    }

    fn insert_select(&mut self, columns: &[Arc<TableColumn>]) -> String {
        self.note("insert select");
        let values: Vec<_> = columns.iter().map(|column| self.stored(column)).collect();
        let (from, condition) = (["branches", "employees"][self.dice.below(2)], self.dice.below(3));
        let values = values.join(", ").replace("DEFAULT", "NULL");
        format!("SELECT {values} FROM {from} WHERE id = {condition}")
    }

    /// A value for a column: new, and on the twin what the role would see of it.
    fn stored(&mut self, column: &TableColumn) -> String {
        let seen_as_is = column.is_clear;
        match self.dice.below(40) {
            0 if !column.not_null => return "NULL".to_owned(),
            1 if !column.not_null => return "DEFAULT".to_owned(),
            // Only where the twin's constraints are the real ones
            2 if self.bank.sees_everything() => return "NULL".to_owned(),
            3 if self.bank.sees_everything() => return self.operand(column),
            // One mistake a statement: which of two is found first is not said anywhere
            4 if self.bank.sees_everything() && !self.is_mistaken => {
                self.is_mistaken = true;
                return self.shown("far too long for whatever is stored here, at least in most columns");
            }
            _ => {}
        }
        let value = self.fresh(column);
        let seen = if seen_as_is { Some(value.clone()) } else { self.bank.seen(column, &value) };
        self.slots.add(&mut self.dice, Some(value), seen)
    }

    /// A value that no row has yet where the column is unique, in PostgreSQL's own output form.
    fn fresh(&mut self, column: &TableColumn) -> String {
        let n = self.fresh_id();
        let small = n % 9;
        match (column.table, column.name) {
            ("kyc", "customer_id") | (_, "id") => n.to_string(),
            (_, "branch_id") => (1 + n % 8).to_string(),
            (_, "customer_id" | "account_id") => (1 + n % 200).to_string(),
            (_, "manager_id") => (1 + n % 40).to_string(),
            (_, "phone") => format!("198{n:08}"),
            (_, "id_number") => format!("990101{n:012}"),
            (_, "account_no" | "counterparty") => format!("{n:021}"),
            (_, "pan") => format!("99{n:017}"),
            (_, "email") => format!("new{n}@example.org"),
            (_, "login") => format!("login{n}"),
            (_, "currency") => "EUR".to_owned(),
            (_, "name" | "holder") => ["赵小明", "Anna Meyer", "欧阳娜", "钱多多"][n % 4].to_owned(),
            _ => match column.kind {
                Kind::Int => (1000 + n % 1000).to_string(),
                Kind::Num => format!("{}.50", n % 10_000),
                Kind::Text => format!("w{small}"),
                Kind::Date => format!("19{}-0{}-17", 50 + n % 50, 1 + small),
                Kind::Time => format!("2024-0{}-02 10:00:00+00", 1 + small),
                Kind::Bool => ["t", "f"][n % 2].to_owned(),
                Kind::Other => match column.ty {
                    "uuid" => format!("00000000-0000-4000-8000-{n:012x}"),
                    "jsonb" => format!("{{\"n\": {n}}}"),
                    "timestamp" => format!("2024-0{}-02 10:00:00", 1 + small),
                    _ => format!("\\x{n:08x}"),
                },
            },
        }
    }

    fn on_conflict(&mut self, table: &Table, columns: &[Arc<TableColumn>]) -> String {
        if !self.dice.percent(30) {
            return String::new();
        }
        self.note("on conflict");
        let unique: Vec<_> =
            table.columns.iter().filter(|column| column.unique || column.name == table.key()).collect();
        // A twin of a masked role has no unique constraints but keys
        let target = match self.bank.sees_everything() {
            true => self.dice.pick(&unique).name,
            false => table.key(),
        };
        let settable: Vec<_> = columns.iter().filter(|column| !column.unique && column.name != table.key()).collect();
        match self.dice.pick_opt(&settable) {
            Some(column) if self.dice.percent(50) => {
                let name = column.name;
                let condition = match self.dice.percent(25) {
                    true => format!(" WHERE {}.{} > 3", table.name, table.key()),
                    false => String::new(),
                };
                format!(" ON CONFLICT ({target}) DO UPDATE SET {name} = EXCLUDED.{name}{condition}")
            }
            _ if self.dice.percent(20) => " ON CONFLICT DO NOTHING".to_owned(),
            _ => format!(" ON CONFLICT ({target}) DO NOTHING"),
        }
    }

    fn returning(&mut self, table: &Table, alias: &str) -> String {
        if !self.dice.percent(55) {
            return String::new();
        }
        self.note("returning");
        if self.dice.percent(20) {
            return " RETURNING *".to_owned();
        }
        let scope = Scope { sources: vec![self.source_of(table, alias)], outer: Vec::new() };
        let outputs: Vec<_> = (0..1 + self.dice.below(3))
            .filter_map(|_| {
                let kind = *self.dice.pick(&[Kind::Int, Kind::Text]);
                match self.dice.percent(75) {
                    true => self.reference(&scope, |_| true).map(|(text, _)| text),
                    false => Some(self.value(kind, &scope, 1)),
                }
            })
            .collect();
        format!(" RETURNING {}", outputs.join(", "))
    }

    fn source_of(&self, table: &Table, alias: &str) -> Source {
        Source { alias: alias.to_owned(), columns: self.columns_of(table.name), key: vec![table.key().to_owned()] }
    }

    pub(super) fn update(&mut self) -> String {
        self.note("update");
        let table = self.target();
        let alias = if self.dice.percent(50) { table.name.to_owned() } else { self.alias() };
        let named = if alias == table.name { alias.clone() } else { format!("{} {alias}", table.name) };
        let scope = Scope { sources: vec![self.source_of(table, &alias)], outer: Vec::new() };
        let sets = self.assignments(table, &scope);
        let (from, tie) = self.another(table, &alias, "FROM");
        let condition = self.narrow(table, &alias, &scope);
        let returning = self.returning(table, &alias);
        format!("UPDATE {named} SET {sets}{from} WHERE {tie}{condition}{returning}")
    }

    fn assignments(&mut self, table: &Table, scope: &Scope) -> String {
        let all = self.bank.sees_everything();
        let settable: Vec<_> = table
            .columns
            .iter()
            .filter(|column| column.name != table.key() && !column.name.ends_with("_id") && (all || !column.unique))
            .filter(|column| column.writable || self.next_id.is_multiple_of(20))
            .cloned()
            .collect();
        let mut chosen: Vec<Arc<TableColumn>> = Vec::new();
        for _ in 0..1 + self.dice.below(2) {
            if let Some(column) = self.dice.pick_opt(&settable)
                && chosen.iter().all(|other| other.name != column.name)
            {
                chosen.push(Arc::clone(column));
            }
        }
        if chosen.len() == 2 && self.dice.percent(30) {
            let values: Vec<_> = chosen.iter().map(|column| self.stored(column)).collect();
            return format!("({}) = ({})", names(&chosen).join(", "), values.join(", "));
        }
        let sets: Vec<_> = chosen.iter().map(|column| self.assignment(column, scope)).collect();
        if sets.is_empty() { format!("{} = 1", table.key()) } else { sets.join(", ") }
    }

    fn assignment(&mut self, column: &TableColumn, scope: &Scope) -> String {
        // What is computed from a mask and stored is another value than the one the twin computes with
        let computed = column.is_clear && !column.is_sealed && self.dice.percent(50);
        if computed && matches!(column.kind, Kind::Num | Kind::Bool | Kind::Date) {
            return format!("{} = {}", column.name, self.value(column.kind, scope, 1));
        }
        let same = |other: &Column| {
            other
                .origin
                .as_ref()
                .is_some_and(|o| o.domain == column.domain && o.ty == column.ty && o.name == column.name)
        };
        if self.dice.percent(8)
            && let Some((text, _)) = self.reference(scope, same)
        {
            return format!("{} = {text}", column.name);
        }
        format!("{} = {}", column.name, self.stored(column))
    }

    /// A second table that has at most one row for each of the first.
    fn another(&mut self, table: &Table, alias: &str, keyword: &str) -> (String, String) {
        let parent = match table.name {
            "customers" | "employees" | "accounts" => Some(("branches", "branch_id")),
            "cards" | "kyc" => Some(("customers", "customer_id")),
            "transactions" => Some(("accounts", "account_id")),
            _ => None,
        };
        match parent.filter(|_| self.dice.percent(20)) {
            Some((parent, column)) => {
                self.note("update from, delete using");
                (format!(" {keyword} {parent} p"), format!("p.id = {alias}.{column} AND "))
            }
            None => (String::new(), String::new()),
        }
    }

    /// A condition that leaves few rows.
    fn narrow(&mut self, table: &Table, alias: &str, scope: &Scope) -> String {
        let key = table.key();
        let near = 1 + self.dice.below(200);
        match self.dice.below(4) {
            0 => format!("{alias}.{key} = {near}"),
            1 => format!("{alias}.{key} IN ({near}, 8, {})", self.shown("16")),
            2 => format!("{} AND {alias}.{key} < 60", self.predicate(scope, 1)),
            _ => self.predicate(scope, 1),
        }
    }

    pub(super) fn delete(&mut self) -> String {
        self.note("delete");
        let table = self.target();
        let alias = if self.dice.percent(50) { table.name.to_owned() } else { self.alias() };
        let named = if alias == table.name { alias.clone() } else { format!("{} AS {alias}", table.name) };
        let scope = Scope { sources: vec![self.source_of(table, &alias)], outer: Vec::new() };
        let (using, tie) = self.another(table, &alias, "USING");
        let condition = self.narrow(table, &alias, &scope);
        let returning = self.returning(table, &alias);
        format!("DELETE FROM {named}{using} WHERE {tie}{condition}{returning}")
    }

    /// A change of rows in WITH, its RETURNING read.
    pub(super) fn with_change(&mut self) -> String {
        self.note("change in with");
        let change = match self.dice.below(3) {
            0 => self.insert(),
            1 => self.update(),
            _ => self.delete(),
        };
        let change = match change.contains(" RETURNING ") {
            true => change,
            false => format!("{change} RETURNING *"),
        };
        let list = ["*", "count(*)"][self.dice.below(2)];
        format!("WITH changed AS ({change}) SELECT {list} FROM changed")
    }
}

fn names(columns: &[Arc<TableColumn>]) -> Vec<&'static str> {
    columns.iter().map(|column| column.name).collect()
}
