//! What is too much: many texts, long ones, deep ones, ones with many values. Each gets an answer or a clear error, memory
//! stays bounded, and nobody else waits.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pgveil::demo::{bank, schema};
use support::proxy::Proxy;
use support::twins::{self, CUSTOMERS, Twins};
use support::wire::{Client, Mode, Reply};

/// One thread serves all sessions: what holds it up holds up everybody.
const ONE_THREAD: &str = "[server]\nthreads = 1\n";

struct Bank {
    // Ends before the server that it is connected to
    proxy: Proxy,
    _twins: Twins,
}

impl Bank {
    fn start() -> Self {
        let twins = Twins::none(support::postgres::Server::start());
        twins.create("bank", schema::PROTECTED);
        let policies = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank");
        let proxy = Proxy::start_with(twins.server.port(), &policies, ONE_THREAD);
        let bank = Self { proxy, _twins: twins };
        twins::load(&mut bank.session("app"));
        bank
    }

    fn session(&self, user: &str) -> Client {
        Client::connect(self.proxy.port(), user, "bank").expect("a session")
    }
}

impl Drop for Bank {
    /// What the proxy said, where the test fails.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.proxy.log());
        }
    }
}

fn sqlstate(reply: &Reply) -> &str {
    reply.failure.as_ref().map_or("", |failure| &failure.sqlstate)
}

/// Phones of all customers who have one, over and over.
fn phones(count: usize) -> Vec<String> {
    (0..count as u64).map(|n| bank::customer(1 + n % CUSTOMERS).phone).collect()
}

fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("'{value}'")).collect::<Vec<_>>().join(", ")
}

#[test]
fn long_texts_and_lists_are_answered() {
    let bank = Bank::start();
    let mut app = bank.session("app");
    let mut teller = bank.session("teller");
    let with_phone = app.must("SELECT id FROM customers WHERE phone IS NOT NULL").rows.len();
    let list = format!("SELECT id FROM customers WHERE phone IN ({})", quoted(&phones(10_000)));
    for mode in [Mode::Simple, Mode::Text, Mode::Binary] {
        let reply = app.run(mode, &list, &[], None);
        assert_eq!(reply.rows.len(), with_phone, "IN of 10,000, {mode:?}: {:?}", reply.failure);
        let counted = teller.run(mode, &list, &[], None);
        assert_eq!(sqlstate(&counted), "53400", "more look-ups than a teller has, {mode:?}: {:?}", counted.failure);
    }
    let array = format!("{{{}}}", phones(10_000).join(","));
    let found = app.run(Mode::Text, "SELECT id FROM customers WHERE phone = ANY ($1)", &[Some(array)], None);
    assert_eq!(found.rows.len(), with_phone, "an array of 10,000: {:?}", found.failure);
    let note = "长".repeat(350_000);
    app.must("BEGIN");
    app.must(&format!("UPDATE customers SET notes = '{note}' WHERE id = 3"));
    let stored = app.must("SELECT notes FROM customers WHERE id = 3").rows;
    assert_eq!(stored, [[Some(note.into_bytes())]], "a value of 1 MiB");
    let rows: Vec<_> =
        (0..20_000).map(|n| format!("({}, 'a value of twenty-odd characters, {n}')", 900_000 + n)).collect();
    let long = format!("INSERT INTO scratch (id, v) VALUES {}", rows.join(", "));
    assert!(long.len() > 1 << 20);
    assert_eq!(app.must(&long).tags, ["INSERT 0 20000"], "an open table's 1 MiB");
    app.must("ROLLBACK");
    let mut teller_sees = format!("SELECT phone FROM customers WHERE id = 5 /* {} */", "x".repeat(1 << 20));
    assert_eq!(teller.must(&teller_sees).rows.len(), 1, "a comment of 1 MiB");
    teller_sees.push_str(&"x".repeat(17 << 20));
    assert_eq!(sqlstate(&teller.simple(&teller_sees, None)), "54000", "18 MiB");
    assert_eq!(teller.must("SELECT 1 FROM customers WHERE id = 5").rows.len(), 1, "the session goes on");
}

