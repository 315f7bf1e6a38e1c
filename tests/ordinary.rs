//! Ordinary statements of drivers, ORMs, tools and a bank's own programs have to be answered, for those who see masks too.

mod support;

use std::path::Path;

use pgveil::demo::{bank, schema};
use support::cases;
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::{Client, Mode, Reply};

const ROLES: [&str; 4] = ["app", "teller", "auditor", "dev"];

#[derive(Clone)]
struct Ordinary {
    roles: Vec<String>,
    sql: String,
    /// What to ask the twin in its place.
    twin: String,
    /// About the catalog or the session.
    is_catalog: bool,
    /// Another value each time.
    is_volatile: bool,
}

#[test]
fn ordinary_statements_are_answered() {
    let statements = [load("catalog.txt", true), load("bank.txt", false)].concat();
    assert!(statements.len() >= 200, "{} statements", statements.len());
    let twins = Twins::start(&["teller", "auditor"]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    make_developers_twin(&twins, &proxy);
    let (mut answered, mut refused, mut wrong) = (0, 0, Vec::new());
    for statement in &statements {
        for role in &statement.roles {
            for mode in [Mode::Simple, Mode::Text, Mode::Binary] {
                match differs(&twins, &proxy, statement, role, mode) {
                    None => answered += 1,
                    Some(how) => {
                        refused += usize::from(how.starts_with("refused"));
                        wrong.push(format!("as {role}, {mode:?}: {}\n    {how}", statement.sql))
                    }
                }
            }
        }
    }
    println!(
        "{} ordinary statements: {answered} times answered, {refused} refused, {} otherwise",
        statements.len(),
        wrong.len() - refused
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn load(file: &str, is_catalog: bool) -> Vec<Ordinary> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/ordinary").join(file);
    let text = std::fs::read_to_string(path).expect("the corpus");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| ordinary(line, is_catalog)).collect()
}

/// The form of a line is told in `tests/corpus/README.md`.
fn ordinary(line: &str, is_catalog: bool) -> Ordinary {
    let (line, is_volatile) = line.strip_prefix('~').map_or((line, false), |line| (line, true));
    let (roles, sql) = match line.split_once('|').filter(|_| !is_catalog) {
        Some((roles, sql)) => (roles, sql),
        None => ("*", line),
    };
    let roles = match roles {
        "*" => ROLES.map(str::to_owned).to_vec(),
        some => some.split(',').map(str::to_owned).collect(),
    };
    let (sql, twin) = sql.split_once(" => ").unwrap_or((sql, sql));
    Ordinary { roles, sql: cases::expand(sql), twin: cases::expand(twin), is_catalog, is_volatile }
}

/// How the answer is not the virtual database's.
fn differs(twins: &Twins, proxy: &Proxy, statement: &Ordinary, role: &str, mode: Mode) -> Option<String> {
    // What the catalog says passes through: there the protected database itself is the one to compare with
    let twin = match (statement.is_catalog, role) {
        (true, _) => "bank".to_owned(),
        (false, "app") => "twin".to_owned(),
        (false, role) => format!("twin_{role}"),
    };
    let expected = answer(&mut twins.connect(role, &twin), &statement.twin, mode);
    if let Some(failure) = &expected.failure {
        return Some(format!("PostgreSQL itself says {failure:?}"));
    }
    let got = answer(&mut Client::connect(proxy.port(), role, "bank").expect("a session"), &statement.sql, mode);
    if let Some(failure) = got.failure {
        return Some(format!("refused: {failure:?}"));
    }
    let (expected, got) = (whole(expected, statement), whole(got, statement));
    (expected != got).then(|| format!("{got:?}, not {expected:?}"))
}

/// Pseudonyms need the proxy's own key: the twin holds what the developer is shown.
fn make_developers_twin(twins: &Twins, proxy: &Proxy) {
    twins.create("twin_dev", &twins::without_constraints(schema::PLAIN, false));
    let mut shown = Client::connect(proxy.port(), "dev", "bank").expect("a session");
    let mut twin = twins.connect("postgres", "twin_dev");
    for rows in bank::tables(1) {
        let copied = shown.must(&format!("COPY {} TO STDOUT", rows.table)).copied;
        let reply = twin.simple(&format!("COPY {} FROM STDIN", rows.table), Some(&copied));
        assert!(reply.failure.is_none(), "{}: {:?}", rows.table, reply.failure);
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

type Whole = (Vec<(String, u32)>, Vec<Vec<Option<Vec<u8>>>>, Vec<String>);

/// Columns by name and type, rows (in order where the statement orders them) and tags; without the rows of what is never
/// the same twice.
fn whole(mut reply: Reply, statement: &Ordinary) -> Whole {
    if !statement.sql.to_ascii_lowercase().contains("order by") {
        reply.rows.sort();
    }
    if statement.is_volatile {
        reply.rows.clear();
    }
    let columns = reply.columns.into_iter().map(|column| (column.name, column.type_oid)).collect();
    (columns, reply.rows, reply.tags)
}
