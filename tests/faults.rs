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
        let twins = Twins::none(Server::start());
        twins.create("bank", schema::PROTECTED);
        let admin = free_port();
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank");
        let more = format!("[admin]\naddress = \"127.0.0.1:{admin}\"\n");
        let proxy = Proxy::start_with(twins.server.port(), &policies, &more);
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
        let first = raw.read().expect("an answer");
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
