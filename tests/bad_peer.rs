//! Peers that lie, cut short, stuff and flood: each case has a name and an outcome. After each one the proxy serves a
//! session that was there before, holds no other one, and in the end has held little memory.

mod support;

#[path = "bad_peer/clients.rs"]
mod clients;
#[path = "bad_peer/knocks.rs"]
mod knocks;
#[path = "bad_peer/servers.rs"]
mod servers;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgveil::demo::schema;
use support::frames::{self, Raw};
use support::postgres::Server;
use support::proxy::{Proxy, free_port};
use support::twins::{self, Twins};
use support::wire::Client;

/// What the process may hold at its peak, a debug build's catalog and caches included.
const BOUND_KIB: u64 = 160 * 1024;
/// Named cases in all.
const AT_LEAST: usize = 250;

/// What a peer says, and what comes of it.
pub struct Case {
    pub name: String,
    pub bytes: Vec<u8>,
    /// Answers in short, see [`outcome`]; `alive` where the session went on to answer a question.
    pub expect: &'static str,
}

impl Case {
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>, expect: &'static str) -> Self {
        Self { name: name.into(), bytes: bytes.into(), expect }
    }
}

struct Bench {
    proxy: Proxy,
    admin: u16,
    /// A session that nobody disturbs.
    other: Client,
    _twins: Twins,
}

impl Bench {
    /// The sample bank behind a proxy whose server is the real one, or lies where it is asked to.
    fn start(lies: Option<Vec<Case>>) -> Self {
        let twins = Twins::none(Server::start());
        twins.create("bank", schema::PROTECTED);
        let upstream = match lies {
            None => twins.server.port(),
            Some(lies) => liar(twins.server.port(), lies),
        };
        let admin = free_port();
        let more = format!("[admin]\naddress = \"127.0.0.1:{admin}\"\n");
        let policies = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank");
        let proxy = Proxy::start_with(upstream, &policies, &more);
        let mut other = Client::connect(proxy.port(), "app", "bank").expect("a session");
        twins::load_customers(&mut other, 5);
        Self { proxy, admin, other, _twins: twins }
    }

    /// Nothing is left of the case, and the proxy goes on.
    fn check_after(&mut self, case: &str) {
        self.other.must("SELECT 1");
        let began = Instant::now();
        while self.sessions() != 1 {
            assert!(began.elapsed() < Duration::from_secs(10), "{case}: {} sessions are left", self.sessions());
            std::thread::sleep(Duration::from_millis(5));
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

    /// Runs every case by `say`, which gives the outcome.
    fn run(mut self, cases: &[Case], say: impl Fn(u16, usize, &Case) -> String) {
        let mut wrong = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            let got = say(self.proxy.port(), index, case);
            // Of a peer that is gone nobody knows whether it still heard the server
            let is_right = case.expect.strip_suffix('…').map_or(got == case.expect, |begin| got.starts_with(begin));
            if !is_right {
                wrong.push(format!("{}: expected \"{}\", got \"{got}\"", case.name, case.expect));
            }
            self.check_after(&case.name);
        }
        let log = self.proxy.log();
        assert!(!log.contains("panic"), "{log}");
        let peak = self.proxy.peak_rss_kib();
        println!("{} cases, {} wrong; peak RSS {} MiB", cases.len(), wrong.len(), peak / 1024);
        assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
        assert!(peak < BOUND_KIB, "the proxy has held {peak} KiB");
    }
}

/// The answers in short: types, an error with its SQLSTATE, ReadyForQuery with its status. Runs of one type count once;
/// the answer to [`ASK`] is `alive`.
fn outcome(raw: &mut Raw) -> String {
    let mut words: Vec<String> = Vec::new();
    while let Some(frame) = raw.read() {
        if frame.kind == b'D' && frame.body.ends_with(b"alive") {
            words.retain(|word| word != "T");
            words.push("alive".to_owned());
            break;
        }
        let word = match frame.kind {
            b'E' => format!("E:{}", frame.field(b'C').unwrap_or_default()),
            b'Z' => format!("Z:{}", frame.body.escape_ascii()),
            kind => char::from(kind).to_string(),
        };
        if words.last() != Some(&word) {
            words.push(word);
        }
    }
    words.join(" ")
}

const ASK: &str = "SELECT 'alive'";

/// In a session: says it, then Sync and a question, and nothing more.
fn say_in_session(port: u16, case: &Case) -> String {
    let mut raw = Raw::log_in(port, "app", "bank");
    let mut sending = raw.stream.try_clone().expect("a second handle");
    let bytes = [&case.bytes[..], &frames::message(b'S', b""), &frames::query(ASK)].concat();
    // Some are long: what is sent must not wait for what is read
    let sender = std::thread::spawn(move || {
        let _refused = sending.write_all(&bytes);
        let _gone = sending.shutdown(Shutdown::Write);
    });
    let outcome = outcome(&mut raw);
    drop(raw.stream.shutdown(Shutdown::Both));
    sender.join().expect("the sender ends");
    outcome
}

/// As the first thing on a connection. What is not a frame is given as it is.
fn say_first(port: u16, case: &Case) -> String {
    let mut raw = Raw::open(port);
    let whole = case.bytes.len();
    // Single letters answer requests for encryption
    let asks = case.bytes.chunks(8).take_while(|part| knocks::asks_encryption(part) && whole > 8).count();
    let mut words = String::new();
    let mut rest = &case.bytes[..];
    for _ in 0..asks {
        let (ask, later) = rest.split_at(8);
        if !raw.send(ask) {
            break;
        }
        rest = later;
        let mut letter = [0];
        if raw.stream.read_exact(&mut letter).is_err() {
            break;
        }
        words.push(char::from(letter[0]));
        if letter == *b"E" {
            // An ErrorResponse, told by its fields
            let mut text = Vec::new();
            let _reset = raw.stream.read_to_end(&mut text);
            let code = text.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"C"));
            return format!("{words}:{}", String::from_utf8_lossy(code.unwrap_or_default()));
        }
    }
    raw.send(rest);
    if case.expect.ends_with("alive") {
        raw.send(&frames::query(ASK));
    }
    let _gone = raw.stream.shutdown(Shutdown::Write);
    let answered = outcome(&mut raw);
    let answered: Vec<&str> = answered.split(' ').filter(|word| !matches!(*word, "R" | "S" | "K" | "Z:I")).collect();
    words + &answered.join(" ")
}

