//! Seeded fuzzers of everything that reads a peer's or a file's bytes: sound seeds, changed at random. Whatever comes
//! is read or refused; nothing panics.
//!
//! `PGVEIL_FUZZ_RUNS` sets the executions of each target, `PGVEIL_FUZZ_SEED` makes others. What fails is printed with its
//! bytes, to be kept in [`KEPT`].

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::BytesMut;
use pgveil::audit::verify::Verifier;
use pgveil::audit::{Algorithm, AuditKey};
use pgveil::copy::{Charset, Reader};
use pgveil::crypto::{Header, column_id};
use pgveil::plan::{CopyFormat, ForceQuote};
use pgveil::policy::PolicySet;
use pgveil::value::{Format, LogicalType, Purpose, Style};
use pgveil::wire::frame::{self, Sender};
use pgveil::wire::frontend::Frontend;
use pgveil::wire::{PgError, backend};
use pgveil::{auth, reveal};
use support::frames::{bind, execute, message, named, parse, query};
use support::rng::{Rng, from_environment};

type Target = (&'static str, fn(&[u8]), Vec<Vec<u8>>);

/// Inputs that once failed, by target. None has yet.
const KEPT: &[(&str, &[u8])] = &[];

/// Sealed values of every sealed value's shape; they need not open.
const SEALED: &str = "~pv1:AAAAAAAAAAAAAAAAAAAAAAEAAAABAAAAAwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// OIDs whose values are read from clients, in text and in binary.
const TYPES: [u32; 14] = [16, 17, 20, 21, 23, 25, 1042, 1043, 1082, 1114, 1184, 1700, 2950, 3802];

fn targets() -> Vec<Target> {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    let client = [
        query("SELECT 1"),
        parse("s", "SELECT $1", &[23, 0]),
        bind("p", "s", &[0, 1], &[None, Some(b"ab".to_vec())], &[1]),
        named(b'D', b'S', "s"),
        execute("p", 5),
        named(b'C', b'P', "p"),
        message(b'f', b"no\0"),
        message(b'd', b"1\n"),
    ];
    let server = [
        message(b'T', b"\0\x01a\0\0\0\0\x01\0\x01\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"),
        message(b't', b"\0\x02\0\0\0\x17\0\0\0\x19"),
        message(b'E', b"SERROR\0VERROR\0C22P02\0Mno\0\0"),
        message(b'S', b"TimeZone\0UTC\0"),
        message(b'C', b"SELECT 1\0"),
        message(b'Z', b"I"),
    ];
    let rows = vec![b"\0\x02\0\0\0\x02ab\xff\xff\xff\xff".to_vec(), [b"\0\x01\0\0\0\x57", SEALED.as_bytes()].concat()];
    let text = texts(&["1\tx\n2\t\\N\n", "1\ta\\tb\\\\\n\\.\n", "x\\", "\\x41\\101\t\r\n"]);
    let csv = texts(&["1,\"a\"\"b\"\n", "a,b\r\n\"x\ny\",\n", "\\.\n", "\"open"]);
    let binary = [&b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"[..], b"\0\x02\0\0\0\x01x\xff\xff\xff\xff\xff\xff"].concat();
    let values = texts(&[
        "1.50",
        "-12345678901234567890",
        "2024-01-31 12:34:56.789+08",
        "{\"a\":[1,null,\"\\u00e9\"]}",
        "\\x00ff",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "true",
        "0001-01-01 BC",
        "infinity",
        "\0\x02\0\0\0\0\0\x02\0\x01\x13\x08",
    ]);
    let policy = texts(&[include_str!("../policies/bank/roles.yaml")]);
    let records = texts(&[
        "{\"v\":1,\"seq\":1,\"writer\":\"a\",\"ts\":\"2026-01-01T00:00:00Z\",\"event\":\"start\",\"prev\":\"00\",\"hash\":\"00\"}\n",
        "{}\n",
    ]);
    vec![
        ("frame of a client", |bytes| frames(bytes, Sender::Client), client.to_vec()),
        ("frame of a server", |bytes| frames(bytes, Sender::Server), server.to_vec()),
        ("message of a client", frontend, client.to_vec()),
        ("message of a server", backend_message, server.to_vec()),
        ("DataRow", data_row, rows),
        ("COPY text", |bytes| copied(bytes, text_format()), text),
        ("COPY csv", |bytes| copied(bytes, csv_format()), csv),
        ("COPY binary", |bytes| copied(bytes, CopyFormat::Binary), vec![binary]),
        ("value", value, values),
        ("policy file", policy_file, policy),
        ("sealed value", sealed, texts(&[SEALED, "~pv0:AAAA"])),
        ("audit record", audit, records),
        ("verifier file", verifiers, texts(&["app:SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy\n"])),
    ]
}

fn frames(bytes: &[u8], sender: Sender) {
    let mut input = BytesMut::from(bytes);
    while let Ok(Some((_, frame))) = frame::take(&mut input, sender) {
        assert!(frame.len() >= frame::HEADER_LEN);
    }
}

/// Under every type, whatever the seed's was.
fn frontend(bytes: &[u8]) {
    let body = bytes.get(frame::HEADER_LEN..).unwrap_or_default();
    for kind in *b"QPBDECSHXdcfF" {
        match Frontend::parse(kind, body) {
            Ok(Frontend::Bind(bind)) => {
                assert_eq!(bind.params.iter().count(), bind.params.len());
                let _codes: Vec<_> = (0..40).map(|index| (bind.formats.get(index), bind.results.get(index))).collect();
            }
            Ok(Frontend::Parse(parse)) => assert!(parse.types().len() <= body.len()),
            Ok(_) | Err(_) => {}
        }
    }
}

fn backend_message(bytes: &[u8]) {
    let body = bytes.get(frame::HEADER_LEN..).unwrap_or_default();
    let mut output = BytesMut::new();
    if let Ok(columns) = backend::row_description(body) {
        backend::write_row_description(&mut output, &columns).expect("what was read can be written");
        assert_eq!(&output[frame::HEADER_LEN..], body, "and reads the same");
    }
    let _either = backend::parameter_description(body);
    let _either = backend::error_fields(body);
    let _either = backend::parameter_status(body);
    let _either = backend::command_complete(body);
    let _either = backend::ready_for_query(body);
}

fn data_row(bytes: &[u8]) {
    let mut count = 0;
    let read = backend::data_row(bytes, |_, _| {
        count += 1;
        Ok(())
    });
    assert!(read.map_or(true, |said| said == count));
    let mut output = BytesMut::new();
    if reveal::watched_row(&mut output, bytes).is_ok() {
        assert_eq!(&output[frame::HEADER_LEN..], bytes, "a watched row passes as it is");
    }
}

fn text_format() -> CopyFormat {
    CopyFormat::Text { delimiter: b'\t', null: b"\\N".to_vec(), header: false }
}

fn csv_format() -> CopyFormat {
    let force_quote = ForceQuote::None;
    CopyFormat::Csv { delimiter: b',', null: Vec::new(), header: true, quote: b'"', escape: b'"', force_quote }
}

/// In two parts, as a stream comes.
fn copied(bytes: &[u8], format: CopyFormat) {
    let read = |at: usize| -> Result<usize, PgError> {
        let mut reader = Reader::new(format.clone(), 2, Charset::AsciiSafe);
        let mut pieces = 0;
        for part in [&bytes[..at], &bytes[at..]] {
            reader.feed(part)?;
            while reader.next_piece()?.is_some() {
                pieces += 1;
            }
        }
        reader.finish();
        while reader.next_piece()?.is_some() {
            pieces += 1;
        }
        Ok(pieces)
    };
    let whole = read(0).map_err(|error| error.code);
    assert_eq!(read(bytes.len() / 2).map_err(|error| error.code).is_ok(), whole.is_ok(), "wherever it is cut");
}

fn value(bytes: &[u8]) {
    let style = Style::default();
    for ty in TYPES.iter().filter_map(|oid| LogicalType::from_oid(*oid, -1)) {
        for (source, format) in [(0, Format::Text), (25, Format::Text), (0, Format::Binary)] {
            let Ok(read) = ty.read(source, format, bytes, &style, Purpose::Assign) else { continue };
            let mut output = BytesMut::new();
            let _either = ty.write_text(read.expose(), &style, &mut output);
            let _either = ty.write_binary(read.expose(), &mut output);
            let _either = ty.comparison_form(read.expose(), true);
        }
    }
}

fn policy_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(errors) = PolicySet::from_texts([("roles.yaml", &*text)]) {
        assert!(!errors.to_string().is_empty());
    }
}

fn sealed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let header = Header::read(&text);
    assert!(header.is_err() || column_id(&text).is_ok(), "whose header reads has a column");
}