#[test]
fn names_known_to_the_session_alone_serve_in_long_texts_too() {
    let bank = Bank::start();
    let mut teller = bank.session("teller");
    let phone = bank::customer(5).phone;
    teller.must("PREPARE by_phone AS SELECT id, phone FROM customers WHERE phone = $1");
    let padding = "x".repeat(100_000);
    let reply = teller.must(&format!("EXECUTE by_phone('{phone}') /* {padding} */"));
    assert_eq!(reply.rows[0][1].as_deref().map(<[u8]>::len), Some(phone.len()), "one row, masked");
    assert_ne!(reply.rows[0][1].as_deref(), Some(phone.as_bytes()));
    let unknown = teller.simple(&format!("SELECT id FROM nowhere /* {padding} */"), None);
    assert_eq!(sqlstate(&unknown), "42P01");
    let wrong = teller.simple(&format!("SELECT FROM FROM customers /* {padding} */"), None);
    assert_eq!(sqlstate(&wrong), "42601");
    let refused = teller.simple(&format!("SELECT count(DISTINCT notes) FROM customers /* {padding} */"), None);
    assert_eq!(sqlstate(&refused), "0A000");
    let two = teller.run(Mode::Text, &format!("SELECT 1; SELECT 2 /* {padding} */"), &[], None);
    assert_eq!(sqlstate(&two), "42601");
    assert_eq!(teller.must(&format!("SELECT 1; SELECT 2 /* {padding} */")).tags.len(), 2);
}

#[test]
fn deep_texts_are_answered_or_refused() {
    let bank = Bank::start();
    let mut app = bank.session("app");
    let depths = [200, 400, 700, 1_400, 100_000];
    for (depth, table) in depths.into_iter().flat_map(|depth| [(depth, "branches"), (depth, "customers")]) {
        for (what, open, close) in
            [("brackets", "(", ")"), ("NOT", "NOT (", ")"), ("CASE", "CASE WHEN true THEN ", " END")]
        {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            let inner = if what == "CASE" { "id" } else { "id > 0" };
            let reply = app.simple(&format!("SELECT {open}{inner}{close} FROM {table} WHERE id = 3"), None);
            match depth {
                200 => assert_eq!(reply.rows.len(), 1, "{what}: {:?}", reply.failure),
                400..=1_400 if reply.failure.is_none() => assert_eq!(reply.rows.len(), 1, "{what} {depth}"),
                _ => assert_eq!(sqlstate(&reply), "54001", "{what}: {:?}", reply.failure),
            }
        }
        let queries = format!("{}SELECT 7{}", "SELECT (".repeat(depth), ")".repeat(depth));
        let reply = app.simple(&queries, None);
        let is_answered = depth < 100_000 && reply.rows.len() == 1;
        assert!(
            is_answered || (depth > 200 && sqlstate(&reply) == "54001"),
            "subqueries, {depth}: {:?}",
            reply.failure
        );
    }
    assert_eq!(app.must("SELECT 1").rows.len(), 1, "the session goes on");
}

/// As ORMs write a change of many rows at once.
#[test]
fn wide_texts_are_answered() {
    let bank = Bank::start();
    let mut app = bank.session("app");
    for (table, column) in [("branches", "name"), ("customers", "name")] {
        let branches =
            (0..3_000).map(|id| format!("WHEN {table}.id = {id} THEN 'n{id}'")).collect::<Vec<_>>().join(" ");
        let ids = (0..3_000).map(|id| id.to_string()).collect::<Vec<_>>().join(", ");
        app.must("BEGIN");
        app.must(&format!("UPDATE {table} SET {column} = CASE {branches} ELSE NULL END WHERE {table}.id IN ({ids})"));
        let named = format!("SELECT id FROM {table} WHERE id = 3 AND {column} = 'n3'");
        assert_eq!(app.must(&named).rows.len(), 1, "{table}");
        app.must("ROLLBACK");
    }
    let conditions = vec!["name NOT LIKE 'x%' OR name IS NULL OR id BETWEEN 1 AND 2"; 1_000].join(" OR ");
    for table in ["branches", "customers"] {
        let reply = app.must(&format!("SELECT id FROM {table} WHERE id = 3 AND ({conditions})"));
        assert_eq!(reply.rows.len(), 1, "{table}");
    }
}

