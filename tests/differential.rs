//! The virtual database against PostgreSQL itself: the same statements directly on a plaintext twin and through
//! the proxy on the protected database, in every protocol mode. Equal, or refused where the case allows it.

mod support;

use pgveil::demo::schema;
use support::cases::{self, Case, Expect};
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::views;
use support::wire::{Client, Mode, Reply};

/// What the cases run on directly.
const DATABASES: [&str; 3] = ["twin", "twin_teller", "twin_auditor"];

/// SQLSTATEs that say "refused" where PostgreSQL itself would have answered; 23514 for a mask that would be stored.
const REFUSALS: [&str; 3] = ["0A000", "42501", "23514"];

/// Constructs that have to answer over sealed columns, by fragments of a case's SQL that all occur in it: three cases
/// each, for who sees clear and for who sees masks.
const CONSTRUCTS: [(&str, &[&str], &[&str]); 51] = [
    ("INSERT VALUES", &["insert into ", "values ("], BOTH),
    ("INSERT of several rows", &["values (", "), ("], BOTH),
    ("INSERT without a column list", &["insert into ", "s values ("], BOTH),
    ("INSERT DEFAULT", &["insert into ", "default"], BOTH),
    ("INSERT SELECT", &["insert into ", ") select "], BOTH),
    ("ON CONFLICT DO NOTHING", &["on conflict ", "do nothing"], BOTH),
    ("ON CONFLICT DO UPDATE", &["do update set", "= excluded."], BOTH),
    ("INSERT RETURNING", &["insert into ", " returning "], BOTH),
    ("UPDATE SET", &["update ", " set phone = "], BOTH),
    ("UPDATE FROM", &["update ", " set ", " from "], BOTH),
    ("UPDATE RETURNING", &["update ", " set ", " returning "], BOTH),
    ("DELETE", &["delete from ", "where"], BOTH),
    ("DELETE USING", &["delete from ", " using "], BOTH),
    ("DELETE RETURNING", &["delete from ", " returning "], BOTH),
    ("=", &["where phone = "], BOTH),
    ("<>", &[" <> "], BOTH),
    ("IN", &["where phone in ("], BOTH),
    ("NOT IN", &[" not in ("], BOTH),
    ("= ANY($1)", &["= any("], BOTH),
    ("IS NULL", &["phone is null"], BOTH),
    ("IS NOT NULL", &["is not null"], BOTH),
    ("IS NOT DISTINCT FROM", &["is not distinct from"], BOTH),
    ("IS DISTINCT FROM", &["is distinct from"], BOTH),
    ("row tuples", &["where (phone, "], BOTH),
    ("JOIN ON", &["join customers ", ".phone"], BOTH),
    ("JOIN USING", &[" using ("], BOTH),
    ("NATURAL JOIN", &["natural "], BOTH),
    ("EXISTS", &["exists (select"], BOTH),
    ("IN subquery", &[" in (select "], BOTH),
    ("CTE", &["with ", " as "], BOTH),
    ("UNION", &[" union "], BOTH),
    ("INTERSECT", &[" intersect "], &["app"]),
    ("EXCEPT", &[" except "], &["app"]),
    ("views", &["_contacts"], BOTH),
    ("GROUP BY", &[" group by "], BOTH),
    ("DISTINCT", &["select distinct "], BOTH),
    ("count(DISTINCT)", &["count(distinct "], BOTH),
    ("PREPARE and EXECUTE", &["prepare ", "execute "], BOTH),
    ("cursors", &["declare ", "fetch "], BOTH),
    ("COPY out", &["copy ", " to stdout"], BOTH),
    ("COPY in", &["copy ", " from stdin"], BOTH),
    ("casts", &["::"], BOTH),
    ("ALTER TABLE", &["alter table "], &["app"]),
    ("TRUNCATE", &["truncate "], &["app"]),
    ("LOCK", &["lock "], &["app"]),
    ("ANALYZE", &["analyze "], &["app"]),
    ("VACUUM", &["vacuum "], &["app"]),
    ("GRANT and REVOKE", &[" on customers "], &["app"]),
    ("COMMENT", &["comment on "], &["app"]),
    ("CREATE INDEX", &["create ", "index "], &["app"]),
    ("CREATE TABLE LIKE", &["create ", "(like "], &["app"]),
];
const BOTH: &[&str] = &["app", "teller"];

#[test]
fn every_construct_has_three_cases_that_must_be_answered() {
    let corpus = cases::load("differential", &["app"]);
    let answered: Vec<_> =
        corpus.iter().filter(|case| case.expect == Expect::Answer && case.modes.len() == 3).collect();
    let mut missing = Vec::new();
    for (construct, fragments, roles) in CONSTRUCTS {
        for role in roles {
            let holds = |case: &&&Case| {
                let has =
                    |fragment: &&str| case.steps.iter().any(|step| step.sql.to_ascii_lowercase().contains(fragment));
                case.roles.iter().any(|known| known == role) && fragments.iter().all(has)
            };
            let count = answered.iter().filter(holds).count();
            if count < 3 {
                missing.push(format!("{construct} as {role}: {count}"));
            }
        }
    }
    assert!(missing.is_empty(), "too few cases:\n{}", missing.join("\n"));
}

#[test]
fn every_case_is_as_it_says_on_plain_postgresql() {
    let corpus = cases::load("differential", &["app"]);
    let twins = Twins::start(&["teller", "auditor"]);
    DATABASES.iter().for_each(|database| views::build(&twins, database));
    let mut wrong = Vec::new();
    for case in &corpus {
        for role in &case.roles {
            let mut session = twins.connect(role, &twin_of(role));
            // Declared types are for the extended protocol only
            let mode = if case.modes.contains(&Mode::Simple) { Mode::Simple } else { case.modes[0] };
            let replies = run(&mut session, case, mode, true);
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
    let corpus = cases::load("differential", &["app"]);
    let twins = Twins::start(&["teller", "auditor"]);
    twins.create("bank", schema::PROTECTED);
    DATABASES.iter().chain(&["bank"]).for_each(|database| views::build(&twins, database));
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

/// The case's steps, inside a transaction that is rolled back unless the case says otherwise.
fn run(session: &mut Client, case: &Case, mode: Mode, on_twin: bool) -> Vec<Reply> {
    if case.in_transaction {
        session.must("BEGIN");
    }
    let mut replies = Vec::new();
    for step in &case.steps {
        let sql = step.twin.as_ref().filter(|_| on_twin).unwrap_or(&step.sql);
        let copy = step.twin_copy.as_ref().filter(|_| on_twin).or(step.copy.as_ref());
        replies.push(session.run_typed(mode, sql, &step.types, &step.params, copy.map(|data| data.as_bytes())));
        if session.closed {
            return replies;
        }
    }
    if case.in_transaction {
        session.must("ROLLBACK");
    }
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
