//! Honest trails verify; every other one does not.

use std::sync::Arc;
use std::time::Duration;

use super::super::chain::{Algorithm, append};
use super::super::{AuditLog, Durability, Event, Opening, Settings, Statement};
use super::*;

fn key() -> AuditKey {
    AuditKey::new(Algorithm::HmacSha256, &[9; 32]).unwrap()
}

fn settings(directory: &std::path::Path, heads: bool) -> Settings {
    Settings {
        directory: directory.join("log"),
        writer: "a".into(),
        durability: Durability::Handed,
        max_file_len_bytes: 4000,
        heads: heads.then(|| directory.join("heads")),
        heads_interval: Duration::ZERO,
    }
}

fn opening(session: u64) -> Event {
    Event::Open(Opening {
        session,
        statement_id: session,
        user: "u".into(),
        role: "r".into(),
        statement: Arc::new(Statement::new("SELECT phone FROM customer WHERE id = 4711471147")),
        touched: Arc::new([]),
        policy: "hash".into(),
    })
}

fn files(directory: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut out: Vec<_> = std::fs::read_dir(directory.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    out.sort();
    out
}

fn verify(files: &[(String, Vec<u8>)], heads: Option<&[u8]>) -> Result<Summary, Finding> {
    let key = key();
    let mut verifier = Verifier::new(&key);
    let finding = |error| match error {
        VerifyError::Found(finding) => finding,
        VerifyError::Io { .. } => unreachable!("memory does not fail"),
    };
    if let Some(heads) = heads {
        verifier.heads("heads", heads).map_err(finding)?;
    }
    for (name, bytes) in files {
        verifier.log(name, bytes.as_slice()).map_err(finding)?;
    }
    verifier.finish()
}

/// A small chain made without threads: one line per element.
fn lines(writer: &str, count: u64, seed: u64) -> Vec<Vec<u8>> {
    let key = key().for_writer(writer);
    let mut head = Head::GENESIS;
    let at = jiff::Timestamp::from_second(1_700_000_000).unwrap();
    (0..count)
        .map(|i| {
            let mut out = Vec::new();
            append(&mut out, &mut head, &key, writer, at, &opening(seed + i)).unwrap();
            out
        })
        .collect()
}

fn head_lines(directory: &std::path::Path, writer: &str, lines: &[Vec<u8>]) -> Vec<u8> {
    let path = directory.join("kept");
    let mut file = heads::HeadsFile::open(&path, writer, key().for_writer(writer)).unwrap();
    let last = lines.last().unwrap();
    let (_, hash) = split(last.strip_suffix(b"\n").unwrap()).unwrap();
    file.keep(Head { seq: lines.len() as u64, hash }).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn an_honest_trail_over_runs_crashes_and_rotation_verifies() {
    let directory = tempfile::tempdir().unwrap();
    for run in 0..5 {
        let log = AuditLog::open(settings(directory.path(), true), &key()).unwrap();
        for session in 0..20 {
            let receipt = log.record(opening(session));
            log.hurry();
            receipt.written_blocking().unwrap();
        }
        log.stop("test");
        // What kill -9 leaves: the beginning of a line.
        let (last, _) = files(directory.path()).pop().unwrap();
        if run % 2 == 0 {
            let mut bytes = std::fs::read(&last).unwrap();
            bytes.extend_from_slice(br#"{"v":1,"seq":"#);
            std::fs::write(&last, bytes).unwrap();
        }
    }
    let files = files(directory.path());
    assert!(files.len() > 3, "rotation did not happen");
    let heads = std::fs::read(directory.path().join("heads")).unwrap();
    let summary = verify(&files, Some(&heads)).unwrap();
    assert_eq!(summary.records, 5 * 22 + 2, "start, 20, stop in each run and two recoveries");
    assert_eq!(summary.torn.len(), 1, "the last run's torn line");
    let text = files.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect::<String>();
    assert_eq!(text.matches(r#""event":"recovered","torn_bytes":13"#).count(), 2);
    assert!(!text.contains("4711471147"), "a literal stayed");

    let summary = verify(&files[1..], Some(&heads));
    assert_eq!(summary.unwrap_err().why, Why::HeadCut, "no head was kept just there");
}

#[test]
fn a_sink_that_fails_refuses_and_recovers_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let (here, away) = (directory.path().join("log"), directory.path().join("away"));
    let log = AuditLog::open(Settings { max_file_len_bytes: 1, ..settings(directory.path(), false) }, &key()).unwrap();
    log.record(opening(1)).written_blocking().unwrap();
    // Every record begins a file of its own, which is not possible now.
    std::fs::rename(&here, &away).unwrap();
    assert!(log.record(opening(2)).written_blocking().is_err());
    log.note(Event::PolicyReload { accepted: true, policy: "kept".into() });
    assert!(!log.status().writable);
    std::fs::rename(&away, &here).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !log.status().writable && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    log.record(opening(3)).written_blocking().unwrap();
    log.stop("test");
    let files = files(directory.path());
    verify(&files, None).unwrap();
    let text = files.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect::<String>();
    assert!(text.contains(r#""event":"interrupted""#) && text.contains(r#""policy":"kept""#), "{text}");
    assert!(!text.contains(r#""session":2"#), "the record of a statement that was refused");
}

#[test]
fn one_chain_has_one_writer_and_one_key() {
    use super::super::OpenError;
    let directory = tempfile::tempdir().unwrap();
    let log = AuditLog::open(settings(directory.path(), false), &key()).unwrap();
    let second = AuditLog::open(settings(directory.path(), false), &key());
    assert!(matches!(second.err(), Some(OpenError::Busy(writer)) if writer == "a"));
    log.stop("test");
    let wrong = AuditKey::new(Algorithm::HmacSm3, &[9; 32]).unwrap();
    assert!(matches!(AuditLog::open(settings(directory.path(), false), &wrong).err(), Some(OpenError::BadTail { .. })));
    let bad = Settings { writer: "../a".into(), ..settings(directory.path(), false) };
    assert!(matches!(AuditLog::open(bad, &key()).err(), Some(OpenError::BadWriter(_))));
}

#[test]
fn purged_files_verify_where_a_head_vouches() {
    let directory = tempfile::tempdir().unwrap();
    let all = lines("a", 6, 1);
    let mut kept = head_lines(directory.path(), "a", &all[..3]);
    let rest = vec![("b".to_owned(), all[3..].concat())];
    assert_eq!(verify(&rest, None).unwrap_err().why, Why::HeadCut);
    assert_eq!(verify(&rest, Some(&kept)).unwrap().records, 3);
    kept[10] ^= 1;
    assert_eq!(verify(&rest, Some(&kept)).unwrap_err().why, Why::BadHead);
}

#[test]
fn findings_name_the_first_bad_record() {
    let good = lines("a", 5, 1);
    let check = |name: &str, lines: Vec<&[u8]>, line, why| {
        let finding = verify(&[("f".into(), lines.concat())], None).unwrap_err();
        assert_eq!((finding.line, finding.why), (line, why), "{name}");
    };
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|i| good[i].as_slice());
    let flipped = String::from_utf8(b.to_vec()).unwrap().replace("\"user\":\"u\"", "\"user\":\"v\"").into_bytes();
    check("change", vec![a, &flipped, c], 2, Why::Changed);
    check("delete", vec![a, c, d], 2, Why::OutOfPlace(2));
    check("swap", vec![a, c, b, d], 2, Why::OutOfPlace(2));
    check("replay", vec![a, b, b, c], 3, Why::OutOfPlace(3));
    check("insert", vec![a, b"{}\n", b], 2, Why::NotARecord);
    check("cut head", vec![b, c, d, e], 1, Why::HeadCut);
    let other = lines("a", 5, 100);
    check("splice", vec![a, b, &other[2]], 3, Why::NotFollowing);
    let stranger =
        String::from_utf8(lines("b", 2, 1)[1].clone()).unwrap().replace("\"writer\":\"b\"", "\"writer\":\"a\"");
    check("another writer's", vec![a, stranger.as_bytes()], 2, Why::Changed);
    let torn = [("f".into(), [a, b"{".as_slice()].concat()), ("g".into(), b.to_vec())];
    let finding = verify(&torn, None).unwrap_err();
    assert_eq!((finding.file.as_str(), finding.line, finding.why), ("f", 2, Why::TornInside));
}

#[test]
fn a_cut_tail_shows_against_the_heads() {
    let directory = tempfile::tempdir().unwrap();
    let all = lines("a", 5, 1);
    let heads = head_lines(directory.path(), "a", &all);
    verify(&[("f".into(), all.concat())], Some(&heads)).unwrap();
    let finding = verify(&[("f".into(), all[..4].concat())], Some(&heads)).unwrap_err();
    assert_eq!((finding.line, finding.seq, finding.why), (4, Some(4), Why::TailCut(5)));
    assert_eq!(verify(&[], Some(&heads)).unwrap_err().why, Why::ChainMissing);
    let rewritten = lines("a", 5, 50);
    let finding = verify(&[("f".into(), rewritten.concat())], Some(&heads)).unwrap_err();
    assert_eq!((finding.line, finding.why), (5, Why::NotAsKept));
}

/// A small generator, so that a failure names the mutation that was missed (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

#[test]
fn every_mutation_is_found() {
    const MUTATIONS: u64 = 100_000;
    let directory = tempfile::tempdir().unwrap();
    let (good, other) = (lines("a", 6, 1), lines("a", 6, 1000));
    let heads = head_lines(directory.path(), "a", &good);
    let honest = good.concat();
    verify(&[("f".into(), honest.clone())], Some(&heads)).unwrap();
    for seed in 1..=MUTATIONS {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let kind = random.below(9);
        let mutated = mutate(kind, &mut random, &good, &other);
        if mutated == honest {
            continue;
        }
        assert!(verify(&[("f".into(), mutated)], Some(&heads)).is_err(), "missed: seed {seed}, kind {kind}");
    }
}

fn mutate(kind: usize, random: &mut Random, good: &[Vec<u8>], other: &[Vec<u8>]) -> Vec<u8> {
    let mut lines = good.to_vec();
    let at = random.below(lines.len());
    match kind {
        0 => {
            let mut bytes = lines.concat();
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            return bytes;
        }
        1 => drop(lines.remove(at)),
        2 => lines.swap(at, random.below(good.len())),
        3 => lines.insert(at, other[random.below(other.len())].clone()),
        4 => lines[at] = other[at].clone(),
        5 => drop(lines.drain(..=at)),
        6 => lines.truncate(at),
        7 => lines.insert(random.below(good.len() + 1), good[at].clone()),
        _ => {
            let mut bytes = lines.concat();
            let (from, len) = (random.below(bytes.len()), 1 + random.below(40));
            let to = (from + len).min(bytes.len());
            bytes.drain(from..to);
            return bytes;
        }
    }
    lines.concat()
}