fn audit(bytes: &[u8]) {
    let key = AuditKey::new(Algorithm::HmacSha256, &[0xab; 32]).expect("a key");
    let mut verifier = Verifier::new(&key);
    let _either = verifier.heads("heads", bytes);
    let mut verifier = Verifier::new(&key);
    let accepted = verifier.log("log", bytes).is_ok() && verifier.finish().is_ok_and(|summary| summary.records > 0);
    assert!(!accepted, "a record that no key has signed");
}

fn verifiers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some((_, secret)) = text.trim_end().split_once(':') else { return };
    let _either = auth::scram::Verifier::parse(secret);
}

/// A few changes: bits, numbers, lengths, parts doubled, cut, moved in from another seed.
fn changed(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[rng.below(0..seeds.len())].clone();
    for _ in 0..rng.below(1..6) {
        let at = rng.below(0..bytes.len() + 1);
        match rng.below(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(0..8),
            1 if at < bytes.len() => bytes[at] = rng.pick(&[0, 1, 0x7f, 0x80, 0xff, b'\n', b'"', b'\\', b',']),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, rng.next() as u8),
            4 if at + 4 <= bytes.len() => {
                let number = rng.pick(&[0u32, 1, 4, 0x7fff_ffff, 0x8000_0000, u32::MAX, u32::MAX - 1]);
                bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
            }
            5 => {
                let other = &seeds[rng.below(0..seeds.len())];
                let from = rng.below(0..other.len() + 1);
                bytes.splice(at..at, other[from..].iter().copied());
            }
            6 if at < bytes.len() => drop(bytes.remove(at)),
            _ => {}
        }
    }
    bytes
}

