//! The proxy or the server ends while sessions work: what was reported is there, what is there was reported, and what was
//! half done is undone.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use support::frames::{self, Raw};
use support::postgres::End;
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::Client;

const WRITERS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(20);
const BRANCH: &str = "1";

fn client(proxy: &Proxy) -> Client {
    Client::connect(proxy.port(), "app", "bank").expect("a session")
}

/// One employee, with a phone number that is sealed. Half of the writers send a transaction in three messages.
fn write(session: &mut Client, id: u64) -> bool {
    let insert = format!(
        "INSERT INTO employees (id, login, name, branch_id, phone) VALUES ({id}, 'e{id}', 'n', {BRANCH}, '139{id:08}')"
    );
    let texts = if id.is_multiple_of(2) { vec![insert.as_str()] } else { vec!["BEGIN", insert.as_str(), "COMMIT"] };
    texts.iter().all(|text| {
        let reply = session.simple(text, None);
        reply.failure.is_none() && reply.tags.len() == 1 && reply.status != 0
    })
}

/// Sessions that write until they are told to stop; each ends with the numbers that were reported as written.
struct Load {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    writers: Vec<JoinHandle<BTreeSet<u64>>>,
}

impl Load {
    /// `is_stubborn`: a session that was lost is followed by another.
    fn start(port: u16, is_stubborn: bool) -> Self {
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let writers = (0..WRITERS).map(|writer| {
            let (stop, written) = (stop.clone(), written.clone());
            std::thread::spawn(move || {
                let mut reported = BTreeSet::new();
                let mut id = 1000 + writer as u64 * 1_000_000;
                while !stop.load(Ordering::Relaxed) {
                    let Ok(mut session) = Client::connect(port, "app", "bank") else {
                        std::thread::sleep(Duration::from_millis(20));
                        continue;
                    };
                    while !stop.load(Ordering::Relaxed) {
                        id += 1;
                        if !write(&mut session, id) {
                            break;
                        }
                        reported.insert(id);
                        written.fetch_add(1, Ordering::Relaxed);
                    }
                    if !is_stubborn {
                        break;
                    }
                }
                reported
            })
        });
        let writers = writers.collect();
        Self { stop, written, writers }
    }

    /// Waits until this many more have been written.
    fn await_more(&self, more: u64) {
        let (began, from) = (Instant::now(), self.written.load(Ordering::Relaxed));
        while self.written.load(Ordering::Relaxed) < from + more {
            assert!(began.elapsed() < PATIENCE, "nothing is written any more");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(self) -> BTreeSet<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect()
    }
}

/// The employees that are there, as the server has them.
fn stored(twins: &Twins) -> BTreeSet<u64> {
    let rows = twins.connect("app", "bank").must("SELECT id FROM employees WHERE id > 1000").rows;
    rows.into_iter().map(|row| String::from_utf8(row[0].clone().unwrap()).unwrap().parse().unwrap()).collect()
}

#[test]
fn sigterm_under_load_leaves_nothing_half_answered() {
    let twins = Twins::bank();
    let mut proxy = Proxy::start_with(twins.server.port(), &twins::policies(), "");
    twins::load_customers(&mut client(&proxy), 10);
    let load = Load::start(proxy.port(), false);
    load.await_more(100);
    let mut in_transaction = client(&proxy);
    in_transaction.must("BEGIN");
    assert!(in_transaction.simple("UPDATE customers SET phone = '13912345678' WHERE id = 1", None).failure.is_none());
    let mut idle = client(&proxy);
    proxy.signal("TERM");
    let reported =
        load.writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect::<BTreeSet<_>>();
    assert_eq!(stored(&twins), reported, "written and reported");

    let told = idle.simple("SELECT 1", None);
    assert!(told.rows.is_empty() && idle.closed, "an idle session is over: {told:?}");
    assert!(Client::connect(proxy.port(), "app", "bank").is_err(), "nobody is let in any more");
    assert_eq!(in_transaction.must("SELECT phone FROM customers WHERE id = 1").rows, [[Some(b"13912345678".to_vec())]]);
    assert_eq!(in_transaction.must("COMMIT").tags, ["COMMIT"]);
    assert_eq!(proxy.ended().code(), Some(0), "{}", proxy.log());
    Proxy::verify_audit(&proxy.directory().join("audit"));
}

#[test]
fn kill_9_undoes_what_was_under_way_and_the_trail_goes_on() {
    let twins = Twins::bank();
    let mut proxy = Proxy::start_with(twins.server.port(), &twins::policies(), "");
    twins::load_customers(&mut client(&proxy), 10);
    for round in 0..3 {
        let load = Load::start(proxy.port(), true);
        load.await_more(50);
        let mut copying = Raw::log_in(proxy.port(), "app", "bank");
        copying.send(&frames::query("COPY employees (id, login, name, branch_id, phone) FROM STDIN"));
        assert_eq!(copying.read().expect("an answer").kind, b'G');
        copying.send(&frames::message(b'd', b"7\tcopied\tn\t1\t13900000007\n8\thalf\tn\t1\t139"));
        let mut in_transaction = client(&proxy);
        in_transaction.must("BEGIN");
        in_transaction.must("DELETE FROM employees WHERE id > 1000");
        proxy.signal("KILL");
        proxy.ended();
        await_no_sessions(&twins);
        proxy.start_again();
        load.await_more(50);
        let reported = load.end();
        // The last statement of each writer may have been committed when its answer was lost
        let there = stored(&twins);
        let missing: Vec<_> = reported.difference(&there).collect();
        assert!(missing.is_empty(), "round {round}: reported and not there: {missing:?}");
        assert!(there.difference(&reported).count() <= (round + 1) * WRITERS, "round {round}");
        let copied = twins.connect("app", "bank").must("SELECT 1 FROM employees WHERE login IN ('copied', 'half')");
        assert!(copied.rows.is_empty(), "round {round}: a COPY that was cut off");
        twins.connect("app", "bank").must("DELETE FROM employees WHERE id > 1000");
    }
    proxy.signal("TERM");
    assert_eq!(proxy.ended().code(), Some(0), "{}", proxy.log());
    Proxy::verify_audit(&proxy.directory().join("audit"));
}

fn await_no_sessions(twins: &Twins) {
    let mut admin = twins.connect("postgres", "postgres");
    let began = Instant::now();
    while !admin.must("SELECT 1 FROM pg_stat_activity WHERE datname = 'bank' AND usename = 'app'").rows.is_empty() {
        assert!(began.elapsed() < PATIENCE, "the server keeps sessions of a proxy that is gone");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_server_that_restarts_under_load_is_found_again() {
    let mut twins = Twins::bank();
    let proxy = Proxy::start_with(twins.server.port(), &twins::policies(), "");
    twins::load_customers(&mut client(&proxy), 10);
    let load = Load::start(proxy.port(), true);
    for how in [End::Fast, End::Immediate] {
        load.await_more(50);
        twins.server.end(how);
        std::thread::sleep(Duration::from_millis(300));
        twins.server.start_again();
        load.await_more(50);
    }
    let reported = load.end();
    let there = stored(&twins);
    let missing: Vec<_> = reported.difference(&there).collect();
    assert!(missing.is_empty(), "reported and not there: {missing:?}");
    let lost_answers = there.difference(&reported).count();
    assert!(lost_answers <= 2 * WRITERS, "{lost_answers} written and not reported");
    let phones = client(&proxy).must("SELECT phone FROM employees WHERE phone = '13900001001'").rows;
    assert_eq!(phones, [[Some(b"13900001001".to_vec())]], "the first writer's first row is found and opened");
}
