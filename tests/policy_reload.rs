//! A changed policy binds what is open already: sessions, prepared statements, cursors, portals. A bad one changes nothing.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pgveil::demo::{bank, schema};
use support::proxy::{Proxy, free_port};
use support::twins::{self, Twins};
use support::wire::{Client, Mode, Reply};
use tempfile::TempDir;

/// The teller's right to phone numbers in the sample policy, and a tighter one.
const RIGHT: &str = "phone: {show: mask, look_up: true}";
const TIGHTER: &str = "phone: {mask: phone-last4}";

/// A bank behind a proxy whose policies can be changed.
struct Bank {
    _twins: Twins,
    proxy: Proxy,
    policies: TempDir,
    admin: u16,
}

impl Bank {
    fn start() -> Self {
        let twins = Twins::start(&[]);
        twins.create("bank", schema::PROTECTED);
        let policies = TempDir::new().expect("temporary directory");
        for file in ["roles.yaml", "tables.yaml"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank").join(file);
            std::fs::copy(from, policies.path().join(file)).expect("a copy of the policy");
        }
        let admin = free_port();
        let more = format!("[admin]\naddress = \"127.0.0.1:{admin}\"\n");
        let proxy = Proxy::start_with(twins.server.port(), policies.path(), &more);
        let bank = Self { _twins: twins, proxy, policies, admin };
        twins::load(&mut bank.connect("app"));
        bank
    }

    fn connect(&self, user: &str) -> Client {
        Client::connect(self.proxy.port(), user, "bank").expect("a session")
    }

    fn roles(&self) -> String {
        std::fs::read_to_string(self.policies.path().join("roles.yaml")).expect("the policy")
    }

    /// Writes the roles as an editor that renames does, and waits until the proxy has taken or refused them.
    fn write_roles(&self, text: &str, result: &str) {
        let before = self.reloads(result);
        let new = self.policies.path().join(".roles.new");
        std::fs::write(&new, text).expect("a new policy");
        std::fs::rename(new, self.policies.path().join("roles.yaml")).expect("in its place");
        self.await_reload(result, before);
    }

