//! A small bank: catalog, policy and keys, without a database.

use std::sync::Arc;

use pgveil::catalog::follow::Follower;
use pgveil::catalog::{Catalog, Column, FunctionClass, Oid, Relation};
use pgveil::keys::Keyring;
use pgveil::metrics::Metrics;
use pgveil::plan::{Change, PreparedSql, TermHash};
use pgveil::policy::{PolicyStore, Principal};
use pgveil::server::database::Database;
use pgveil::server::decide::{Bindings, LookUps, SessionDecider, Shared, Verdicts};
use pgveil::session::{Parameters, SessionView, TransactionStatus};

const TEXT: Oid = 25;
const INT8: Oid = 20;

pub const POLICY: &str = r#"
database: bank
domains: {bank: {}, dates: {}}
tables:
  public.customers:
    columns:
      id: {open: true}
      name: {mask: name-surname}
      id_number: {mask: id-1-1, seal: {id: 1, domain: bank, search: [equality], type: varchar(18)}}
      phone: {mask: phone-3-4, seal: {id: 2, domain: bank, search: [equality], type: varchar(20)}}
      email: {mask: email-1, seal: {id: 3, domain: bank, search: [equality], type: varchar(100)}}
      born: {mask: birth-year, seal: {id: 4, domain: dates, search: [equality], type: date}}
      branch: {open: true}
roles:
  - {name: app, members: {users: [app]}, all_tables: clear}
  - name: teller
    members: {users: [teller]}
    grants:
      public.customers: {columns: {phone: {show: mask, look_up: true}}}
"#;

pub fn relation(oid: Oid, name: &str, columns: &[(&str, Oid)]) -> Relation {
    let column = |(at, (name, type_oid)): (usize, &(&str, Oid))| Column {
        number: i16::try_from(at + 1).unwrap(),
        name: (*name).to_owned(),
        type_oid: *type_oid,
        typmod: -1,
        not_null: false,
        default: None,
        generated: false,
        identity: false,
        is_key: *name == "id",
    };
    Relation {
        oid,
        schema: "public".to_owned(),
        name: name.to_owned(),
        owner: "app".to_owned(),
        columns: columns.iter().enumerate().map(column).collect(),
        ..Relation::default()
    }
}

/// With so many relations that no policy names.
pub fn catalog(others: u32) -> Catalog {
    let mut catalog = Catalog::default();
    let customers = [
        ("id", INT8),
        ("name", 1043),
        ("id_number", TEXT),
        ("phone", TEXT),
        ("email", TEXT),
        ("born", TEXT),
        ("branch", 23),
    ];
    catalog.insert(relation(20_000, "customers", &customers));
    let account = [("aid", INT8), ("bid", INT8), ("balance", INT8), ("filler", TEXT)];
    catalog.insert(relation(20_001, "accounts", &account));
    for number in 0..others {
        catalog.insert(relation(30_000 + number, &format!("other_{number}"), &account));
    }
    for name in ["count", "lower", "sum", "now", "left", "coalesce"] {
        catalog.builtins.insert(name.to_owned(), FunctionClass::BuiltinSafe);
    }
    catalog
}

pub fn keys() -> Arc<Keyring> {
    let domains = ["bank", "dates"].map(|name| (name.to_owned(), TermHash::HmacSha256)).into_iter().collect();
    Arc::new(Keyring::ephemeral(&domains).unwrap())
}

pub fn decider(user: &str) -> SessionDecider {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("bank.yaml"), POLICY).unwrap();
    let verdicts = Arc::new(Verdicts::new().unwrap());
    let shared = Arc::new(Shared {
        policies: Arc::new(PolicyStore::load(directory.path()).unwrap()),
        bindings: Bindings::new(Arc::clone(&verdicts)),
        verdicts,
        metrics: Arc::new(Metrics::new().unwrap()),
        look_ups: LookUps::default(),
        max_statement_len: 1 << 20,
    });
    let database = Arc::new(Database { name: "bank".into(), follower: Follower::fixed(Some(catalog(100))) });
    let principal = Principal { user: user.to_owned(), database: "bank".to_owned(), ..Principal::default() };
    SessionDecider::new(shared, database, principal, keys(), None)
}

/// A session in which nothing happened yet.
pub struct View(Parameters);

impl View {
    pub fn new() -> Self {
        let mut parameters = Parameters::default();
        for (name, value) in [("standard_conforming_strings", "on"), ("DateStyle", "ISO, MDY"), ("TimeZone", "UTC")] {
            parameters.report(name, value);
        }
        Self(parameters)
    }
}

impl SessionView for View {
    fn prepared(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }
    fn cursor(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }
    fn view(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }
    fn changed(&self, _: &str) -> Option<Change> {
        None
    }
    fn transaction(&self) -> TransactionStatus {
        TransactionStatus::Idle
    }
    fn parameters(&self) -> &Parameters {
        &self.0
    }
    fn catalog_unsure(&self) -> bool {
        false
    }
    fn settings_unsure(&self) -> bool {
        false
    }
}
