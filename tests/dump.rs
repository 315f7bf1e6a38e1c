//! Test data: a dump that a developer takes through the proxy restores into the bank's plaintext schema, keeps what is
//! unique unique, and holds nobody's values.

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use pgveil::demo::{bank, schema};
use support::canary::{Canaries, sealed_values};
use support::postgres::binary;
use support::proxy::Proxy;
use support::twins::{self, CUSTOMERS, Twins};
use support::wire::Client;

#[test]
fn a_developers_dump_restores_and_holds_nobodys_values() {
    let twins = Twins::start(&[]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    let file = proxy.directory().join("dump.sql");
    run("pg_dump", proxy.port(), "dev", "bank", &["--data-only", "--no-owner"], "--file", &file);

    // Digits of an address at a mail host are few: one pseudonym may be another one's address by accident
    let canaries = Canaries::of(sealed_values(CUSTOMERS).filter(|value| !value.contains('@')));
    let text = std::fs::read(&file).expect("the dump");
    assert_eq!(canaries.find(&text), None);
    assert!(!String::from_utf8_lossy(&text).contains("~pv"), "sealed values in the dump");

    twins.create("restored", schema::PLAIN);
    run("psql", twins.server.port(), "app", "restored", &["-X", "-q", "-v", "ON_ERROR_STOP=1"], "--file", &file);
    let mut restored = twins.connect("app", "restored");
    for rows in bank::tables(CUSTOMERS) {
        let found = number(&mut restored, &format!("SELECT count(*) FROM {}", rows.table));
        assert_eq!(found, rows.rows, "rows of {}", rows.table);
    }
    for (table, column) in
        [("customers", "phone"), ("customers", "email"), ("accounts", "account_no"), ("cards", "pan")]
    {
        let sql = format!("SELECT count({column}) - count(DISTINCT {column}) FROM {table}");
        assert_eq!(number(&mut restored, &sql), 0, "{table}.{column} repeats");
    }
    let joined = "SELECT count(*) FROM transactions t JOIN accounts a ON a.account_no = t.counterparty";
    let in_clear = number(&mut twins.connect("app", "twin"), joined);
    assert_eq!(number(&mut restored, joined), in_clear, "pseudonyms of one domain join as the values do");
}

fn run(program: &str, port: u16, user: &str, database: &str, flags: &[&str], file_flag: &str, file: &Path) {
    let output = Command::new(binary(program))
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", user, "-d", database])
        .args(flags)
        .arg(file_flag)
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

fn number(session: &mut Client, sql: &str) -> u64 {
    let value = session.must(sql).rows.remove(0).remove(0).expect("a number");
    String::from_utf8(value).expect("ASCII").parse().expect("a number")
}
