//! Sessions beside each other and beside the database: sockets, protocol versions, cancel keys, and who waits for whom.

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::frames::{self, Frame, Raw};
use support::postgres::{self, binary};
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::Client;

const PROTOCOL_3_2: u32 = 0x0003_0002;

fn client(proxy: &Proxy) -> Client {
    Client::connect(proxy.port(), "app", "bank").expect("a session")
}

fn psql(host: &Path, user: &str, sql: &str) -> String {
    let output = Command::new(binary("psql"))
        .args(["-X", "-A", "-t", "-q", "-p", "6432", "-d", "bank", "-U", user, "-c", sql, "-h"])
        .arg(host)
        .stdin(Stdio::null())
        .output()
        .expect("psql runs");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn unix_sockets_on_both_sides() {
    let twins = Twins::bank();
    let place = tempfile::tempdir().expect("temporary directory");
    let socket = place.path().join(".s.PGSQL.6432");
    let upstream = twins.server.directory().display().to_string();
    // A CA is for servers over TCP
    let certificates = support::gate::Certificates::new();
    let ca = certificates.file("ca.crt");
    let environment = [
        ("PGVEIL_LISTEN_UNIX_SOCKET", socket.to_str().expect("a path")),
        ("PGVEIL_UPSTREAM_HOST", upstream.as_str()),
        ("PGVEIL_UPSTREAM_SSLROOTCERT", ca.to_str().expect("a path")),
    ];
    let proxy = Proxy::start_in(twins.server.port(), &twins::policies(), "", &environment);
    twins::load_customers(&mut client(&proxy), 10);
    let phone = psql(place.path(), "app", "SELECT phone FROM customers WHERE id = 1");
    let masked = psql(place.path(), "teller", "SELECT phone FROM customers WHERE id = 1");
    assert!(phone.len() == 11 && masked.contains("****") && masked[..3] == phone[..3], "{phone} {masked}");
    assert_eq!(psql(place.path(), "app", "SELECT inet_server_addr() IS NULL"), "t", "over a socket to the server too");
    let mode = std::fs::metadata(&socket).expect("the socket").permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o777, "as PostgreSQL's: every account may ask");
}

/// Logs in by another protocol version; what came before ReadyForQuery.
fn log_in(raw: &mut Raw, version: u32) -> Vec<Frame> {
    let words = frames::strings(&["user", "app", "database", "bank"]);
    raw.send(&frames::packet(version, &[words, vec![0]].concat()));
    raw.read_to_ready(1)
}

#[test]
fn protocol_3_2_and_its_cancel_keys_are_the_servers() {
    let twins = Twins::bank();
    let proxy = Proxy::start_with(twins.server.port(), &twins::policies(), "");
    let knows_3_2 = postgres::major() >= 18;
    for version in [0x0003_0000, PROTOCOL_3_2] {
        let mut raw = Raw::open(proxy.port());
        let answers = log_in(&mut raw, version);
        let (told, key_len) = match (version == PROTOCOL_3_2, knows_3_2) {
            (false, _) => (None, 4),
            (true, false) => (Some(vec![0, 3, 0, 0, 0, 0, 0, 0]), 4),
            (true, true) => (None, 32),
        };
        let negotiated = answers.iter().find(|frame| frame.kind == b'v').map(|frame| frame.body.clone());
        assert_eq!(negotiated, told, "{version:x}");
        let key = answers.iter().find(|frame| frame.kind == b'K').expect("a cancel key").body.clone();
        assert_eq!(key.len(), 4 + key_len, "{version:x}");

        raw.send(&frames::query("SELECT pg_sleep(60)"));
        await_running(&twins, "SELECT pg_sleep(60)");
        let mut wrong = key.clone();
        wrong[4 + key_len - 1] ^= 1;
        cancel(&proxy, &wrong);
        cancel(&proxy, &key);
        let answer = raw.read_to_ready(1);
        let error = answer.iter().find(|frame| frame.kind == b'E').expect("an error");
        assert_eq!(error.field(b'C').as_deref(), Some("57014"), "{version:x}");
    }
}

