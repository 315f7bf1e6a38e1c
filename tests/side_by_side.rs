//! Two clients at once, statement by statement: what one sets, prepares, opens or locks is not the other's.

mod support;

use pgveil::demo::schema;
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::{Client, Reply};

/// What both are asked after each other, with the answers of the first and of the second; `!` and a SQLSTATE for an error.
const TURNS: &[(&str, &str, &str)] = &[
    ("SHOW DateStyle", "German, DMY", "SQL, MDY"),
    ("SELECT birth_date FROM customers WHERE id = 5", "{german}", "{sql}"),
    ("SELECT current_setting('TimeZone')", "Asia/Shanghai", "America/New_York"),
    ("SELECT current_schema", "one", "two"),
    ("SELECT v FROM here", "mine", "!42P01"),
    ("EXECUTE named", "1", "!26000"),
    ("SELECT x FROM temporary", "1", "!42P01"),
    ("FETCH 1 FROM cursor", "1", "!34000"),
    ("SELECT pg_try_advisory_lock(4711)", "t", "f"),
    ("SELECT count(*) FROM pg_listening_channels()", "1", "0"),
    ("SELECT count(*) FROM branches WHERE id = 777", "1", "0"),
];

const FIRST: &[&str] = &[
    "CREATE SCHEMA one; CREATE TABLE one.here (v text); INSERT INTO one.here VALUES ('mine')",
    "SET DateStyle = 'German, DMY'",
    "SET TimeZone = 'Asia/Shanghai'",
    "SET search_path = one, public",
    "PREPARE named AS SELECT 1",
    "LISTEN somewhere",
    "SELECT pg_advisory_lock(4711)",
    "BEGIN",
    "CREATE TEMP TABLE temporary AS SELECT 1 AS x",
    "DECLARE cursor CURSOR FOR SELECT 1",
    "INSERT INTO branches VALUES (777, 'Z', 'z', 'z')",
];
const SECOND: &[&str] = &[
    "CREATE SCHEMA two",
    "SET DateStyle = 'SQL, MDY'",
    "SET TimeZone = 'America/New_York'",
    "SET search_path = two, public",
];

#[test]
fn neither_client_has_anything_of_the_other() {
    let twins = Twins::start(&[]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    for is_through in [false, true] {
        let connect = || match is_through {
            true => Client::connect(proxy.port(), "app", "bank").expect("a session"),
            false => twins.connect("app", "twin"),
        };
        let iso = shown(&connect().must("SELECT birth_date FROM customers WHERE id = 5"));
        let (mut first, mut second) = (connect(), connect());
        FIRST.iter().for_each(|sql| drop(first.must(sql)));
        SECOND.iter().for_each(|sql| drop(second.must(sql)));
        for (sql, of_first, of_second) in TURNS {
            for (session, expect) in [(&mut first, of_first), (&mut second, of_second)] {
                let expect = expect.replace("{german}", &dated(&iso, "D.M.Y")).replace("{sql}", &dated(&iso, "M/D/Y"));
                assert_eq!(shown(&session.simple(sql, None)), expect, "{sql}, through the proxy: {is_through}");
            }
        }
        first.must("ROLLBACK");
    }
}

/// The first value of an answer, or its error.
fn shown(reply: &Reply) -> String {
    match (&reply.failure, reply.rows.first().and_then(|row| row.first())) {
        (Some(failure), _) => format!("!{}", failure.sqlstate),
        (None, Some(Some(value))) => String::from_utf8_lossy(value).into_owned(),
        (None, _) => String::new(),
    }
}

/// `1990-01-02` in another order.
fn dated(iso: &str, form: &str) -> String {
    let parts: Vec<&str> = iso.split('-').collect();
    form.replace('D', parts[2]).replace('M', parts[1]).replace('Y', parts[0])
}
