//! The driver between two in-memory peers, with a session that upper-cases, refuses and waits on command.

use std::collections::VecDeque;

use bytes::{BufMut as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::wire::backend::error_fields;
use crate::wire::frame::{self, HEADER_LEN, Head};

/// Relays frames. From the client `Q` needs a catalog first, `F` is fatal, `X` closes; from the server `D` needs a
/// receipt first and `E` is its last word. `C` from the client counts as a request and `Z` from the server as its answer.
#[derive(Default)]
struct Fake {
    has_catalog: bool,
    has_receipt: bool,
    waits: VecDeque<&'static str>,
    open: usize,
    traffic: (u64, u64),
    largest_input: usize,
    is_server_leaving: bool,
}

impl Machine for Fake {
    fn on_client(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        self.largest_input = self.largest_input.max(input.len());
        while let Some(head) = Head::peek(input, Sender::Client).unwrap().filter(|head| head.frame_len() <= input.len())
        {
            if head.kind == b'Q' && !std::mem::take(&mut self.has_catalog) {
                return Ok(Step::NeedCatalog);
            }
            let (kind, frame) = frame::take(input, Sender::Client).unwrap().unwrap();
            if kind == b'F' {
                let error = PgError::new(SqlState::INTERNAL_ERROR, "over");
                return Err(Fatal { error, reason: "test", withheld: true });
            }
            self.open += usize::from(kind == b'C');
            outbox.to_server.extend_from_slice(&frame);
            if kind == b'X' {
                return Ok(Step::Close);
            }
        }
        Ok(Step::Continue)
    }

    fn on_server(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        while let Some(head) = Head::peek(input, Sender::Server).unwrap().filter(|head| head.frame_len() <= input.len())
        {
            if head.kind == b'D' && !std::mem::take(&mut self.has_receipt) {
                return Ok(Step::NeedReceipt);
            }
            let (kind, frame) = frame::take(input, Sender::Server).unwrap().unwrap();
            self.open -= usize::from(kind == b'Z');
            self.is_server_leaving |= kind == b'E';
            outbox.to_client.extend_from_slice(&frame);
        }
        Ok(Step::Continue)
    }

    fn is_answered(&self) -> bool {
        self.open == 0
    }

    fn is_idle(&self) -> bool {
        self.open == 0
    }

    fn may_interject(&self) -> bool {
        true
    }

    fn is_server_leaving(&self) -> bool {
        self.is_server_leaving
    }

    fn poll_catalog(&mut self, _: &mut Context<'_>) -> Poll<()> {
        self.waits.push_back("catalog");
        self.has_catalog = true;
        Poll::Ready(())
    }

    fn poll_receipt(&mut self, _: &mut Context<'_>) -> Poll<()> {
        self.waits.push_back("receipt");
        self.has_receipt = true;
        Poll::Ready(())
    }

    fn on_traffic(&mut self, received: u64, sent: u64) {
        self.traffic = (self.traffic.0 + received, self.traffic.1 + sent);
    }

    fn on_answered(&mut self, _: Duration) {}
}

struct Bench {
    client: DuplexStream,
    server: DuplexStream,
    phase: watch::Sender<Phase>,
    session: tokio::task::JoinHandle<(Fake, End)>,
}

fn start(pipe_len: usize) -> Bench {
    let (client, client_leg) = duplex(pipe_len);
    let (server, server_leg) = duplex(pipe_len);
    let (phase, watched) = watch::channel(Phase::Serving);
    let driver = Driver::new(Fake::default(), (client_leg, BytesMut::new()), (server_leg, BytesMut::new()));
    Bench { client, server, phase, session: tokio::spawn(driver.run(watched)) }
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut output = BytesMut::new();
    frame::write(&mut output, kind, |into| into.put_slice(body)).unwrap();
    output.to_vec()
}

async fn receive(stream: &mut DuplexStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

/// Everything up to the end of the stream.
async fn rest(mut stream: DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

fn sqlstate(bytes: &[u8]) -> Vec<u8> {
    let fields = error_fields(&bytes[HEADER_LEN..]).unwrap();
    assert!(fields.contains(&(b'S', b"FATAL")), "{fields:?}");
    fields.iter().find(|(field, _)| *field == b'C').unwrap().1.to_vec()
}

#[tokio::test]
async fn both_directions_and_a_goodbye() {
    let mut bench = start(1024);
    let request = [frame(b'C', b"one"), frame(b'S', b"")].concat();
    bench.client.write_all(&request).await.unwrap();
    assert_eq!(receive(&mut bench.server, request.len()).await, request);
    let answer = [frame(b'N', b"x"), frame(b'Z', b"I")].concat();
    bench.server.write_all(&answer).await.unwrap();
    assert_eq!(receive(&mut bench.client, answer.len()).await, answer);
    bench.client.write_all(TERMINATE).await.unwrap();
    assert_eq!(rest(bench.server).await, TERMINATE);
    let (fake, end) = bench.session.await.unwrap();
    assert_eq!(end, End::Client);
    assert_eq!(fake.traffic, ((request.len() + TERMINATE.len()) as u64, answer.len() as u64));
}

#[tokio::test]
async fn catalog_and_receipt_are_waited_for() {
    let mut bench = start(1024);
    let query = frame(b'Q', b"SELECT 1\0");
    bench.client.write_all(&[query.clone(), query.clone()].concat()).await.unwrap();
    assert_eq!(receive(&mut bench.server, 2 * query.len()).await, [query.clone(), query].concat());
    let row = frame(b'D', b"\0\0");
    bench.server.write_all(&row).await.unwrap();
    assert_eq!(receive(&mut bench.client, row.len()).await, row);
    drop(bench.client);
    let (fake, _) = bench.session.await.unwrap();
    assert_eq!(fake.waits, ["catalog", "catalog", "receipt"]);
}

/// The pipes hold less than a message: every part has to wait for its reader, and both directions are full at once.
#[tokio::test]
async fn full_pipes_do_not_block_each_other() {
    let bench = start(100);
    let up: Vec<u8> = (0..200).flat_map(|_| frame(b'B', &[7; 10_000])).collect();
    let down: Vec<u8> = (0..200).flat_map(|_| frame(b'T', &[8; 10_000])).collect();
    let (mut client_reads, mut client_writes) = tokio::io::split(bench.client);
    let (mut server_reads, mut server_writes) = tokio::io::split(bench.server);
    let (mut at_server, mut at_client) = (vec![0; up.len()], vec![0; down.len()]);
    let (a, b, c, d) = tokio::join!(
        client_writes.write_all(&up),
        server_writes.write_all(&down),
        server_reads.read_exact(&mut at_server),
        client_reads.read_exact(&mut at_client),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok() && d.is_ok());
    assert!(at_server == up && at_client == down);
    bench.session.abort();
}

#[tokio::test]
async fn a_slow_server_holds_its_client_back() {
    let mut bench = start(100);
    let message = frame(b'B', &[7; 10_000]);
    let flood = async {
        loop {
            bench.client.write_all(&message).await.unwrap();
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(200), flood).await;
    drop(bench.client);
    drop(bench.server);
    let (fake, _) = bench.session.await.unwrap();
    assert!(fake.largest_input < 4 * MAX_WAITING_LEN, "{}", fake.largest_input);
}

#[tokio::test]
async fn a_long_message_is_taken_whole() {
    let mut bench = start(1 << 16);
    let long = frame(b'B', &vec![1; 3 << 20]);
    let (written, read) = tokio::join!(bench.client.write_all(&long), receive(&mut bench.server, long.len()));
    written.unwrap();
    assert!(read == long);
    bench.session.abort();
}

#[tokio::test]
async fn fatal_tells_the_client_and_nothing_goes_to_the_server() {
    let mut bench = start(1024);
    bench.client.write_all(&[frame(b'C', b"first"), frame(b'F', b"")].concat()).await.unwrap();
    assert_eq!(sqlstate(&rest(bench.client).await), b"XX000");
    assert_eq!(rest(bench.server).await, b"");
    assert_eq!(bench.session.await.unwrap().1, End::Fatal);
}

#[tokio::test]
async fn a_server_that_goes_in_the_middle_is_told() {
    let mut bench = start(1024);
    let request = frame(b'C', b"q");
    bench.client.write_all(&request).await.unwrap();
    receive(&mut bench.server, request.len()).await;
    drop(bench.server);
    assert_eq!(sqlstate(&rest(bench.client).await), b"08006");
    assert_eq!(bench.session.await.unwrap().1, End::Server);
}

#[tokio::test]
async fn a_server_that_says_why_it_goes_has_the_last_word() {
    let mut bench = start(1024);
    let request = frame(b'C', b"q");
    bench.client.write_all(&request).await.unwrap();
    receive(&mut bench.server, request.len()).await;
    let goodbye = frame(b'E', b"57P01");
    bench.server.write_all(&goodbye).await.unwrap();
    drop(bench.server);
    assert_eq!(rest(bench.client).await, goodbye);
    assert_eq!(bench.session.await.unwrap().1, End::Server);
}

#[tokio::test]
async fn a_server_that_goes_between_requests_says_so_itself() {
    let mut bench = start(1024);
    let goodbye = frame(b'N', b"57P01");
    bench.server.write_all(&goodbye).await.unwrap();
    drop(bench.server);
    assert_eq!(rest(bench.client).await, goodbye);
    assert_eq!(bench.session.await.unwrap().1, End::Server);
}

#[tokio::test]
async fn a_client_that_sends_no_more_still_gets_its_answer() {
    let mut bench = start(1024);
    let request = frame(b'C', b"q");
    bench.client.write_all(&request).await.unwrap();
    bench.client.shutdown().await.unwrap();
    let mut at_server = vec![];
    bench.server.read_to_end(&mut at_server).await.unwrap();
    assert_eq!(at_server, request);
    let answer = frame(b'Z', b"I");
    bench.server.write_all(&answer).await.unwrap();
    assert_eq!(rest(bench.client).await, answer);
    assert_eq!(bench.session.await.unwrap().1, End::Client);
}

#[tokio::test]
async fn a_drain_waits_for_what_is_open() {
    let mut bench = start(1024);
    let request = frame(b'C', b"q");
    bench.client.write_all(&request).await.unwrap();
    receive(&mut bench.server, request.len()).await;
    bench.phase.send(Phase::Draining).unwrap();
    tokio::task::yield_now().await;
    assert!(!bench.session.is_finished());
    let answer = frame(b'Z', b"I");
    bench.server.write_all(&answer).await.unwrap();
    assert_eq!(receive(&mut bench.client, answer.len()).await, answer);
    assert_eq!(sqlstate(&rest(bench.client).await), b"57P01");
    assert_eq!(rest(bench.server).await, TERMINATE);
    assert_eq!(bench.session.await.unwrap().1, End::Shutdown);
}

#[tokio::test]
async fn closing_waits_for_nothing() {
    let mut bench = start(1024);
    let request = frame(b'C', b"q");
    bench.client.write_all(&request).await.unwrap();
    receive(&mut bench.server, request.len()).await;
    bench.phase.send(Phase::Closing).unwrap();
    assert_eq!(sqlstate(&rest(bench.client).await), b"57P01");
    assert_eq!(rest(bench.server).await, b"", "an open transaction rolls back");
    assert_eq!(bench.session.await.unwrap().1, End::Shutdown);
}
