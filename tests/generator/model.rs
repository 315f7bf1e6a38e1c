//! What the generator knows of the bank: its tables, what a role may do with each column, and values that occur.

use std::collections::HashMap;
use std::sync::Arc;

use pgveil::demo::bank;
use pgveil::demo::schema::{self, BankColumn, Kept};
use pgveil::plan::Reveal;
use pgveil::policy::ReadRight;

use crate::support::rights::Rights;
use crate::support::wire::Client;

/// Families of types between which an expression does not choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Num,
    Text,
    Date,
    Time,
    Bool,
    Other,
}

pub const EXPRESSIBLE: [Kind; 6] = [Kind::Int, Kind::Num, Kind::Text, Kind::Date, Kind::Time, Kind::Bool];

fn kind_of(ty: &str) -> Kind {
    match ty.split('(').next().unwrap_or(ty) {
        "smallint" | "integer" | "bigint" => Kind::Int,
        "numeric" => Kind::Num,
        "varchar" | "char" | "text" => Kind::Text,
        "date" => Kind::Date,
        "timestamptz" => Kind::Time,
        "boolean" => Kind::Bool,
        _ => Kind::Other,
    }
}

/// A table's column, as one role has it.
pub struct TableColumn {
    pub table: &'static str,
    pub name: &'static str,
    pub ty: &'static str,
    pub kind: Kind,
    pub not_null: bool,
    pub unique: bool,
    pub is_sealed: bool,
    pub has_equality: bool,
    /// Compared by the clear value: a literal then has another form for who is asked with the masked one.
    pub look_up: bool,
    pub writable: bool,
    pub is_clear: bool,
    /// Sealed columns of one domain can be compared with each other.
    pub domain: String,
    bank: BankColumn<'static>,
    /// Values of the clear bank, each with what the role sees of it.
    pub values: Vec<(Option<String>, Option<String>)>,
}

pub struct Table {
    pub name: &'static str,
    pub columns: Vec<Arc<TableColumn>>,
    pub is_denied: bool,
}

impl Table {
    pub fn key(&self) -> &'static str {
        self.columns[0].name
    }
}

/// A view's name, and its columns' names with those that they are of.
pub type View = (&'static str, Vec<(&'static str, Arc<TableColumn>)>);

/// The bank as one role has it.
pub struct Bank {
    pub role: &'static str,
    rights: Rights,
    pub tables: Vec<Table>,
    /// Views by name, with the columns that they take from `customers`.
    pub views: Vec<View>,
}

/// Rows of each table from which values are taken.
const SAMPLE_ROWS: usize = 60;

impl Bank {
    /// `clear`: a session on the plaintext twin.
    pub fn of(role: &'static str, clear: &mut Client) -> Self {
        let all = schema::columns(schema::PLAIN);
        let rights = Rights::of(role);
        let mut tables = Vec::new();
        for rows in bank::tables(1) {
            let columns: Vec<_> = all.iter().filter(|column| column.table == rows.table).cloned().collect();
            let sample = format!("SELECT * FROM {} ORDER BY 1 LIMIT {SAMPLE_ROWS}", rows.table);
            let sample = clear.must(&sample).rows;
            let columns = columns.into_iter().enumerate().map(|(at, column)| {
                let values = sample.iter().map(|row| row[at].clone().map(|v| String::from_utf8(v).expect("UTF-8")));
                Arc::new(table_column(&rights, column, values.collect()))
            });
            tables.push(Table { name: rows.table, columns: columns.collect(), is_denied: rights.denies(rows.table) });
        }
        let views = views(&tables);
        Self { role, rights, tables, views }
    }

    pub fn sees_everything(&self) -> bool {
        self.tables.iter().all(|table| table.columns.iter().all(|column| column.is_clear))
    }

    /// What the role sees of a value once it is stored.
    pub fn seen(&self, column: &TableColumn, value: &str) -> Option<String> {
        self.rights.seen(&column.bank, value)
    }

    pub fn table(&self, name: &str) -> &Table {
        self.tables.iter().find(|table| table.name == name).expect("a table of the bank")
    }
}

fn table_column(rights: &Rights, column: BankColumn<'static>, values: Vec<Option<String>>) -> TableColumn {
    let grant = rights.column(column.table, column.name);
    let sealed = rights.sealed(column.table, column.name);
    let seen = |value: &Option<String>| value.as_ref().and_then(|value| rights.seen(&column, value));
    let mut values: Vec<_> = values.into_iter().map(|value| (value.clone(), seen(&value))).collect();
    values.dedup();
    TableColumn {
        table: column.table,
        name: column.name,
        ty: column.ty,
        kind: kind_of(column.ty),
        not_null: column.not_null,
        unique: column.unique || column.name == "id",
        is_sealed: matches!(column.kept, Kept::Sealed { .. }),
        has_equality: matches!(column.kept, Kept::Sealed { equality: true }),
        look_up: grant.as_ref().is_some_and(|grant| grant.look_up),
        writable: grant.as_ref().is_some_and(|grant| grant.write),
        is_clear: grant.is_some_and(|grant| grant.read == ReadRight::Reveal(Reveal::Clear)),
        domain: sealed.map(|sealed| sealed.domain.to_string()).unwrap_or_default(),
        bank: column,
        values,
    }
}

fn views(tables: &[Table]) -> Vec<View> {
    let customers = tables.iter().find(|table| table.name == "customers").expect("customers");
    let by_name: HashMap<_, _> = customers.columns.iter().map(|column| (column.name, column)).collect();
    let column = |(shown, name): &(&'static str, &'static str)| (*shown, Arc::clone(by_name[name]));
    let contacts = [("id", "id"), ("mobile", "phone"), ("email", "email"), ("branch_id", "branch_id")];
    vec![
        ("customer_contacts", contacts.iter().map(column).collect()),
        ("vip_contacts", contacts[..3].iter().map(column).collect()),
    ]
}
