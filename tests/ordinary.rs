//! Ordinary statements of drivers, ORMs, tools and a bank's own programs have to be answered, for those who see masks too.

mod support;

use std::path::Path;

use pgveil::demo::schema;
use support::cases;
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::{Client, Mode, Reply};

const ROLES: [&str; 3] = ["app", "teller", "auditor"];

#[derive(Clone)]
struct Ordinary {
    roles: Vec<String>,
    sql: String,
    /// What to ask the twin in its place.
    twin: String,
    /// About the catalog or the session: there the two databases differ, and what has to be equal is the answer's form.
    is_catalog: bool,
}

#[test]
fn ordinary_statements_are_answered() {
    let statements = [load("catalog.txt", true), load("bank.txt", false)].concat();
    assert!(statements.len() >= 200, "{} statements", statements.len());
    let twins = Twins::start(&["teller", "auditor"]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    let (mut answered, mut wrong) = (0, Vec::new());
    for statement in &statements {
        for role in &statement.roles {
            for mode in [Mode::Simple, Mode::Text, Mode::Binary] {
                match differs(&twins, &proxy, statement, role, mode) {
                    None => answered += 1,
                    Some(how) => wrong.push(format!("as {role}, {mode:?}: {}\n    {how}", statement.sql)),
                }
            }
        }
    }
    println!("{} ordinary statements: {answered} times answered, {} not", statements.len(), wrong.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// `roles|statement` a line, the statement alone for all roles.
fn load(file: &str, is_catalog: bool) -> Vec<Ordinary> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/ordinary").join(file);
    let text = std::fs::read_to_string(path).expect("the corpus");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| ordinary(line, is_catalog)).collect()
}

fn ordinary(line: &str, is_catalog: bool) -> Ordinary {
    let (roles, sql) = match line.split_once('|').filter(|_| !is_catalog) {
        Some((roles, sql)) => (roles, sql),
        None => ("*", line),
    };
    let roles = match roles {
        "*" => ROLES.map(str::to_owned).to_vec(),
        some => some.split(',').map(str::to_owned).collect(),
    };
    let (sql, twin) = sql.split_once(" => ").unwrap_or((sql, sql));
    Ordinary { roles, sql: cases::expand(sql), twin: cases::expand(twin), is_catalog }
}

/// How the answer is not the virtual database's.
fn differs(twins: &Twins, proxy: &Proxy, statement: &Ordinary, role: &str, mode: Mode) -> Option<String> {
    let twin = if role == "app" { "twin".to_owned() } else { format!("twin_{role}") };
    let expected = answer(&mut twins.connect(role, &twin), &statement.twin, mode);
    if let Some(failure) = &expected.failure {
        return Some(format!("PostgreSQL itself says {failure:?}"));
    }
    let got = answer(&mut Client::connect(proxy.port(), role, "bank").expect("a session"), &statement.sql, mode);
    match statement.is_catalog {
        _ if got.failure.is_some() => Some(format!("{:?}", got.failure)),
        true => (form(&expected) != form(&got)).then(|| format!("{:?}, not {:?}", form(&got), form(&expected))),
        false => (rows(&expected) != rows(&got)).then(|| format!("{:?}, not {:?}", rows(&got), rows(&expected))),
    }
}

fn answer(session: &mut Client, sql: &str, mode: Mode) -> Reply {
    session.must("BEGIN");
    let reply = session.run(mode, sql, &[], None);
    if !session.closed {
        session.simple("ROLLBACK", None);
    }
    reply
}

/// Columns by name and type; tags say how many rows.
fn form(reply: &Reply) -> Vec<(String, u32)> {
    reply.columns.iter().map(|column| (column.name.clone(), column.type_oid)).collect()
}

type Rows = Vec<Vec<Option<Vec<u8>>>>;

fn rows(reply: &Reply) -> (Vec<(String, u32)>, Rows, Vec<String>) {
    let mut rows = reply.rows.clone();
    rows.sort();
    (form(reply), rows, reply.tags.clone())
}
