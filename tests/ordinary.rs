//! Ordinary statements of drivers, ORMs, tools and a bank's own programs have to be answered, for those who see masks too:
//! those of `corpus/ordinary` as they stand, those of `corpus/ordinary/bound` with parameters, as drivers send them.

mod support;

use std::path::Path;

use pgveil::demo::{bank, schema};
use support::bound::{Bound, WAYS, Way, bound};
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
    let (twins, proxy) = start();
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

/// One or several statements in one transaction, with parameters.
struct Work {
    roles: Vec<String>,
    /// To whom some step of it is refused, which PostgreSQL would answer.
    refused: Vec<String>,
    is_interpolated_only: bool,
    steps: Vec<Step>,
}

struct Step {
    /// The statement orders its rows, and not all of them.
    ties: bool,
    sql: String,
    twin: String,
    params: Vec<Bound>,
}

#[test]
fn statements_with_parameters_are_answered() {
    let works = load_bound();
    let statements: usize = works.iter().map(|work| work.steps.len()).sum();
    assert!(statements >= 300, "{statements} statements");
    let (twins, proxy) = start();
    let (mut answered, mut refused, mut wrong) = (0, 0, Vec::new());
    for work in &works {
        for role in &work.roles {
            let ways = WAYS.iter().filter(|way| !work.is_interpolated_only || **way == Way::Interpolated);
            let differences: Vec<_> = ways
                .filter_map(|way| Some((way, worked_otherwise(&twins, &proxy, work, role, *way)?)))
                .map(|(way, how)| (how.starts_with("refused"), format!("{way:?}: {how}")))
                .collect();
            let is_refused = differences.iter().any(|(is_refused, _)| *is_refused);
            let is_expected = work.refused.contains(role);
            refused += usize::from(is_refused);
            answered += usize::from(differences.is_empty());
            let sql = &work.steps[0].sql;
            if is_expected && differences.is_empty() {
                wrong.push(format!("as {role}, answered now: {sql}"));
            }
            let unexpected = differences.into_iter().filter(|(is_refused, _)| !(*is_refused && is_expected));
            let unexpected: Vec<_> = unexpected.map(|(_, how)| how).collect();
            if !unexpected.is_empty() {
                wrong.push(format!("as {role}: {sql}\n    {}", unexpected.join("\n    ")));
            }
        }
    }
    println!(
        "{statements} statements with parameters in {} units, by role: {answered} answered in every way, {refused} refused",
        works.len()
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The twins, and the proxy before a bank that is loaded through it.
fn start() -> (Twins, Proxy) {
    let twins = Twins::start(&["teller", "auditor"]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    make_developers_twin(&twins, &proxy);
    (twins, proxy)
}

fn load_bound() -> Vec<Work> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/ordinary/bound");
    let mut files: Vec<_> =
        std::fs::read_dir(directory).expect("the corpus").map(|f| f.expect("a file").path()).collect();
    files.sort();
    let mut works: Vec<Work> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).expect("the corpus");
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (roles, rest) = line.split_once('|').expect("roles");
            let (mut step, is_interpolated_only) = step(rest);
            let (roles, ties) = roles.strip_prefix('~').map_or((roles, false), |roles| (roles, true));
            step.ties = ties;
            match (roles, works.last_mut()) {
                ("+", Some(work)) => work.steps.push(step),
                _ => works.push(Work { steps: vec![step], is_interpolated_only, ..work(roles) }),
            }
        }
    }
    works
}

/// `*,!dev`: all roles, of which dev is refused.
fn work(roles: &str) -> Work {
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for role in roles.split(',') {
        match role.strip_prefix('!') {
            Some(role) => refused.push(role.to_owned()),
            None if role == "*" => all.extend(ROLES.map(str::to_owned)),
            None => all.push(role.to_owned()),
        }
    }
    Work { roles: all, refused, is_interpolated_only: false, steps: Vec::new() }
}

fn step(written: &str) -> (Step, bool) {
    let expanded = cases::expand(&written.replace("\\n", "\n"));
    let (sql, params) = expanded.rsplit_once(" -- ").unwrap_or((&expanded, "[]"));
    let is_interpolated_only = params == "simple";
    let params: Vec<Option<String>> = match is_interpolated_only {
        true => Vec::new(),
        false => serde_json::from_str(params).unwrap_or_else(|e| panic!("{written}: {e}")),
    };
    let (sql, twin) = sql.split_once(" => ").unwrap_or((sql, sql));
    let params = params.into_iter().map(bound).collect();
    (Step { ties: false, sql: sql.to_owned(), twin: twin.to_owned(), params }, is_interpolated_only)
}

/// How the proxy's answers to a unit of work are not the virtual database's.
fn worked_otherwise(twins: &Twins, proxy: &Proxy, work: &Work, role: &str, way: Way) -> Option<String> {
    let twin = if role == "app" { "twin".to_owned() } else { format!("twin_{role}") };
    let mut direct = twins.connect(role, &twin);
    let mut through = Client::connect(proxy.port(), role, "bank").expect("a session");
    direct.must("BEGIN");
    through.must("BEGIN");
    let how = steps_differ(&mut direct, &mut through, work, way);
    // A server ends a session that is gone in its own time: until then its rows are locked for the next one, which may
    // skip locked ones
    for session in [direct, through].iter_mut().filter(|session| !session.closed) {
        session.simple("ROLLBACK", None);
    }
    how
}

fn steps_differ(direct: &mut Client, through: &mut Client, work: &Work, way: Way) -> Option<String> {
    for step in &work.steps {
        let expected = direct.bound(way, &step.twin, &step.params);
        if let Some(failure) = &expected.failure {
            return Some(format!("PostgreSQL itself says {failure:?}"));
        }
        let got = through.bound(way, &step.sql, &step.params);
        if let Some(failure) = got.failure {
            return Some(format!("refused: {} {}", failure.sqlstate, failure.message));
        }
        let (expected, got) = (told(expected, step), told(got, step));
        if expected != got {
            return Some(format!("{got:?}, not {expected:?}"));
        }
    }
    None
}

/// A reply as a driver sees it: without the columns' origin, rows in order where the statement orders them. What a
/// statement asks instead of the twin has parameters of its own.
fn told(mut reply: Reply, step: &Step) -> Reply {
    if step.sql != step.twin {
        reply.parameter_types.clear();
    }
    reply.columns.iter_mut().for_each(|column| column.has_origin = false);
    let sql = step.sql.to_ascii_lowercase();
    if step.ties || (!sql.contains("order by") && !sql.starts_with("fetch")) {
        reply.rows.sort();
    }
    reply
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
