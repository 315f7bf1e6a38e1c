//! The pipeline law against PostgreSQL itself, which also proves the model.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::client::Say::{self, *};
use super::client::{bytes, summary};
use super::decider::{ByText, plan, refuse_with};
use super::harness::session;
use super::pipeline::{Words, message};
use crate::demo::postgres::Cluster;
use crate::plan::{Effect, Output, OutputAction, Verdict};
use crate::session::{Outbox, Step};
use crate::wire::frame::{self, Sender};

const PLANNED: &str = "SELECT 'a' AS planned, g FROM generate_series(1,2) g";
const PLANNED_UPSTREAM: &str = "SELECT 'a'  AS planned, g FROM generate_series(1,2) g";
const DDL: &str = "CREATE TEMP TABLE IF NOT EXISTS x(a int)";
/// Refused with the code that PostgreSQL gives by itself: when it is read, and when it is run.
const REFUSED_PARSE: &str = "REFUSED";
const REFUSED_QUERY: &str = "SELECT 2/0";
const END: &str = "end-marker";

const WORDS: Words = Words {
    texts: &[
        "SELECT g FROM generate_series(1,0) g",
        "SELECT g FROM generate_series(1,3) g",
        "SELECT 1/0",
        REFUSED_PARSE,
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        DDL,
        "SET application_name = 'x'",
        "DO $$BEGIN RAISE NOTICE 'x'; END$$",
        "INSERT INTO c VALUES (1)",
        "",
        PLANNED,
    ],
    queries: &[
        "SELECT 1",
        "BEGIN; SELECT 1",
        "COMMIT",
        "SELECT 1; SELECT 1/0; SELECT 2",
        "SELECT 1; SELECT 2/0; SELECT 2",
        "BEGIN; INSERT INTO c VALUES (1); COMMIT; SELECT 2/0",
        "COPY (SELECT 1) TO STDOUT",
        REFUSED_QUERY,
        PLANNED,
        "SELECT 1;SELECT 'a' AS planned, g FROM generate_series(1,2) g;SELECT 2/0",
        "",
        "SET application_name = 'y'; CREATE TEMP TABLE IF NOT EXISTS x(a int)",
    ],
    // pg_backend_pid, and lo_tell without its argument
    calls: &[2026, 958],
    copy: "COPY c FROM STDIN",
};

#[test]
fn the_session_answers_as_postgresql_alone() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let cluster = Stopping(Cluster::new(directory.path()).unwrap());
    cluster.0.create().unwrap();
    let port = cluster.0.start().unwrap();
    alone(port, &[Query("CREATE TABLE c(a int)"), ask_for_end()]);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) };
    let batches = (vec(message(WORDS), 0..20), 1..400_usize);
    TestRunner::new(config)
        .run(&batches, |(parts, part_len)| {
            let mut messages = parts.concat();
            messages.extend([Sync, Query("ROLLBACK"), ask_for_end()]);
            let expect = alone(port, &messages);
            prop_assert_eq!(through(port, &messages, part_len), expect);
            Ok(())
        })
        .unwrap();
}

struct Stopping(Cluster);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.stop().unwrap();
    }
}

const fn ask_for_end() -> Say {
    Query("SELECT 'end-marker'")
}

fn is_end(received: &[u8]) -> bool {
    received.windows(END.len()).any(|window| window == END.as_bytes()) && received.ends_with(b"Z\0\0\0\x05I")
}

fn connect(port: u16) -> TcpStream {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_nodelay(true).unwrap();
    let body = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    let mut startup = BytesMut::new();
    startup.put_u32(u32::try_from(body.len()).unwrap() + 4);
    startup.put_slice(body);
    socket.write_all(&startup).unwrap();
    let mut input = BytesMut::new();
    loop {
        receive(&mut socket, &mut input, 4096);
        while let Some((kind, _)) = frame::take(&mut input, Sender::Server).unwrap() {
            if kind == b'Z' {
                return socket;
            }
        }
    }
}

/// What has come; nothing where the socket's timeout has passed.
fn receive(socket: &mut TcpStream, input: &mut BytesMut, len: usize) -> usize {
    let mut part = vec![0; len];
    match socket.read(&mut part) {
        Ok(0) => panic!("the server has closed the connection"),
        Ok(len) => {
            input.extend_from_slice(&part[..len]);
            len
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
        Err(error) => panic!("{error}"),
    }
}

fn alone(port: u16, messages: &[Say]) -> String {
    let mut socket = connect(port);
    socket.write_all(&bytes(messages)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut received = BytesMut::new();
    while !is_end(&received) {
        assert!(receive(&mut socket, &mut received, 65_536) > 0, "{messages:?} has no end");
    }
    summary(&received)
}

fn through(port: u16, messages: &[Say], part_len: usize) -> String {
    let mut session = session(decider());
    let mut socket = connect(port);
    socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let (mut said, mut from_client) = (bytes(messages), BytesMut::new());
    let (mut from_server, mut received) = (BytesMut::new(), BytesMut::new());
    let mut idle_turns = 0;
    while !is_end(&received) {
        let said_len = said.len().min(part_len);
        from_client.extend_from_slice(&said.split_to(said_len));
        let mut outbox = Outbox::default();
        let step = session.on_client(&mut from_client, &mut outbox).unwrap();
        assert!(matches!(step, Step::Continue | Step::NeedCatalog), "{step:?}");
        socket.write_all(&outbox.to_server.split()).unwrap();
        let is_time = said.is_empty() || said_len.is_multiple_of(3);
        let received_len = if is_time { receive(&mut socket, &mut from_server, part_len) } else { 0 };
        session.on_server(&mut from_server, &mut outbox).unwrap();
        received.extend_from_slice(&outbox.to_client);
        idle_turns = if received_len + said_len == 0 { idle_turns + 1 } else { 0 };
        assert!(idle_turns < 5_000, "stuck: {messages:?} {}", summary(&received));
    }
    assert!(session.observer_mut().open.is_empty() && session.is_idle());
    summary(&received)
}

fn decider() -> ByText {
    let relayed = || Output { action: OutputAction::Relay, origin: None, ty: None };
    let mut plan = plan(PLANNED_UPSTREAM);
    plan.outputs = Some(Arc::from([relayed(), relayed()]));
    let mut decider = ByText::default();
    decider.verdicts.insert(PLANNED, Verdict::Rewrite(Arc::new(plan)));
    decider.verdicts.insert(REFUSED_PARSE, refuse_with(*b"42601"));
    decider.verdicts.insert(REFUSED_QUERY, refuse_with(*b"22012"));
    decider.verdicts.insert(DDL, Verdict::Pass(Effect::CatalogChanged));
    decider
}
