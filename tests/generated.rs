//! Generated statements against PostgreSQL itself: thousands, made from a seed, each directly on the twin that holds what
//! the role may see and through the proxy, in one of the protocol modes. Equal, or refused.
//!
//! `PGVEIL_SEED` gives other statements, `PGVEIL_GENERATED` more of them, `PGVEIL_BATCH=role:number` one batch alone, and
//! `PGVEIL_REFUSED=FILE` writes down what was refused and what were errors.

mod generator;
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use generator::model::Bank;
use generator::{Generated, Generator, Side};
use pgveil::demo::{bank, schema};
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::{Client, Failure, Mode, Reply};

/// Each role with the share of its statements, in a hundred, that has to be answered with something else than an error.
const ROLES: [(&str, usize); 4] = [("app", 66), ("teller", 65), ("auditor", 57), ("dev", 64)];

/// Where the OIDs begin that a database gives to its own objects.
const FIRST_OWN_OID: u32 = 16_384;

const DEFAULT_SEED: u64 = 20_260_101;
const DEFAULT_STATEMENTS: usize = 10_400;
/// Statements of one transaction.
const BATCH: usize = 20;

/// SQLSTATEs that say "refused" where PostgreSQL itself would have answered; 23514 for a mask that would be stored, 23502
/// for a NULL in a masked column, which is nullable in the twin, where masks may be NULL.
const REFUSALS: [&str; 4] = ["0A000", "42501", "23514", "23502"];

#[test]
fn generated_statements_are_answered_as_by_the_virtual_database() {
    let seed = number("PGVEIL_SEED").unwrap_or(DEFAULT_SEED as usize) as u64;
    let statements = number("PGVEIL_GENERATED").unwrap_or(DEFAULT_STATEMENTS);
    let only = std::env::var("PGVEIL_BATCH").ok();
    let twins = Twins::start(&["teller", "auditor"]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    make_developers_twin(&twins, &proxy);
    println!("seed {seed}, {statements} statements");
    let batches = statements.div_ceil(BATCH * ROLES.len());
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let run = |(role, _): &(&'static str, usize)| {
            let (role, only, twins, proxy) = (*role, only.as_deref(), &twins, &proxy);
            scope.spawn(move || run_role(twins, proxy, role, seed, batches, only))
        };
        let threads: Vec<_> = ROLES.iter().map(run).collect();
        threads.into_iter().map(|thread| thread.join().expect("a role's statements")).collect()
    });
    let mut wrong = Vec::new();
    for (tally, (role, floor)) in tallies.iter().zip(ROLES) {
        println!("{}", tally.report(role));
        wrong.extend(tally.different.iter().cloned());
        let rate = (tally.same - tally.errors.len()) * 100 / tally.total().max(1);
        if only.is_none() && rate < floor {
            wrong.push(format!("{role}: only {rate} in a hundred answered, {floor} were before"));
        }
    }
    write_refused(&tallies);
    assert!(wrong.is_empty(), "seed {seed}: {} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn number(variable: &str) -> Option<usize> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}: not a number")))
}

/// Pseudonyms need the proxy's own key: what the developer is shown is what the twin holds. That it is right is
/// `tests/mask.rs`'s to show; here it is what everything else is computed from.
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

/// What became of one role's statements.
#[derive(Default)]
struct Tally {
    same: usize,
    /// Those of the same that are errors on both sides.
    errors: Vec<(String, String)>,
    refused: Vec<(String, String)>,
    different: Vec<String>,
    /// By construct: answered, refused.
    constructs: BTreeMap<&'static str, (usize, usize)>,
}

impl Tally {
    fn total(&self) -> usize {
        self.same + self.refused.len() + self.different.len()
    }

    fn report(&self, role: &str) -> String {
        let mut text = format!(
            "{role}: {} statements, {} the same ({} of them errors), {} refused, {} different",
            self.total(),
            self.same,
            self.errors.len(),
            self.refused.len(),
            self.different.len()
        );
        for (construct, (answered, refused)) in &self.constructs {
            let _ = write!(text, "\n    {construct:<32}{answered:>6} answered {refused:>6} refused");
        }
        text
    }
}

/// Changes and row locks of two roles would wait for each other: one of them at a time.
static CHANGES: Mutex<()> = Mutex::new(());