#[test]
fn as_many_parameters_as_the_protocol_has() {
    let bank = Bank::start();
    let mut app = bank.session("app");
    for table in ["branches", "customers"] {
        let list = |count: usize| (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let sql = |count: usize| format!("SELECT count(*) FROM {table} WHERE id IN ({})", list(count));
        let values: Vec<_> = (1..=65_535).map(|n| Some((n % 8 + 1).to_string())).collect();
        let reply = app.run(Mode::Text, &sql(65_535), &values, None);
        assert_eq!(reply.rows, [[Some(b"8".to_vec())]], "{table}: {:?}", reply.failure);
        let reply = app.run(Mode::Text, &sql(65_536), &[], None);
        assert!(["54000", "42P02"].contains(&sqlstate(&reply)), "{table}: {:?}", reply.failure);
    }
    let list: Vec<_> = (1..=20_000).map(|n| format!("${n}")).collect();
    let sql = format!("SELECT count(*) FROM customers WHERE phone IN ({})", list.join(", "));
    let values: Vec<_> = phones(20_000).into_iter().map(Some).collect();
    let reply = app.run(Mode::Text, &sql, &values, None);
    assert_eq!(reply.rows.len(), 1, "20,000 terms: {:?}", reply.failure);
}

/// While one session's long statement is analysed another one of the same thread has its answers.
#[test]
fn a_long_statement_holds_up_nobody_else() {
    let bank = Bank::start();
    let long = format!("SELECT id FROM customers WHERE phone IN ({})", quoted(&phones(60_000)));
    assert!(long.len() > 900_000);
    for mode in [Mode::Simple, Mode::Text] {
        let mut slow = bank.session("app");
        let mut quick = bank.session("teller");
        quick.must("SELECT id, phone FROM customers WHERE id = 5");
        let is_answered = Arc::new(AtomicBool::new(false));
        let (answered, text) = (is_answered.clone(), long.clone());
        let thread = std::thread::spawn(move || {
            let reply = slow.run(mode, &text, &[], None);
            answered.store(true, Ordering::SeqCst);
            reply
        });
        let mut meanwhile = 0;
        while !is_answered.load(Ordering::SeqCst) {
            quick.must(&format!("SELECT id, phone FROM customers WHERE id = {}", 1 + meanwhile % 100));
            meanwhile += 1;
        }
        let reply = thread.join().expect("the slow one's answer");
        assert!(reply.rows.len() > 100, "{:?}", reply.failure);
        println!("{mode:?}: {meanwhile} answers meanwhile");
        assert!(meanwhile >= 20, "{mode:?}: only {meanwhile} answers while a long statement was analysed");
    }
}

/// Verdicts are kept within a bound: texts that never come again push each other out.
#[test]
fn a_hundred_thousand_texts_leave_memory_bounded() {
    const TEXTS: usize = 100_000;
    let bank = Bank::start();
    let mut app = bank.session("app");
    let mut halfway = 0;
    for (batch, numbers) in (0..TEXTS).collect::<Vec<_>>().chunks(100).enumerate() {
        let texts: Vec<_> = numbers.iter().map(|n| text(*n)).collect();
        let replies = app.pipeline(&texts);
        assert!(replies.iter().all(|reply| reply.failure.is_none()), "{:?}", replies[0].failure);
        if batch == TEXTS / 200 {
            halfway = bank.proxy.peak_rss_kib();
        }
    }
    let after = bank.proxy.peak_rss_kib();
    println!("{} KiB after half of {TEXTS} texts, {after} KiB after all", halfway);
    assert!(after < 256 * 1024, "{after} KiB");
    assert!(after < halfway + halfway / 4 + 16 * 1024, "{halfway} KiB halfway, {after} KiB at the end");
}

/// Half of them touch something protected; no two differ in literals alone.
fn text(n: usize) -> String {
    match n % 2 {
        0 => format!("SELECT id AS a{n} FROM scratch WHERE id = 1"),
        _ => format!("SELECT phone AS a{n} FROM customers WHERE id = 1"),
    }
}
