//! Real processes that fail in the middle: what the client is told, what the audit trail says, what is left.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pgveil::demo::schema;
use support::frames::{self, Frame, Raw};
use support::postgres::Server;
use support::proxy::{Proxy, free_port};
use support::twins::{self, Twins};
use support::wire::Client;

/// Far more rows than sockets and buffers hold.
const MANY: &str = "SELECT phone, n FROM customers, generate_series(1, 200000) n";
const COPY_OUT: &str = "COPY (SELECT phone, n FROM customers, generate_series(1, 200000) n) TO STDOUT";
const COPY_IN: &str = "COPY employees (id, login, name, branch_id, phone) FROM STDIN";

struct Bench {
    twins: Twins,
    proxy: Proxy,
    admin: u16,
}

impl Bench {
    fn start() -> Self {
        Self::start_in(&[])
    }

    fn start_in(environment: &[(&str, &str)]) -> Self {
        let twins = Twins::none(Server::start());
        twins.create("bank", schema::PROTECTED);
        let admin = free_port();
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank");
        let more = format!("[admin]\naddress = \"127.0.0.1:{admin}\"\n");
        let proxy = Proxy::start_in(twins.server.port(), &policies, &more, environment);
        let bench = Self { twins, proxy, admin };
        twins::load_customers(&mut bench.client(), 10);
        bench
    }

    fn client(&self) -> Client {
        Client::connect(self.proxy.port(), "app", "bank").expect("a session")
    }

    /// A session that has begun to answer.
    fn asking(&self, sql: &str) -> Raw {
        let mut raw = Raw::log_in(self.proxy.port(), "app", "bank");
        raw.send(&frames::query(sql));
        let Some(first) = raw.read() else { panic!("{sql}: closed without an answer: {}", self.proxy.log()) };
        assert!(matches!(first.kind, b'T' | b'G' | b'H'), "{first:?}");
        raw
    }