fn run_role(twins: &Twins, proxy: &Proxy, role: &'static str, seed: u64, batches: usize, only: Option<&str>) -> Tally {
    let bank = Bank::of(role, &mut twins.connect("app", "twin"));
    let twin = if role == "app" { "twin".to_owned() } else { format!("twin_{role}") };
    let mut pair = Pair {
        direct: twins.connect(role, &twin),
        through: Client::connect(proxy.port(), role, "bank").expect("a session"),
    };
    let mut tally = Tally::default();
    for batch in 0..batches {
        if only.is_some_and(|only| only != format!("{role}:{batch}")) {
            continue;
        }
        let changes = batch.is_multiple_of(3);
        let alone = changes.then(|| CHANGES.lock().unwrap_or_else(PoisonError::into_inner));
        run_batch(&mut pair, &bank, seed, batch, &mut tally);
        drop(alone);
        if pair.through.closed {
            pair.through = Client::connect(proxy.port(), role, "bank").expect("a session");
            pair.direct = twins.connect(role, &twin);
        }
    }
    tally
}

/// A session on the twin and one through the proxy.
struct Pair {
    direct: Client,
    through: Client,
}

impl Pair {
    fn both(&mut self, sql: &str) {
        self.direct.must(sql);
        self.through.must(sql);
    }
}

/// One transaction's statements; what fails or is refused is undone on both sides, so that they stay equal.
fn run_batch(pair: &mut Pair, bank: &Bank, seed: u64, batch: usize, tally: &mut Tally) {
    let seed = seed.wrapping_mul(1_000_003).wrapping_add(batch as u64);
    let mut generator = Generator::new(bank, seed, batch.is_multiple_of(3));
    pair.both("BEGIN");
    for at in 0..BATCH {
        let made = generator.statement();
        let mode = [Mode::Simple, Mode::Text, Mode::Binary][(batch + at) % 3];
        pair.both("SAVEPOINT step");
        let expected = normal(run(&mut pair.direct, mode, &made.twin), &made);
        let got = normal(run(&mut pair.through, mode, &made.proxy), &made);
        let outcome = compare(&made, bank.role, &expected, &got);
        let name = format!("PGVEIL_BATCH={}:{batch}, statement {at}, {mode:?}", bank.role);
        tally.note(&made, outcome, &expected, &name);
        if pair.through.closed {
            return;
        }
        if expected.failure.is_some() || got.failure.is_some() {
            pair.both("ROLLBACK TO SAVEPOINT step");
        }
    }
    pair.both("ROLLBACK");
}

fn run(session: &mut Client, mode: Mode, side: &Side) -> Reply {
    session.forget();
    session.run(mode, &side.sql, &side.params, None)
}

/// What has to be equal: rows in order only where the statement fixes it, of errors the SQLSTATE.
fn normal(mut reply: Reply, made: &Generated) -> Reply {
    if !made.is_ordered {
        reply.rows.sort();
    }
    // A table's row type has another number in each database
    reply.columns.iter_mut().for_each(|column| column.type_oid = column.type_oid.min(FIRST_OWN_OID));
    if let Some(failure) = &mut reply.failure {
        failure.hint.clear();
        reply.columns.clear();
        reply.rows.clear();
        reply.parameter_types.clear();
    }
    reply
}

enum Outcome {
    Same,
    Refused(String),
    Different(String),
}

fn compare(made: &Generated, role: &str, expected: &Reply, got: &Reply) -> Outcome {
    let mut expected = expected.clone();
    if role == "auditor" {
        // A column whose mask is NULL throughout is a constant to the planner, which then may know more of the type of
        // a COALESCE with it than it knows over stored NULLs
        for (column, got) in expected.columns.iter_mut().zip(&got.columns).filter(|(column, _)| !column.has_origin) {
            column.typmod = got.typmod;
        }
    }
    let expected = &expected;
    let state = |reply: &Reply| reply.failure.as_ref().map(|failure| failure.sqlstate.clone());
    match (state(expected), state(got)) {
        // Hidden rows hold on to rows that the role sees, as under PostgreSQL's own row security: the twin has none
        (None, Some(got)) if role == "auditor" && got == "23503" => Outcome::Same,
        (None, None) if expected == got => Outcome::Same,
        (None, None) => Outcome::Different(difference(expected, got)),
        (Some(expected), Some(got)) if expected == got => Outcome::Same,
        // A statement that happens to be wrong in two ways may be told of either
        (Some(expected), Some(got)) if !made.has_one_mistake() && is_mistake(&expected) && is_mistake(&got) => {
            Outcome::Same
        }
        (_, Some(got_state)) if REFUSALS.contains(&got_state.as_str()) => {
            let message = got.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
            Outcome::Refused(format!("{got_state} {message}"))
        }
        _ => Outcome::Different(format!("expected {:?}, got {:?}", expected.failure, got.failure)),
    }
}