/// A server in the middle: passes everything on, but where a text asks for a lie by its number it tells that one, in
/// the place of whatever the real one would have said, and then nothing more.
fn liar(upstream: u16, lies: Vec<Case>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let lies = Arc::new(lies);
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(("127.0.0.1", upstream)) else { continue };
            let (back, to) = (near.try_clone().expect("a handle"), far.try_clone().expect("a handle"));
            std::thread::spawn(move || pass_on(far, back));
            let lies = Arc::clone(&lies);
            std::thread::spawn(move || lie_where_asked(near, to, &lies));
        }
    });
    port
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let _either_left = std::io::copy(&mut from, &mut to);
    let _gone = to.shutdown(Shutdown::Write);
}

fn lie_where_asked(mut near: TcpStream, mut far: TcpStream, lies: &[Case]) {
    let mut buffer = vec![0; 65_536];
    while let Ok(len @ 1..) = near.read(&mut buffer) {
        let said = &buffer[..len];
        if let Some(number) = servers::asked_lie(said) {
            let _taken_or_not = near.write_all(&lies[number].bytes);
            let _told = near.shutdown(Shutdown::Write);
            while near.read(&mut buffer).is_ok_and(|len| len > 0) {}
            break;
        }
        if far.write_all(said).is_err() {
            break;
        }
    }
    let _gone = far.shutdown(Shutdown::Both);
}

#[test]
fn there_are_cases_enough_and_each_has_its_own_name() {
    let cases: Vec<_> = [clients::cases(), knocks::cases(), servers::cases()].into_iter().flatten().collect();
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    println!("{} named cases", cases.len());
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    assert!(cases.len() >= AT_LEAST, "only {}", cases.len());
}

#[test]
fn clients_in_a_session() {
    Bench::start(None).run(&clients::cases(), |port, _, case| say_in_session(port, case));
}

#[test]
fn clients_that_knock() {
    Bench::start(None).run(&knocks::cases(), |port, _, case| say_first(port, case));
}

#[test]
fn servers_that_answer_otherwise() {
    Bench::start(Some(servers::cases())).run(&servers::cases(), |port, index, case| {
        let mut raw = Raw::log_in(port, "app", "bank");
        raw.send(&servers::question(index, case));
        outcome(&mut raw)
    });
}
