//! A result of any size passes through the proxy without being held by it, however slowly it is read.

mod support;

use std::io::{BufReader, Read as _};
use std::net::TcpStream;
use std::time::Duration;

use pgveil::demo::schema;
use support::proxy::Proxy;
use support::twins::{self, CUSTOMERS, Twins};
use support::wire::Client;

/// What the process may hold at its peak, catalog, caches and several sessions included.
const BOUND_KIB: u64 = 100 * 1024;

#[test]
fn memory_stays_bounded_while_large_results_pass() {
    let twins = Twins::start(&[]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    let connect = |user| Client::connect(proxy.port(), user, "bank").expect("a session");
    twins::load(&mut connect("app"));

    // More of them: PGVEIL_STREAM_ROWS. `bench/run.sh streaming` measures the release build
    let rows: u64 = std::env::var("PGVEIL_STREAM_ROWS").map_or(2_000_000, |rows| rows.parse().expect("a number"));
    let open = format!("SELECT n, repeat('x', 20) || n FROM generate_series(1, {rows}) n");
    assert_eq!(drain(connect("app").ask(&open)), rows);
    report(&proxy, "unprotected rows", rows);

    let times = rows * 3 / 20 / CUSTOMERS;
    let revealed = format!("SELECT c.id, c.phone, n FROM customers c, generate_series(1, {times}) n");
    assert_eq!(drain(connect("app").ask(&revealed)), times * CUSTOMERS);
    report(&proxy, "rows with a sealed column", times * CUSTOMERS);

    // Nobody reads: what the proxy holds stays what it is
    let unread: Vec<_> = (0..4).map(|_| connect("app").ask(&revealed)).collect();
    std::thread::sleep(Duration::from_secs(3));
    report(&proxy, "rows that nobody reads", 0);
    drop(unread);
}

fn report(proxy: &Proxy, what: &str, rows: u64) {
    let peak = proxy.peak_rss_kib();
    println!("{rows} {what}: peak RSS {} MiB", peak / 1024);
    assert!(peak < BOUND_KIB, "after {rows} {what} the proxy has held {peak} KiB");
}

/// Reads up to ReadyForQuery and keeps nothing; the number of rows.
fn drain(stream: TcpStream) -> u64 {
    let mut reader = BufReader::with_capacity(1 << 18, stream);
    let (mut rows, mut body) = (0, Vec::new());
    loop {
        let mut head = [0; 5];
        reader.read_exact(&mut head).expect("a message");
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        body.resize(length - 4, 0);
        reader.read_exact(&mut body).expect("its body");
        match head[0] {
            b'D' => rows += 1,
            b'E' => panic!("{}", String::from_utf8_lossy(&body)),
            b'Z' => return rows,
            _ => {}
        }
    }
}