/// Whether the SQLSTATE says that the statement cannot be understood, whatever the rows are.
fn is_mistake(sqlstate: &str) -> bool {
    sqlstate.starts_with("42") && sqlstate != "42501"
}

fn difference(expected: &Reply, got: &Reply) -> String {
    if expected.columns != got.columns {
        return format!("columns: expected {:?}, got {:?}", expected.columns, got.columns);
    }
    if expected.parameter_types != got.parameter_types {
        return format!("parameters: expected {:?}, got {:?}", expected.parameter_types, got.parameter_types);
    }
    let text = |row: &Vec<Option<Vec<u8>>>| {
        let value = |value: &Option<Vec<u8>>| {
            value.as_ref().map_or_else(|| "NULL".to_owned(), |v| String::from_utf8_lossy(v).into_owned())
        };
        row.iter().map(value).collect::<Vec<_>>().join(" | ")
    };
    let at = expected.rows.iter().zip(&got.rows).position(|(a, b)| a != b);
    let row = |rows: &[Vec<Option<Vec<u8>>>]| rows.get(at.unwrap_or(0)).map(text).unwrap_or_default();
    format!(
        "expected {} rows, {:?}; got {}, {:?}; first difference {at:?}:\n      {}\n      {}",
        expected.rows.len(),
        expected.tags,
        got.rows.len(),
        got.tags,
        row(&expected.rows),
        row(&got.rows)
    )
}

impl Tally {
    fn note(&mut self, made: &Generated, outcome: Outcome, expected: &Reply, name: &str) {
        let is_refused = matches!(outcome, Outcome::Refused(_));
        for construct in &made.constructs {
            let (answered, refused) = self.constructs.entry(construct).or_default();
            *(if is_refused { refused } else { answered }) += 1;
        }
        match outcome {
            Outcome::Same => {
                self.same += 1;
                let failure = expected.failure.as_ref();
                self.errors.extend(failure.map(|f| (made.proxy.sql.clone(), format!("{} {}", f.sqlstate, f.message))));
            }
            Outcome::Refused(why) => self.refused.push((made.proxy.sql.clone(), why)),
            Outcome::Different(how) => self.different.push(format!(
                "{name}\n    {} {:?}\n    twin: {} {:?}\n    {how}",
                made.proxy.sql, made.proxy.params, made.twin.sql, made.twin.params
            )),
        }
    }
}

#[test]
fn what_differs_is_noticed() {
    let failed = |sqlstate: &str| {
        let failure = Failure { sqlstate: sqlstate.to_owned(), message: String::new(), hint: String::new() };
        Reply { failure: Some(failure), ..Reply::default() }
    };
    let row = |value: &str| vec![vec![Some(value.as_bytes().to_vec())]];
    let one = Reply { rows: row("1"), tags: vec!["SELECT 1".to_owned()], ..Reply::default() };
    let other = Reply { rows: row("2"), ..one.clone() };
    let untagged = Reply { tags: Vec::new(), ..one.clone() };
    let made = Generated::mistaken();
    let is_same = |a: &Reply, b: &Reply| matches!(compare(&made, "app", a, b), Outcome::Same);
    let is_different = |a: &Reply, b: &Reply| matches!(compare(&made, "app", a, b), Outcome::Different(_));
    assert!(is_same(&one, &one) && is_same(&failed("42703"), &failed("42703")));
    assert!(is_different(&one, &other) && is_different(&one, &untagged));
    assert!(is_different(&one, &failed("42703")) && is_different(&failed("42703"), &one));
    assert!(is_different(&failed("42703"), &failed("22P02")) && is_different(&failed("42703"), &failed("42702")));
    assert!(matches!(compare(&made, "app", &one, &failed("0A000")), Outcome::Refused(_)));
}

fn write_refused(tallies: &[Tally]) {
    let Some(path) = std::env::var_os("PGVEIL_REFUSED") else { return };
    let mut text = String::new();
    for (tally, (role, _)) in tallies.iter().zip(ROLES) {
        for (what, list) in [("refused", &tally.refused), ("error", &tally.errors)] {
            for (sql, why) in list {
                let _ = writeln!(text, "{role}\t{what}\t{why}\t{sql}");
            }
        }
    }
    std::fs::write(path, text).expect("a file for the refused statements");
}
