//! Attempts to see what one may not see. Each is first shown to work on plain PostgreSQL, then made through the
//! proxy by the restricted login; every byte that arrives is scanned for protected values.

mod support;

use pgveil::demo::schema;
use support::canary::Canaries;
use support::cases::{self, Case};
use support::proxy::Proxy;
use support::twins::{self, CUSTOMERS, Twins};
use support::wire::{Client, Mode, Reply};

#[test]
fn every_case_leaks_on_plain_postgresql() {
    let corpus = cases::load("bypass", "teller");
    let twins = Twins::start(&["teller"]);
    let mut harmless = Vec::new();
    for case in &corpus {
        for role in &case.roles {
            if let Some(why) = harmless_because(&twins, case, role) {
                harmless.push(format!("{} as {role}: {why}", case.name));
            }
        }
    }
    println!("{} bypass cases", corpus.len());
    assert!(corpus.len() >= 150);
    assert!(harmless.is_empty(), "{} show nothing:\n{}", harmless.len(), harmless.join("\n"));
}

#[test]
fn no_case_leaks_through_the_proxy() {
    let corpus = cases::load("bypass", "teller");
    let twins = Twins::start(&["teller"]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    let (mut answered, mut refused, mut leaks) = (0, 0, Vec::new());
    for case in &corpus {
        let canaries = Canaries::of_bank(CUSTOMERS, &said(case));
        for role in &case.roles {
            for mode in &case.modes {
                let mut session = Client::connect(proxy.port(), role, "bank").expect("a session");
                let replies = run(&mut session, case, *mode);
                if let Some(value) = canaries.find(&session.received) {
                    leaks.push(format!("{} as {role}, {mode:?}: shows {value}", case.name));
                } else if session.closed || replies.iter().any(|reply| reply.failure.is_some()) {
                    refused += 1;
                } else if case.oracle && !equal(&replies, &on(&twins, case, role, *mode, "twin_teller")) {
                    leaks.push(format!("{} as {role}, {mode:?}: answers from what is hidden", case.name));
                } else {
                    answered += 1;
                }
            }
        }
    }
    println!("{} cases: {answered} answered, {refused} refused, {} leaks", corpus.len(), leaks.len());
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

/// Why a case proves nothing: no protected value arrives, and the answer does not depend on one.
fn harmless_because(twins: &Twins, case: &Case, role: &str) -> Option<String> {
    let canaries = Canaries::of_bank(CUSTOMERS, &said(case));
    let mut session = twins.connect(role, "twin");
    let replies = run(&mut session, case, Mode::Simple);
    if canaries.find(&session.received).is_some() {
        return None;
    }
    if case.oracle && !equal(&replies, &on(twins, case, role, Mode::Simple, "twin_teller")) {
        return None;
    }
    let failure = replies.iter().find_map(|reply| reply.failure.clone());
    Some(failure.map_or("no protected value arrives".to_owned(), |f| format!("{} {}", f.sqlstate, f.message)))
}

fn on(twins: &Twins, case: &Case, role: &str, mode: Mode, database: &str) -> Vec<Reply> {
    run(&mut twins.connect(role, database), case, mode)
}

fn run(session: &mut Client, case: &Case, mode: Mode) -> Vec<Reply> {
    session.must("BEGIN");
    session.forget();
    let mut replies = Vec::new();
    for step in &case.steps {
        replies.push(session.run(mode, &step.sql, &step.params, step.copy.as_deref().map(str::as_bytes)));
        if session.closed {
            return replies;
        }
    }
    session.simple("ROLLBACK", None);
    replies
}

fn equal(left: &[Reply], right: &[Reply]) -> bool {
    let rows = |replies: &[Reply]| replies.iter().map(|r| (r.rows.clone(), r.failure.is_some())).collect::<Vec<_>>();
    rows(left) == rows(right)
}

/// Everything the case itself writes: what comes back of it is no secret.
fn said(case: &Case) -> String {
    case.steps.iter().map(|step| format!("{} {:?}\n", step.sql, step.params)).collect()
}