/// The first input on which the target panics.
fn fuzz(target: fn(&[u8]), seeds: &[Vec<u8>], seed: u64, runs: u64) -> Option<Vec<u8>> {
    let fails = |bytes: &[u8]| catch_unwind(AssertUnwindSafe(|| target(bytes))).is_err();
    if let Some(sound) = seeds.iter().find(|bytes| fails(bytes)) {
        return Some(sound.clone());
    }
    let mut rng = Rng::new(seed);
    (0..runs).map(|_| changed(&mut rng, seeds)).find(|bytes| fails(bytes))
}

#[test]
fn whatever_comes_is_read_or_refused() {
    let seed = from_environment("PGVEIL_FUZZ_SEED", 20_251_125);
    let mut failed = Vec::new();
    for (name, target, mut seeds) in targets() {
        seeds.extend(KEPT.iter().filter(|(of, _)| *of == name).map(|(_, bytes)| bytes.to_vec()));
        // A whole policy takes a thousand times as long to read as a frame
        let runs = from_environment("PGVEIL_FUZZ_RUNS", if name == "policy file" { 1_000 } else { 50_000 });
        let began = std::time::Instant::now();
        if let Some(bytes) = fuzz(target, &seeds, seed, runs) {
            failed.push(format!("{name}: b\"{}\"", bytes.escape_ascii()));
        }
        println!("{name}: {runs} from seed {seed} in {:?}", began.elapsed());
    }
    assert!(failed.is_empty(), "\n{}\n", failed.join("\n"));
}

/// A reader with the kind of fault that is looked for: without it nobody knows that the harness finds any.
#[test]
fn a_faulty_reader_is_found() {
    let trusting = |bytes: &[u8]| {
        let len = usize::from(bytes.first().copied().unwrap_or_default());
        assert!(len <= bytes.len(), "reads past the end");
    };
    let found = fuzz(trusting, &[b"\x02ab".to_vec()], 1, 10_000).expect("the fault is found");
    assert!(usize::from(found[0]) > found.len());
}
