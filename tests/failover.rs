//! Several servers behind one proxy: which of them sessions get, and what becomes of them when another takes over.

mod support;

use std::time::{Duration, Instant};

use pgveil::catalog::connect::Login;
use pgveil::catalog::follow::{FollowOptions, Follower};
use pgveil::catalog::place::{Server as Address, SessionAttrs, Target};
use support::postgres::{End, Server};
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::Client;

const PATIENCE: Duration = Duration::from_secs(20);

fn login(ports: &[u16], wanted: SessionAttrs) -> Login {
    let servers = ports.iter().map(|port| Address { host: "127.0.0.1".into(), port: *port }.into()).collect();
    Login {
        target: Target { servers, wanted },
        database: "bank".into(),
        user: "veil_catalog".into(),
        password: None,
        tls: None,
        direct_tls: false,
        connect_timeout: Duration::from_secs(5),
    }
}

/// A proxy that may go to any of these servers.
fn proxy(ports: &[u16], wanted: &str) -> Proxy {
    let hosts = vec!["127.0.0.1"; ports.len()].join(",");
    let list = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    let environment = [
        ("PGVEIL_UPSTREAM_HOST", hosts.as_str()),
        ("PGVEIL_UPSTREAM_PORT", list.as_str()),
        ("PGVEIL_UPSTREAM_TARGET_SESSION_ATTRS", wanted),
    ];
    Proxy::start_in(ports[0], &twins::policies(), "", &environment)
}

fn text(session: &mut Client, sql: &str) -> String {
    let value = session.must(sql).rows.remove(0).remove(0).expect("a value");
    String::from_utf8(value).expect("UTF-8")
}