    fn await_reload(&self, result: &str, before: u64) {
        let began = Instant::now();
        while self.reloads(result) == before {
            assert!(began.elapsed() < Duration::from_secs(20), "not {result}: {}", self.proxy.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for a record with all of these in it.
    fn await_audit(&self, parts: &[&str]) {
        let began = Instant::now();
        loop {
            let files = std::fs::read_dir(self.proxy.directory().join("audit")).expect("the trail");
            let texts = files.filter_map(|file| std::fs::read_to_string(file.expect("a file").path()).ok());
            let trail = texts.collect::<String>();
            if trail.lines().any(|line| parts.iter().all(|part| line.contains(part))) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "no record of {parts:?} in {trail}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `pgveil_policy_reloads_total` of one result.
    fn reloads(&self, result: &str) -> u64 {
        let mut stream = TcpStream::connect(("127.0.0.1", self.admin)).expect("the metrics listener");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("a request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("metrics");
        let name = format!("pgveil_policy_reloads_total{{result=\"{result}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().expect("a count"))
    }

    fn tighten(&self) {
        self.write_roles(&self.roles().replacen(RIGHT, TIGHTER, 1), "accepted");
    }
}

/// One customer's phone number under the sample policy's mask and under the tighter one.
fn masks(id: u64) -> (String, String) {
    let phone = bank::customer(id).phone;
    (format!("{}****{}", &phone[..3], &phone[7..]), format!("*******{}", &phone[7..]))
}

fn first(reply: &Reply) -> String {
    assert!(reply.failure.is_none(), "{:?}", reply.failure);
    let value = reply.rows.first().and_then(|row| row[0].clone()).expect("a value");
    String::from_utf8(value).expect("UTF-8")
}

#[test]
fn a_tightened_policy_binds_open_sessions_statements_and_cursors() {
    let bank = Bank::start();
    let mut teller = bank.connect("teller");
    let by_id = "SELECT phone FROM customers WHERE id = 5";
    let (loose, tight) = masks(5);
    let id = [Some("5".to_owned())];
    assert_eq!(first(&teller.must(by_id)), loose);
    assert!(teller.prepare("s", "SELECT phone FROM customers WHERE id = $1").failure.is_none());
    assert_eq!(first(&teller.execute("s", &id)), loose);
    teller.must("PREPARE p (bigint) AS SELECT phone FROM customers WHERE id = $1");
    assert_eq!(first(&teller.must("EXECUTE p(5)")), loose);
    let mut in_cursor = bank.connect("teller");
    in_cursor.must("BEGIN");
    in_cursor.must("DECLARE c CURSOR FOR SELECT phone FROM customers WHERE id < 9 ORDER BY id");
    assert_eq!(first(&in_cursor.must("FETCH 1 FROM c")), masks(1).0);
    let mut held = bank.connect("teller");
    held.must("DECLARE h CURSOR WITH HOLD FOR SELECT phone FROM customers WHERE id < 9 ORDER BY id");
    assert_eq!(first(&held.must("FETCH 1 FROM h")), masks(1).0);
    let mut in_portal = bank.connect("teller");
    in_portal.must("BEGIN");
    in_portal.prepare("s", "SELECT phone FROM customers WHERE id < 9 ORDER BY id");
    in_portal.open("rows", "s");
    assert_eq!(first(&in_portal.fetch("rows", 1)), masks(1).0);
    let mut looks_up = bank.connect("teller");
    let by_phone = format!("SELECT phone FROM customers WHERE phone = '{}'", bank::customer(5).phone);
    assert_eq!(first(&looks_up.must(&by_phone)), loose);

    bank.tighten();

    for mode in [Mode::Simple, Mode::Text, Mode::Binary] {
        assert_eq!(first(&teller.run(mode, by_id, &[], None)), tight, "{mode:?}");
    }
    assert_eq!(first(&teller.execute("s", &id)), tight, "a prepared statement");
    assert_eq!(first(&teller.must("EXECUTE p(5)")), tight, "an SQL-level prepared statement");
    assert_eq!(first(&in_cursor.must("FETCH 1 FROM c")), masks(2).1, "an open cursor");
    assert_eq!(first(&held.must("FETCH 1 FROM h")), masks(2).1, "a held cursor");
    assert_eq!(first(&in_portal.fetch("rows", 1)), masks(2).1, "a portal with rows still to fetch");
    let refused = looks_up.simple(&by_phone, None).failure.expect("a refusal");
    assert_eq!(refused.sqlstate, "42501", "the right to look up is gone");
}

#[test]
fn what_is_no_longer_allowed_at_all_is_refused() {
    let bank = Bank::start();
    let mut session = bank.connect("teller");
    session.must("BEGIN");
    session.must("DECLARE c CURSOR FOR SELECT id, phone FROM customers ORDER BY id");
    assert_eq!(first(&session.must("FETCH 1 FROM c")), "1");
    session.prepare("s", "SELECT id, phone FROM customers ORDER BY id");
    session.open("rows", "s");
    assert_eq!(first(&session.fetch("rows", 1)), "1");
    let mut prepared = bank.connect("teller");
    prepared.prepare("s", "SELECT phone FROM customers WHERE id = 5");
    prepared.must("PREPARE p AS SELECT phone FROM customers WHERE id = 5");

    bank.write_roles(&bank.roles().replacen(RIGHT, "phone: deny", 1), "accepted");

    session.must("SAVEPOINT before");
    for what in ["FETCH 1 FROM c", "SELECT phone FROM customers"] {
        assert_eq!(session.simple(what, None).failure.expect(what).sqlstate, "42501", "{what}");
        session.must("ROLLBACK TO SAVEPOINT before");
    }
    assert_eq!(session.fetch("rows", 1).failure.expect("a refusal").sqlstate, "42501", "a portal");
    assert_eq!(prepared.execute("s", &[]).failure.expect("a refusal").sqlstate, "42501", "a prepared statement");
    assert_eq!(prepared.simple("EXECUTE p", None).failure.expect("a refusal").sqlstate, "42501", "EXECUTE");
    assert_eq!(first(&prepared.must("SELECT id FROM customers WHERE id = 5")), "5", "the session goes on");
}

#[test]
fn a_bad_policy_changes_nothing_and_says_so() {
    let bank = Bank::start();
    let mut teller = bank.connect("teller");
    let by_id = "SELECT phone FROM customers WHERE id = 5";
    let (loose, tight) = masks(5);
    let good = bank.roles();
    for bad in ["roles: [", "database: bank\nroles:\n  - {name: x, members: {users: [teller]}, all_tables: cleer}\n"] {
        bank.write_roles(bad, "refused");
        assert_eq!(first(&teller.must(by_id)), loose, "the policy before stays in force");
        assert_eq!(first(&bank.connect("teller").must(by_id)), loose, "for new sessions too");
    }
    assert!(bank.proxy.log().contains("policy: refused, the one before stays in force"), "{}", bank.proxy.log());
    assert!(bank.proxy.log().contains("roles.yaml"), "the file is named: {}", bank.proxy.log());
    bank.write_roles(&good.replacen(RIGHT, TIGHTER, 1), "accepted");
    assert_eq!(first(&teller.must(by_id)), tight, "and a good one after it is taken");
}

#[test]
fn a_hangup_signal_reads_everything_again() {
    let bank = Bank::start();
    let refused = bank.reloads("refused");
    std::fs::write(bank.policies.path().join("roles.yaml"), "roles: [").expect("a bad policy");
    bank.await_reload("refused", refused);
    // The file is the same bad one: only the signal makes the proxy look again
    let refused = bank.reloads("refused");
    let status = Command::new("kill").args(["-HUP", &bank.proxy.pid().to_string()]).status().expect("kill runs");
    assert!(status.success());
    bank.await_reload("refused", refused);
    assert!(bank.proxy.log().contains("reload asked for"), "{}", bank.proxy.log());
    assert_eq!(first(&bank.connect("teller").must("SELECT phone FROM customers WHERE id = 5")), masks(5).0);
}

/// Look-ups by a hidden column are counted for each login, whichever way the values come.
#[test]
fn look_ups_are_limited() {
    let bank = Bank::start();
    let roles = bank.roles();
    let (before, after) = roles.split_once("  - name: teller\n").expect("a teller");
    let limited = format!("{before}  - name: teller\n    look_ups: {{per_minute: 10, per_day: 30}}\n{after}");
    bank.write_roles(&limited, "accepted");
    let (mut teller, mut app) = (bank.connect("teller"), bank.connect("app"));
    let by_phone = "SELECT id FROM customers WHERE phone = ";
    let in_array = "SELECT id FROM customers WHERE phone = ANY ($1)";
    let phones = |count: usize| Some(format!("{{{}}}", vec!["13812345678"; count].join(",")));
    let one = || vec![Some("13812345678".to_owned())];
    assert_eq!(limited_at(&teller.run(Mode::Simple, &format!("{by_phone}'13812345678'"), &[], None)), None);
    assert_eq!(limited_at(&teller.run(Mode::Text, &format!("{by_phone}$1"), &one(), None)), None);
    assert_eq!(limited_at(&teller.run(Mode::Text, in_array, &[phones(6)], None)), None);
    let list = format!("SELECT id FROM customers WHERE phone IN ({})", ["'13812345678'"; 20].join(", "));
    for (mode, sql, params) in [
        (Mode::Simple, list.as_str(), vec![]),
        (Mode::Text, in_array, vec![phones(20)]),
        (Mode::Binary, "SELECT id FROM customers WHERE phone IN ($1, $1, $1, $1, $1)", one()),
    ] {
        let refused = limited_at(&teller.run(mode, sql, &params, None)).expect("refused");
        assert!(refused.contains("limit of 10 look-ups"), "{sql}: {refused}");
    }
    // The session lives on, what needs no look-up is answered, and another login has a count of its own
    assert_eq!(limited_at(&teller.simple("SELECT phone FROM customers LIMIT 1", None)), None);
    assert!(limited_at(&bank.connect("teller").simple(&list, None)).is_some(), "a new session is the same login");
    assert_eq!(limited_at(&app.simple(&list, None)), None, "who sees the column does not test it");
    let rows = (0..20).map(|at| format!("{}\t王小明\t1101051990010230{at}\t1\n", 70_000 + at)).collect::<String>();
    let copy = "COPY customers (id, name, id_number, branch_id) FROM STDIN";
    assert!(limited_at(&teller.simple(copy, Some(rows.as_bytes()))).is_some());
    bank.await_audit(&["\"refuse\"", "COPY customers", "look-up-limit", "53400"]);
    bank.await_audit(&["\"close\"", "\"failed\"", "53400"]);
}

fn limited_at(reply: &Reply) -> Option<String> {
    reply.failure.as_ref().map(|failure| {
        assert_eq!(failure.sqlstate, "53400", "{failure:?}");
        failure.message.clone()
    })
}
