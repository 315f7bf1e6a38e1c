//! The virtual database against PostgreSQL itself: the same statements directly on a plaintext twin and through
//! the proxy on the protected database, in every protocol mode. Equal, or refused where the case allows it.

mod support;

use pgveil::demo::schema;
use support::cases::{self, Case, Expect};
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::{Client, Mode, Reply};

/// SQLSTATEs that say "refused" where PostgreSQL itself would have answered.
const REFUSALS: [&str; 2] = ["0A000", "42501"];

#[test]
fn every_case_is_as_it_says_on_plain_postgresql() {
    let corpus = cases::load("differential", "app");
    let twins = Twins::start(&["teller"]);
    let mut wrong = Vec::new();
    for case in &corpus {
        for role in &case.roles {
            let mut session = twins.connect(role, &twin_of(role));
            let replies = run(&mut session, case, Mode::Simple, true);
            let failure = replies.iter().find_map(|reply| reply.failure.clone());
            let fine = match (&case.expect, &failure) {
                (Expect::Error(sqlstate), Some(failure)) => failure.sqlstate == *sqlstate,
                (Expect::Error(_), None) => false,
                (Expect::Answer, Some(_)) => false,
                (Expect::Answer, None) | (Expect::MayRefuse, _) => true,
            };
            if !fine {
                wrong.push(format!("{} as {role}: {failure:?}", case.name));
            }
        }
    }
    println!("{} differential cases", corpus.len());
    assert!(corpus.len() >= 150);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_proxy_answers_as_the_virtual_database() {
    let corpus = cases::load("differential", "app");
    let twins = Twins::start(&["teller"]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    let (mut same, mut refused, mut wrong) = (0, 0, Vec::new());
    for case in &corpus {
        for role in &case.roles {
            for mode in &case.modes {
                match compare(&twins, &proxy, case, role, *mode) {
                    Outcome::Same => same += 1,
                    Outcome::Refused(_) if case.expect == Expect::MayRefuse => refused += 1,
                    Outcome::Refused(why) => wrong.push(format!("{} as {role}, {mode:?}: refused: {why}", case.name)),
                    Outcome::Different(how) => wrong.push(format!("{} as {role}, {mode:?}: {how}", case.name)),
                }
            }
        }
    }
    println!("{} cases: {same} the same, {refused} refused as allowed, {} wrong", corpus.len(), wrong.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

enum Outcome {
    Same,
    Refused(String),
    Different(String),
}

fn compare(twins: &Twins, proxy: &Proxy, case: &Case, role: &str, mode: Mode) -> Outcome {
    let mut direct = twins.connect(role, &twin_of(role));
    let expected = run(&mut direct, case, mode, true);
    let mut through = match Client::connect(proxy.port(), role, "bank") {
        Ok(session) => session,
        Err(error) => return Outcome::Different(error),
    };
    let got = run(&mut through, case, mode, false);
    for (index, (expected, got)) in expected.iter().zip(&got).enumerate() {
        let sql = &case.steps[index].sql;
        let (expected, got) = (normal(expected, sql), normal(got, sql));
        if expected == got {
            continue;
        }
        return match &got.failure {
            Some(failure) if REFUSALS.contains(&failure.sqlstate.as_str()) && expected.failure != got.failure => {
                Outcome::Refused(format!("{} {}", failure.sqlstate, failure.message))
            }
            _ => Outcome::Different(format!("step {}: expected {expected:?}, got {got:?}", index + 1)),
        };
    }
    Outcome::Same
}

/// The case's steps inside a transaction that is rolled back.
fn run(session: &mut Client, case: &Case, mode: Mode, on_twin: bool) -> Vec<Reply> {
    session.must("BEGIN");
    let last = case.steps.len() - 1;
    let mut replies = Vec::new();
    for (index, step) in case.steps.iter().enumerate() {
        let instead = case.twin.as_ref().filter(|_| on_twin && index == last);
        let sql = instead.unwrap_or(&step.sql);
        replies.push(session.run(mode, sql, &step.params, step.copy.as_deref().map(str::as_bytes)));
        if session.closed {
            return replies;
        }
    }
    session.must("ROLLBACK");
    replies
}

/// What has to be equal: rows in order only where the statement orders them, of errors the SQLSTATE.
fn normal(reply: &Reply, sql: &str) -> Reply {
    let mut reply = reply.clone();
    let lower = sql.to_ascii_lowercase();
    if !lower.contains("order by") && !lower.starts_with("fetch") && !lower.starts_with("execute") {
        reply.rows.sort();
        if !lower.contains("binary") {
            let mut lines: Vec<_> = reply.copied.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
            lines.sort();
            reply.copied = lines.join(&b'\n');
        }
    }
    if let Some(failure) = &mut reply.failure {
        failure.message.clear();
        failure.hint.clear();
        reply.columns.clear();
        reply.rows.clear();
        reply.parameter_types.clear();
    }
    reply
}

/// The database on which PostgreSQL itself shows what the role may see.
fn twin_of(role: &str) -> String {
    if role == "app" { "twin".to_owned() } else { format!("twin_{role}") }
}