fn cancel(proxy: &Proxy, key: &[u8]) {
    let mut raw = Raw::open(proxy.port());
    raw.send(&frames::packet(80_877_102, key));
    assert!(raw.read().is_none(), "no answer to a cancel request");
}

fn await_running(twins: &Twins, sql: &str) {
    let mut admin = twins.connect("postgres", "postgres");
    let began = Instant::now();
    let running = format!("SELECT 1 FROM pg_stat_activity WHERE query = '{sql}' AND wait_event = 'PgSleep'");
    while admin.must(&running).rows.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not run");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// All sessions on one thread: one whose client does not read, one with a result that takes seconds, one that loads.
#[test]
fn no_session_waits_for_anothers_slow_client_or_large_result() {
    let twins = Twins::bank();
    let proxy = Proxy::start_with(twins.server.port(), &twins::policies(), "[server]\nthreads = 1\n");
    let mut quick = client(&proxy);
    twins::load_customers(&mut quick, 10);
    let wide = "SELECT repeat('x', 1000) FROM generate_series(1, 20000)";
    let unread: Vec<_> = (0..4).map(|_| client(&proxy).ask(wide)).collect();
    let mut reading = Raw::log_in(proxy.port(), "app", "bank");
    reading.send(&frames::query("SELECT phone, n FROM customers, generate_series(1, 10000) n"));
    let reader = std::thread::spawn(move || reading.read_to_ready(1).len());
    let mut answers = 0;
    while !reader.is_finished() {
        assert_eq!(quick.must("SELECT phone FROM customers WHERE id = 7").rows.len(), 1);
        answers += 1;
    }
    assert!(answers >= 20, "{answers} short answers came while 100,000 rows were on their way");
    assert!(Client::connect(proxy.port(), "teller", "bank").is_ok(), "a login waits for nobody either");
    assert_eq!(reader.join().expect("the reader"), 100_000 + 3);
    drop(unread);
}

/// What follows the catalog holds no connection to a database that nobody uses.
#[test]
fn a_database_without_sessions_can_be_copied_and_dropped() {
    let twins = Twins::bank();
    let proxy = Proxy::start_with(twins.server.port(), &twins::policies(), "");
    let mut admin = twins.connect("postgres", "postgres");
    admin.must("CREATE DATABASE copied TEMPLATE bank");
    let mut session = client(&proxy);
    twins::load_customers(&mut session, 10);
    let in_use = admin.simple("CREATE DATABASE again TEMPLATE bank", None).failure.expect("an error");
    assert_eq!(in_use.sqlstate, "55006", "while there is a session it is in use");
    drop(session);
    admin.must("CREATE DATABASE again TEMPLATE bank");
    // A session that comes after a change that nobody followed knows of it
    let teller = |sql: &str| Client::connect(proxy.port(), "teller", "bank").expect("a session").simple(sql, None);
    twins.connect("app", "bank").must("CREATE TABLE later AS SELECT 'open' AS name; GRANT SELECT ON later TO teller");
    assert_eq!(teller("SELECT name FROM later").rows, [[Some(b"open".to_vec())]]);
    admin.must("CREATE DATABASE once_more TEMPLATE bank");
    let swap = "DROP TABLE later; CREATE VIEW later AS SELECT name FROM customers; GRANT SELECT ON later TO teller";
    twins.connect("app", "bank").must(swap);
    let shown = teller("SELECT name FROM later");
    let clear = twins.connect("app", "bank").must("SELECT name FROM customers").rows;
    assert!(shown.failure.is_some() || shown.rows.iter().all(|row| !clear.contains(row)), "{:?}", shown.rows);
    admin.must("DROP DATABASE bank");
}
