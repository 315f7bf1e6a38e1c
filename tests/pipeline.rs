//! The pipeline law: random batches, errors at any place included, are answered through the proxy message by message
//! as PostgreSQL answers them alone, and leave behind what they leave behind there.
//!
//! `PGVEIL_PIPELINE_BATCHES` runs more of them, `PGVEIL_PIPELINE_SEED` others; a batch that differs is named with its
//! own seed, under which it runs alone with `PGVEIL_PIPELINE_BATCHES=1`.

mod support;

use std::collections::HashSet;

use pgveil::demo::schema;
use support::batch::{Generator, Kind, REFUSED_TEXT, Say, To, Words};
use support::frames::{self, Frame, Raw};
use support::postgres::Server;
use support::proxy::Proxy;
use support::rng::{self, Rng};
use support::twins::{self, Twins};

const CUSTOMERS: u64 = 12;
/// Batches of one session, and of one filling of the tables.
const BATCHES_PER_SESSION: u64 = 50;

/// Beside the bank's tables. `later` complains only when the transaction ends.
const TABLES: &str = "CREATE TABLE c (a int, b text);
    CREATE TABLE u (id int PRIMARY KEY, v text);
    CREATE TABLE later (id int, CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
    SELECT lo_from_bytea(4711, 'a large object');
    GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;";

const FILL: &str = "TRUNCATE c, u, later; INSERT INTO c VALUES (1, 'one'), (2, NULL), (3, '三');
    INSERT INTO u VALUES (1, 'one'), (2, 'two')";

/// What a batch may have left behind.
const TIDY: &str = "CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; RESET ALL";

const OPEN: Words = Words {
    texts: &[
        ("SELECT a, b FROM c ORDER BY a, b", &[]),
        ("SELECT g, 'x' || g FROM generate_series(1, 4) g", &[]),
        ("SELECT v FROM u WHERE id = $1", &[Kind::Int]),
        ("SELECT $1::text, $2::int + 1", &[Kind::Text, Kind::Int]),
        ("INSERT INTO u VALUES ($1, $2)", &[Kind::Int, Kind::Text]),
        ("INSERT INTO u VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id, v", &[Kind::Int, Kind::Text]),
        ("UPDATE c SET b = $1 WHERE a = $2", &[Kind::Text, Kind::Int]),
        ("DELETE FROM c WHERE a = 3 RETURNING *", &[]),
        ("INSERT INTO later VALUES (1)", &[]),
        ("SELECT 1 / (a - 2) FROM c ORDER BY a", &[]),
        ("SELECT nothing FROM c", &[]),
        ("SELEC 1", &[]),
        ("BEGIN", &[]),
        ("BEGIN READ ONLY", &[]),
        ("COMMIT", &[]),
        ("ROLLBACK", &[]),
        ("SAVEPOINT one", &[]),
        ("ROLLBACK TO one", &[]),
        ("RELEASE one", &[]),
        ("DECLARE cur CURSOR FOR SELECT a FROM c ORDER BY a", &[]),
        ("FETCH 2 FROM cur", &[]),
        ("CLOSE cur", &[]),
        ("PREPARE t AS SELECT 7", &[]),
        ("EXECUTE t", &[]),
        ("DEALLOCATE s", &[]),
        ("SET application_name = 'x'", &[]),
        ("SET LOCAL DateStyle = 'German'", &[]),
        ("SET TimeZone = 'Asia/Shanghai'", &[]),
        ("DO $$BEGIN RAISE NOTICE 'seen'; END$$", &[]),
        ("NOTIFY told, 'x'", &[]),
        ("LISTEN told", &[]),
        ("SHOW transaction_isolation", &[]),
        ("COPY (SELECT a, b FROM c ORDER BY a, b) TO STDOUT", &[]),
        ("LOCK TABLE c IN SHARE MODE", &[]),
        ("", &[]),
        ("-- nothing", &[]),
    ],
    queries: &[
        "SELECT 1",
        "SELECT a, b FROM c ORDER BY a, b",
        "SELECT 1 / 0",
        "SELECT 'a'::int",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "COMMIT AND CHAIN",
        "SAVEPOINT one",
        "ROLLBACK TO one",
        "INSERT INTO c VALUES (4, 'four')",
        "INSERT INTO u VALUES (1, 'again')",
        "INSERT INTO later VALUES (2), (2)",
        "INSERT INTO later VALUES (3)",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "DELETE FROM c WHERE a = 4",
        "DECLARE cur CURSOR FOR SELECT g FROM generate_series(1, 5) g",
        "DECLARE cur CURSOR WITH HOLD FOR SELECT g FROM generate_series(1, 5) g",
        "FETCH 2 FROM cur",
        "MOVE BACKWARD 1 FROM cur",
        "CLOSE cur",
        "PREPARE s AS SELECT a FROM c ORDER BY a",
        "EXECUTE s",
        "DEALLOCATE ALL",
        "COPY c TO STDOUT (FORMAT csv)",
        "COPY (SELECT 1 / a FROM c ORDER BY a DESC) TO STDOUT",
        "SET application_name = 'y'",
        "DO $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'P0001', HINT = 'never'; END$$",
        "LISTEN told",
        "NOTIFY told",
        "SELEC 1",
        "",
    ],
    copies: &[
        ("COPY c FROM STDIN", &["5\tfive\n", "6\t\\N\n7\tseven\n", "many\tx\n", "8\n", "9\tni", "ne\n"]),
        ("COPY u (id, v) FROM STDIN (FORMAT csv)", &["5,five\n", "1,again\n", "7,\"x\ny\"\n", ",\n"]),
    ],
    refused: &[],
};

/// As the application, which sees everything: what is sealed in one database is plain in the other.
const SEALED: Words = Words {
    texts: &[
        ("SELECT id, phone, birth_date FROM customers WHERE id < 5 ORDER BY id", &[]),
        ("SELECT id, phone FROM customers WHERE id = $1", &[Kind::Int]),
        ("SELECT id FROM customers WHERE phone = $1 ORDER BY id", &[Kind::Phone]),
        ("UPDATE customers SET phone = $1 WHERE id = $2", &[Kind::Phone, Kind::Int]),
        ("UPDATE customers SET birth_date = '2001-02-30' WHERE id = 1", &[]),
        ("UPDATE customers SET birth_date = $1 WHERE id = 1 RETURNING birth_date, phone", &[Kind::Date]),
        ("UPDATE employees SET phone = $1 WHERE id = $2 RETURNING id, phone", &[Kind::Phone, Kind::Int]),
        ("DELETE FROM transactions WHERE id = $1 RETURNING counterparty", &[Kind::Int]),
        ("SELECT risk, net_worth, exposed FROM kyc WHERE customer_id = $1", &[Kind::Int]),
        ("SELECT v FROM u WHERE id = $1", &[Kind::Int]),
        ("INSERT INTO u VALUES ($1, $2)", &[Kind::Int, Kind::Text]),
        ("SELECT 1 / (id - 2), phone FROM customers WHERE id < 5 ORDER BY id", &[]),
        ("SELECT phone, nothing FROM customers", &[]),
        ("BEGIN", &[]),
        ("COMMIT", &[]),
        ("ROLLBACK", &[]),
        ("SAVEPOINT one", &[]),
        ("ROLLBACK TO one", &[]),
        ("DECLARE cur CURSOR FOR SELECT id, phone FROM customers WHERE id < 6 ORDER BY id", &[]),
        ("FETCH 2 FROM cur", &[]),
        ("CLOSE cur", &[]),
        ("PREPARE x AS SELECT phone FROM customers WHERE id = 3", &[]),
        ("EXECUTE x", &[]),
        ("COPY (SELECT id, phone FROM customers WHERE id < 4 ORDER BY id) TO STDOUT", &[]),
        ("", &[]),
    ],
    queries: &[
        "SELECT id, phone, credit_limit FROM customers WHERE id < 4 ORDER BY id",
        "SELECT id FROM customers WHERE phone = '13800138000' ORDER BY id",
        "UPDATE customers SET phone = '13800138000' WHERE id = 2",
        "UPDATE customers SET phone = NULL WHERE id = 3",
        "UPDATE employees SET phone = '13911112222' WHERE id IN (1, 2)",
        "INSERT INTO u VALUES (1, 'again')",
        "INSERT INTO u VALUES (9, 'nine')",
        "DELETE FROM u WHERE id = 9",
        "INSERT INTO later VALUES (2), (2)",
        "SELECT 1 / 0",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT one",
        "ROLLBACK TO one",
        "DECLARE cur CURSOR WITH HOLD FOR SELECT phone FROM customers WHERE id < 6 ORDER BY id",
        "FETCH 2 FROM cur",
        "CLOSE cur",
        "PREPARE x AS SELECT phone FROM customers WHERE id = 3",
        "EXECUTE x",
        "DEALLOCATE ALL",
        "COPY (SELECT phone FROM customers WHERE id < 4 ORDER BY id) TO STDOUT (FORMAT csv)",
        "SELECT 1",
        "",
    ],
    copies: &[
        ("COPY u FROM STDIN", &["5\tfive\n", "1\tagain\n", "7\n"]),
        (
            "COPY employees (id, login, name, branch_id, phone) FROM STDIN",
            &[
                "90\tl90\tn\t1\t13700000090\n",
                "91\tl91\tn\t1\t\\N\n",
                "92\tl92\tn\t1\n",
                "93\tl93\tn\t1\t13700000093\n",
            ],
        ),
    ],
    refused: &[
        "SELECT id FROM customers WHERE phone LIKE '138%'",
        "SELECT phone FROM customers ORDER BY phone",
        "UPDATE customers SET phone = email",
        "DELETE FROM customers WHERE substr(phone, 1, 3) = '138'",
    ],
};

const SEALED_STATE: &str = "SELECT id, phone, birth_date FROM customers ORDER BY id";
const EMPLOYEES: &str = "SELECT id, phone FROM employees WHERE id < 4 OR id > 80 ORDER BY id";
const OPEN_STATE: &str =
    "SELECT 'c', a, b FROM c UNION ALL SELECT 'u', id, v FROM u UNION ALL SELECT 'l', id, NULL FROM later
     ORDER BY 1, 2, 3";

/// A server with a bank twice: sealed behind the proxy (`bank`) and beside it, for PostgreSQL alone.
struct Bench {
    twins: Twins,
    proxy: Proxy,
    /// What PostgreSQL alone is asked of.
    beside: &'static str,
    words: &'static Words,
    /// Fills the tables anew.
    fill: String,
    state: String,
    /// Relations that have one OID in both databases.
    shared: HashSet<u32>,
}

impl Bench {
    /// The same database twice, so that even OIDs agree.
    fn open() -> Self {
        let twins = Twins::none(Server::start());
        twins.create("bank", &[schema::PROTECTED, TABLES].concat());
        twins.connect("postgres", "postgres").must("CREATE DATABASE beside TEMPLATE bank OWNER bank_owner");
        twins.connect("postgres", "postgres").must("ALTER DATABASE beside SET timezone = 'UTC'");
        let oids = twins.connect("postgres", "bank").must("SELECT oid FROM pg_class").rows;
        let number = |row: Vec<Option<Vec<u8>>>| {
            String::from_utf8(row[0].clone().expect("an OID")).expect("digits").parse().expect("a number")
        };
        let shared = oids.into_iter().map(number).collect();
        let proxy = Proxy::start(twins.server.port());
        let (fill, state) = (FILL.to_owned(), OPEN_STATE.to_owned());
        Self { twins, proxy, beside: "beside", words: &OPEN, fill, state, shared }
    }

    /// The bank sealed, and in clear.
    fn sealed() -> Self {
        let twins = Twins::none(Server::start());
        twins.create("bank", &[schema::PROTECTED, TABLES].concat());
        twins.create("twin", &[schema::PLAIN, TABLES].concat());
        let proxy = Proxy::start(twins.server.port());
        for (port, database) in [(proxy.port(), "bank"), (twins.server.port(), "twin")] {
            let mut session = support::wire::Client::connect(port, "app", database).expect("a session");
            twins::load_customers(&mut session, CUSTOMERS);
        }
        let undo = "UPDATE customers SET phone = '13600000000'; UPDATE customers SET birth_date = '1999-12-31';
            DELETE FROM employees WHERE id > 80; UPDATE employees SET phone = NULL";
        let state = format!("{OPEN_STATE}; {SEALED_STATE}; {EMPLOYEES}");
        let fill = format!("{FILL}; {undo}");
        Self { twins, proxy, beside: "twin", words: &SEALED, fill, state, shared: HashSet::new() }
    }

    /// One each, with the tables filled anew.
    fn sessions(&self) -> (Raw, Raw) {
        let mut alone = Raw::log_in(self.twins.server.port(), "app", self.beside);
        let mut through = Raw::log_in(self.proxy.port(), "app", "bank");
        for raw in [&mut alone, &mut through] {
            raw.send(&frames::query(&self.fill));
            let filled = raw.read_to_ready(1);
            assert!(filled.iter().all(|frame| frame.kind != b'E'), "{filled:?}");
        }
        (alone, through)
    }

    /// Runs so many batches and holds each against PostgreSQL; how many had an error in them, and which differ.
    fn run(&self, seed: u64, batches: u64) -> (u64, Vec<String>) {
        let (mut failing, mut given_up, mut different) = (0, 0, Vec::new());
        for first in (0..batches).step_by(BATCHES_PER_SESSION as usize) {
            let (mut alone, mut through) = self.sessions();
            for index in first..batches.min(first + BATCHES_PER_SESSION) {
                let seed = seed.wrapping_add(index);
                let batch = Generator::batch(seed, self.words);
                // Such as data sent to nothing: PostgreSQL itself ends the session
                let expected = self.answers(&mut alone, &batch, To::Server, seed);
                let Some(expected) = expected.filter(|frames| !self.is_lost(frames)) else {
                    given_up += 1;
                    (alone, through) = self.sessions();
                    continue;
                };
                let got = self.answers(&mut through, &batch, To::Proxy, seed).expect("the proxy answers");
                failing += u64::from(expected.iter().any(|frame| frame.kind == b'E'));
                let Err(how) = self.compare(&expected, &got) else { continue };
                let said: Vec<_> = batch.iter().map(|say| format!("  {say:?}")).collect();
                different.push(format!("seed {seed}: {how}\nbatch:\n{}", said.join("\n")));
                // What the two hold is no longer the same
                (alone, through) = self.sessions();
            }
        }
        println!("{given_up} batches that PostgreSQL itself gave up on are not compared");
        assert!(given_up * 50 <= batches, "{given_up} of {batches}");
        (failing, different)
    }

    /// Sends a batch in parts of any size, then asks what it left behind.
    fn answers(&self, raw: &mut Raw, batch: &[Say], to: To, seed: u64) -> Option<Vec<Frame>> {
        let mut bytes: Vec<u8> = batch.iter().flat_map(|say| say.bytes(to)).collect();
        let end = format!("SELECT 'end of {seed}'");
        bytes.extend(frames::message(b'S', b""));
        for sql in ["ROLLBACK", TIDY, &self.state, &end] {
            bytes.extend(frames::query(sql));
        }
        let mut rng = Rng::new(!seed);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let len = if rng.once_in(3) { rng.below(1..200) } else { rng.below(200..4_000) };
            let (part, later) = rest.split_at(len.min(rest.len()));
            if !raw.send(part) {
                break;
            }
            rest = later;
        }
        let mut frames = Vec::new();
        let marker = format!("end of {seed}").into_bytes();
        let mut ends = false;
        while let Some(frame) = raw.read() {
            ends |= frame.kind == b'D' && frame.body.ends_with(&marker);
            let is_last = ends && frame.kind == b'Z';
            frames.push(frame);
            if is_last {
                return Some(frames);
            }
        }
        if to == To::Server {
            return None;
        }
        panic!(
            "{seed}: {to:?} ended the session in {batch:?} after {frames:?}: {}",
            [self.proxy.log(), self.twins.server.log()].concat()
        );
    }

    /// PostgreSQL 18 loses its way in a Query after a COMMIT in the same pipeline (XX000). What of that reaches it depends on
    /// what was said before it, and the proxy says of sealed values what the server says of plain ones.
    fn is_lost(&self, frames: &[Frame]) -> bool {
        self.beside != "beside"
            && frames.iter().any(|frame| frame.kind == b'E' && frame.field(b'C').as_deref() == Some("XX000"))
    }

    fn compare(&self, expected: &[Frame], got: &[Frame]) -> Result<(), String> {
        let differs = expected.iter().zip(got).position(|(expected, got)| !self.is_same(expected, got));
        match differs {
            None if expected.len() == got.len() => Ok(()),
            None => Err(format!("{} answers, not {}", got.len(), expected.len())),
            Some(index) => Err(format!(
                "answer {index} differs\nPostgreSQL: {}\nproxy:      {}",
                show(&expected[index]),
                show(&got[index])
            )),
        }
    }

    /// Byte for byte, but for what the databases themselves differ in.
    fn is_same(&self, expected: &Frame, got: &Frame) -> bool {
        if expected.kind != got.kind {
            return false;
        }
        match expected.kind {
            b'E' => self.is_same_error(expected, got),
            b'T' => self.described(expected) == self.described(got),
            // Process ids
            b'A' => expected.body[4..] == got.body[4..],
            _ => expected.body == got.body,
        }
    }

    fn is_same_error(&self, expected: &Frame, got: &Frame) -> bool {
        let told = expected.field(b'M').unwrap_or_default();
        if told.contains(REFUSED_TEXT) || told.contains("function with OID 0 ") {
            return ["0A000", "42501", "25P02"].contains(&got.field(b'C').unwrap_or_default().as_str());
        }
        // What the proxy says itself names no place in PostgreSQL's source; of sealed values it tells less
        let fields: &[u8] = match self.beside {
            "beside" if got.field(b'R').is_some() => b"SVCMDHPpqWstcdnFLR",
            "beside" => b"SVCM",
            _ => b"SVC",
        };
        // Known: a Parse that fails drops the unnamed statement; the session still knows it, and complains of its Bind
        if told.starts_with("unnamed prepared statement does not exist") {
            return true;
        }
        let is_same = |code: &u8| expected.field(*code) == got.field(*code);
        // A place in a text that the client did not write would mislead it
        fields.iter().all(|code| is_same(code) || (*code == b'P' && got.field(*code).is_none()))
    }

    /// RowDescription without the OIDs of relations that are not the same ones.
    fn described(&self, frame: &Frame) -> Vec<u8> {
        let mut body = frame.body.clone();
        let mut at = 2;
        while let Some(len) = body.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0)) {
            at += len + 1;
            let Some(&[a, b, c, d]) = body.get(at..at + 4) else { break };
            let oid = u32::from_be_bytes([a, b, c, d]);
            if oid != 0 && !self.shared.contains(&oid) {
                body[at..at + 4].copy_from_slice(&[0, 0, 0, 1]);
            }
            at += 18;
        }
        body
    }
}

fn show(frame: &Frame) -> String {
    format!("{} {}", char::from(frame.kind), frame.body.escape_ascii())
}

fn run(bench: &Bench, batches: u64) {
    let seed = rng::from_environment("PGVEIL_PIPELINE_SEED", 20_251_125);
    let batches = rng::from_environment("PGVEIL_PIPELINE_BATCHES", batches);
    let (failing, different) = bench.run(seed, batches);
    println!(
        "{batches} batches from seed {seed} on, {failing} with an error in them, {} answered otherwise",
        different.len()
    );
    assert!(different.is_empty(), "{}", different.join("\n\n"));
    assert!(batches < 100 || failing > batches / 2, "only {failing} of {batches} had an error in them");
}

#[test]
fn open_tables_are_answered_byte_for_byte() {
    run(&Bench::open(), 5_000);
}

#[test]
fn sealed_tables_are_answered_as_plain_ones() {
    run(&Bench::sealed(), 5_000);
}