    fn await_sessions(&self, wanted: u64) {
        let began = Instant::now();
        while self.sessions() != wanted {
            assert!(began.elapsed() < Duration::from_secs(20), "{} sessions, not {wanted}", self.sessions());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn sessions(&self) -> u64 {
        let mut stream = TcpStream::connect(("127.0.0.1", self.admin)).expect("the metrics listener");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("a request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("metrics");
        let line = text.lines().find_map(|line| line.strip_prefix("pgveil_client_connections "));
        line.expect("a count").parse().expect("a number")
    }

    /// Ends the server's process of the one statement like this that runs, as the kernel would.
    fn kill_backend(&self, like: &str) {
        let mut admin = self.twins.connect("postgres", "postgres");
        let sql = format!(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '{like}%' AND datname = 'bank' AND usename = 'app'"
        );
        let rows = admin.must(&sql).rows;
        let pid = rows.first().and_then(|row| row[0].clone()).expect("a process that runs it");
        let pid = String::from_utf8(pid).expect("a number");
        assert!(Command::new("kill").args(["-KILL", &pid]).status().expect("kill runs").success());
    }

    fn audit(&self) -> String {
        let files = std::fs::read_dir(self.proxy.directory().join("audit")).expect("the trail");
        let paths = files.map(|file| file.expect("a file").path());
        paths.map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect()
    }
}

/// The errors among all that still comes.
fn errors(raw: &mut Raw) -> Vec<Frame> {
    std::iter::from_fn(|| raw.read()).filter(|frame| frame.kind == b'E').collect()
}

#[test]
fn a_server_killed_in_the_middle_is_one_error_and_an_incomplete_record() {
    for (sql, like) in [(MANY, "SELECT%"), (COPY_OUT, "COPY%"), (COPY_IN, "COPY%")] {
        let bench = Bench::start();
        let mut raw = bench.asking(sql);
        bench.kill_backend(like);
        let told = errors(&mut raw);
        assert_eq!(told.len(), 1, "{sql}: {told:?}");
        assert_eq!(told[0].field(b'C').as_deref(), Some("08006"), "{sql}: {told:?}");
        bench.await_sessions(0);
        let began = Instant::now();
        // Of rows that the client may have had the trail says that they are not all
        let outcome = if sql == COPY_IN { "\"sqlstate\":\"08006\"" } else { "\"outcome\":\"incomplete\"" };
        while !bench.audit().contains(outcome) {
            assert!(began.elapsed() < Duration::from_secs(10), "{sql}: {}", bench.audit());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What a masked role may still see after another session has put a view over protected rows in a table's place.
#[test]
fn ddl_of_others_between_parse_and_bind_is_judged_anew() {
    let bench = Bench::start();
    let mut teller = Client::connect(bench.proxy.port(), "teller", "bank").expect("a session");
    let mut owner = bench.twins.connect("app", "bank");
    owner.must("INSERT INTO scratch VALUES (1, 'open')");
    for (name, sql) in [("one", "SELECT id, v FROM scratch"), ("two", "SELECT * FROM scratch WHERE id = $1")] {
        assert!(teller.prepare(name, sql).failure.is_none());
    }
    assert_eq!(teller.execute("one", &[]).rows.len(), 1);
    owner.must("DROP TABLE scratch; CREATE VIEW scratch AS SELECT id, name AS v FROM customers");
    let hidden = owner.must("SELECT name FROM customers").rows;
    // The bound within which the DDL of others is noticed
    std::thread::sleep(Duration::from_millis(1500));
    for (name, params) in [("one", vec![]), ("two", vec![Some("1".to_owned())])] {
        let shown = teller.execute(name, &params);
        assert!(shown.rows.iter().all(|row| !hidden.contains(&vec![row[1].clone()])), "{name}: {shown:?}");
        assert!(shown.failure.is_some() || !shown.rows.is_empty(), "{name}: neither rows nor an error");
    }
}

/// A file system of a megabyte, which goes with the value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where it may not be mounted.
    fn mount() -> Option<Self> {
        let place = tempfile::tempdir().expect("temporary directory");
        let options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"];
        let mounted = Command::new("mount").args(options).arg(place.path()).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(place))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone_already = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// A long migration holds one protected table, and something else changes the catalog meanwhile.
#[test]
fn a_locked_table_keeps_nobody_from_the_others() {
    let bench = Bench::start();
    let mut migration = bench.twins.connect("postgres", "bank");
    migration.must("BEGIN");
    migration.must("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE");
    bench.twins.connect("postgres", "bank").must("CREATE TABLE another (a int)");
    let began = Instant::now();
    // Longer than an unconfirmed catalog is trusted
    while began.elapsed() < Duration::from_secs(12) {
        let mut teller = Client::connect(bench.proxy.port(), "teller", "bank").expect("logins go on");
        let rows = teller.must("SELECT phone FROM customers WHERE id = 1").rows;
        assert_eq!(rows.len(), 1);
        bench.client().must("SELECT phone FROM customers WHERE id = 1");
        std::thread::sleep(Duration::from_millis(500));
    }
    let mut teller = Client::connect(bench.proxy.port(), "teller", "bank").expect("logins go on");
    let refused = teller.query(b"SELECT balance FROM accounts").failure.expect("nobody knows what it runs");
    assert_eq!(refused.sqlstate, "42501", "{refused:?}");
    assert!(refused.message.contains("locked"), "{refused:?}");
    migration.must("ROLLBACK");
    let began = Instant::now();
    while teller.query(b"SELECT balance FROM accounts").failure.is_some() {
        assert!(began.elapsed() < Duration::from_secs(5), "it is free again");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_full_disk_under_the_trail_stops_protected_data_until_there_is_room() {
    let Some(disk) = SmallDisk::mount() else {
        println!("not tested: only root may mount a small file system");
        return;
    };
    let trail = disk.0.path().join("audit");
    let bench = Bench::start_in(&[("PGVEIL_AUDIT_DIRECTORY", trail.to_str().expect("a path"))]);
    let mut client = bench.client();
    let protected = "SELECT phone FROM customers WHERE id = 1";
    client.must(protected);

    let filler = disk.0.path().join("filler");
    let mut file = std::fs::File::create(&filler).expect("a file");
    while file.write_all(&[0; 512]).is_ok() {}
    drop(file);
    // What is left of the last page takes some records yet. Who finds it full has run a statement, whose rows are
    // withheld; from then on nothing is run
    let refused = (0..1000).find_map(|_| client.simple(protected, None).failure).expect("a refusal");
    assert_eq!(refused.sqlstate, "58030", "{refused:?}");
    let mut client = bench.client();
    for sql in [protected, "UPDATE customers SET phone = '13900000000'", protected] {
        let refused = client.simple(sql, None);
        assert!(refused.rows.is_empty() && refused.status == b'I', "{refused:?}");
        assert_eq!(refused.failure.map(|failure| failure.sqlstate).as_deref(), Some("58030"), "{sql}");
        assert_eq!(client.must("SELECT 1").rows.len(), 1, "what is not protected goes on");
    }
    assert_eq!(client.prepare("p", protected).failure.map(|failure| failure.sqlstate).as_deref(), Some("58030"));

    std::fs::remove_file(&filler).expect("room");
    let began = Instant::now();
    while client.simple(protected, None).failure.is_some() {
        assert!(began.elapsed() < Duration::from_secs(10), "it does not recover: {}", bench.proxy.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(client.must("SELECT 1 FROM customers WHERE phone = '13900000000'").rows.is_empty(), "it was not run");
    drop((client, bench));
    Proxy::verify_audit(&trail);
}

/// What a start cannot do without: exit 64 for what the operator has to correct, 1 for what the machine refuses.
#[test]
fn a_start_that_cannot_be_right_ends_with_its_exit_code() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let place = |name: &str| directory.path().join(name);
    let bank = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank");
    let write = |policy: &str, text: &str| {
        std::fs::create_dir_all(place(policy)).expect("a directory");
        std::fs::write(place(policy).join("tables.yaml"), text).expect("a policy");
    };
    let whole = std::fs::read_to_string(bank.join("tables.yaml")).expect("the sample's tables");
    write("empty-file", "");
    write("half", &whole[..whole.len() / 2]);
    write("unknown-key", &format!("{whole}\nsurprise: 1\n"));
    write("not-text", "\u{0}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("its address").to_string();
    std::fs::write(place("a-file"), "").expect("a file");
    let cases = [
        ("missing", "PGVEIL_LOG_LEVEL", "info".to_owned(), 64),
        ("empty-file", "PGVEIL_LOG_LEVEL", "info".to_owned(), 64),
        ("half", "PGVEIL_LOG_LEVEL", "info".to_owned(), 64),
        ("unknown-key", "PGVEIL_LOG_LEVEL", "info".to_owned(), 64),
        ("not-text", "PGVEIL_LOG_LEVEL", "info".to_owned(), 64),
        ("bank", "PGVEIL_LOG_LEVEL", "loud".to_owned(), 64),
        ("bank", "PGVEIL_KEYS_KEYRING", place("missing").display().to_string(), 64),
        ("bank", "PGVEIL_KEYS_KEK_FILE", place("missing").display().to_string(), 64),
        ("bank", "PGVEIL_AUDIT_KEY", "env:NOTHING_OF_THAT_NAME".to_owned(), 64),
        ("bank", "PGVEIL_LISTEN_ADDRESS", taken, 1),
        ("bank", "PGVEIL_AUDIT_DIRECTORY", place("a-file").display().to_string(), 1),
    ];
    let config = place("pgveil.toml");
    std::fs::write(&config, pgveil::demo::config::text(1, 1, &bank, directory.path())).expect("a configuration");
    pgveil::demo::config::make_keys(Path::new(env!("CARGO_BIN_EXE_pgveil")), &config).expect("keys");
    for (policy, variable, value, expect) in cases {
        let policies = if policy == "bank" { bank.clone() } else { place(policy) };
        let text = pgveil::demo::config::text(free_port(), free_port(), &policies, directory.path());
        std::fs::write(&config, text).expect("a configuration");
        let output = Command::new(env!("CARGO_BIN_EXE_pgveil"))
            .args(["serve", "--config"])
            .arg(&config)
            .env(variable, &value)
            .output()
            .expect("pgveil runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expect), "{policy}, {variable}={value}: {said}");
        assert!(said.contains("pgveil serve: "), "{policy}, {variable}={value}: {said}");
    }
}

#[test]
fn clients_that_go_in_the_middle_leave_nothing() {
    let bench = Bench::start();
    let go = |times: usize| {
        for _ in 0..times {
            for sql in [MANY, COPY_OUT, COPY_IN] {
                drop(bench.asking(sql));
            }
        }
        bench.await_sessions(0);
        bench.proxy.peak_rss_kib()
    };
    let times = support::rng::from_environment("PGVEIL_FAULT_TIMES", 100) as usize;
    let (first, last) = (go(20), go(times));
    println!("peak RSS after 60 clients {first} KiB, after {} more {last} KiB", times * 3);
    assert!(last < first + 16 * 1024, "from {first} to {last} KiB");
    bench.client().must("SELECT 1");
}