/// The port of the server that a new session is at, once there is one.
fn await_session(proxy: &Proxy, began: Instant) -> (Client, u16) {
    loop {
        if let Ok(mut session) = Client::connect(proxy.port(), "app", "bank") {
            let port = text(&mut session, "SELECT inet_server_port()").parse().expect("a port");
            return (session, port);
        }
        assert!(began.elapsed() < PATIENCE, "no session: {}", proxy.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn promote(standby: &Server) {
    let mut admin = Client::connect(standby.port(), "postgres", "postgres").expect("a session");
    assert_eq!(text(&mut admin, "SELECT pg_promote()"), "t");
}

#[tokio::test]
async fn each_word_finds_the_server_that_it_means() {
    let primary = Twins::bank().server;
    let standby = primary.standby();
    let (one, two) = (primary.port(), standby.port());
    let cases = [
        (SessionAttrs::Any, [one, two]),
        (SessionAttrs::Any, [two, one]),
        (SessionAttrs::ReadWrite, [two, one]),
        (SessionAttrs::Primary, [two, one]),
        (SessionAttrs::ReadOnly, [one, two]),
        (SessionAttrs::Standby, [one, two]),
        (SessionAttrs::PreferStandby, [one, two]),
    ];
    let expect = [one, two, one, one, two, two, two];
    for ((wanted, ports), expect) in cases.into_iter().zip(expect) {
        let follower = Follower::start(login(&ports, wanted), FollowOptions::default());
        follower.refresh().await.unwrap_or_else(|error| panic!("{wanted}: {error}"));
        assert_eq!(follower.home().expect("a server").server.port, expect, "{wanted} of {ports:?}");
    }
    for (wanted, only) in [(SessionAttrs::Standby, one), (SessionAttrs::ReadWrite, two)] {
        let follower = Follower::start(login(&[only], wanted), FollowOptions::default());
        assert!(follower.refresh().await.is_err(), "{wanted}");
    }
    let follower = Follower::start(login(&[one], SessionAttrs::PreferStandby), FollowOptions::default());
    follower.refresh().await.expect("a primary will do where there is no standby");
}

#[test]
fn a_failover_picks_the_new_primary() {
    let mut primary = Twins::bank().server;
    let standby = primary.standby();
    let proxy = proxy(&[primary.port(), standby.port()], "read-write");
    let (mut app, port) = await_session(&proxy, Instant::now());
    assert_eq!(port, primary.port());
    app.must("SET synchronous_commit = on");
    twins::load_customers(&mut app, 10);
    let phone = text(&mut app, "SELECT phone FROM customers WHERE id = 1");
    app.must("BEGIN");
    app.must("UPDATE customers SET name = 'nobody' WHERE id = 1");

    await_replay(&primary, &standby);
    primary.end(End::Immediate);
    promote(&standby);
    let (mut next, port) = await_session(&proxy, Instant::now());
    assert_eq!(port, standby.port());
    assert_eq!(text(&mut next, "SELECT phone FROM customers WHERE id = 1"), phone);
    assert_ne!(text(&mut next, "SELECT name FROM customers WHERE id = 1"), "nobody", "it was not committed");
    let sql = format!("UPDATE customers SET phone = '13900000000' WHERE phone = '{phone}'");
    assert_eq!(next.must(&sql).tags, ["UPDATE 1"]);
    app.simple("COMMIT", None);
    assert!(app.closed, "the old session is over");

    // The old primary comes back as if nothing had happened: nobody is sent to it
    primary.start_again();
    let (_session, port) = await_session(&proxy, Instant::now());
    assert_eq!(port, standby.port());
}

/// Waits until the standby has what the primary has.
fn await_replay(primary: &Server, standby: &Server) {
    let lsn = text(
        &mut Client::connect(primary.port(), "postgres", "postgres").expect("a session"),
        "SELECT pg_current_wal_lsn()",
    );
    let mut other = Client::connect(standby.port(), "postgres", "postgres").expect("a session");
    let began = Instant::now();
    while text(&mut other, &format!("SELECT pg_last_wal_replay_lsn() >= '{lsn}'")) != "t" {
        assert!(began.elapsed() < PATIENCE, "the standby does not follow");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The catalog that judges is that of the new server: what the old one says could be something else by now.
#[test]
fn sessions_at_a_server_that_is_left_end_with_their_next_statement() {
    let (one, two) = (Twins::bank().server, Twins::bank().server);
    let proxy = proxy(&[one.port(), two.port()], "read-write");
    let (mut stays, port) = await_session(&proxy, Instant::now());
    assert_eq!(port, one.port());
    let mut admin = Client::connect(one.port(), "postgres", "postgres").expect("a session");
    admin.must("ALTER SYSTEM SET default_transaction_read_only = on");
    admin.must("SELECT pg_reload_conf()");
    let began = Instant::now();
    while await_session(&proxy, began).1 != two.port() {
        assert!(began.elapsed() < PATIENCE, "{}", proxy.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    let told = stays.simple("SELECT 1", None).failure.expect("an error");
    assert_eq!((told.sqlstate.as_str(), stays.closed), ("57P01", true), "{told:?}");
}

#[test]
fn a_standby_serves_masks_and_is_left_when_it_is_promoted() {
    let primary = Twins::bank().server;
    let standby = primary.standby();
    let mut proxied = Vec::new();
    for wanted in ["any", "standby"] {
        proxied.push(proxy(&[standby.port()], wanted));
    }
    let own = Proxy::start_with(primary.port(), &twins::policies(), "");
    twins::load_customers(&mut Client::connect(own.port(), "app", "bank").expect("a session"), 10);
    await_replay(&primary, &standby);
    let (any, only_standby) = (&proxied[0], &proxied[1]);
    let mut reader = Client::connect(any.port(), "app", "bank").expect("a session");
    assert_eq!(text(&mut reader, "SELECT count(*) FROM customers WHERE phone IS NOT NULL"), "10");
    let refused = reader.simple("UPDATE customers SET name = 'x' WHERE id = 1", None).failure.expect("an error");
    assert_eq!(refused.sqlstate, "25006");
    // Tables that the primary makes are known here too
    Client::connect(primary.port(), "app", "bank").expect("a session").must("CREATE TABLE later (a int)");
    await_replay(&primary, &standby);
    assert_eq!(text(&mut reader, "SELECT count(*) FROM later"), "0");

    promote(&standby);
    let began = Instant::now();
    while Client::connect(only_standby.port(), "app", "bank").is_ok() {
        assert!(began.elapsed() < PATIENCE, "a promoted server is still handed out as a standby");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(reader.must("UPDATE customers SET name = 'x' WHERE id = 1").tags, ["UPDATE 1"]);
}
