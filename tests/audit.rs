//! Two verifiers that share no code agree about the same trails.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pgveil::audit::verify::Verifier;
use pgveil::audit::{Algorithm, AuditKey, AuditLog, Durability, Event, Settings};

const KEY: [u8; 32] = [0xab; 32];

fn trail(directory: &Path, algorithm: Algorithm) -> (AuditKey, std::path::PathBuf, std::path::PathBuf) {
    let key = AuditKey::new(algorithm, &KEY).unwrap();
    let settings = Settings {
        directory: directory.to_owned(),
        writer: "node-1".into(),
        durability: Durability::Synced,
        max_file_len_bytes: 1 << 20,
        heads: Some(directory.join("heads")),
        heads_interval: Duration::from_millis(1),
    };
    let log = AuditLog::open(settings, &key).unwrap();
    for _ in 0..10 {
        log.note(Event::PolicyReload { accepted: true, policy: "哈希\"\\".into() });
    }
    log.stop("test");
    (key, directory.join("audit-node-1-00000000000000000001.jsonl"), directory.join("heads"))
}

fn rust_accepts(key: &AuditKey, log: &Path, heads: &Path) -> bool {
    let mut verifier = Verifier::new(key);
    let read = |path: &Path| std::io::Cursor::new(std::fs::read(path).unwrap());
    verifier.heads("heads", read(heads)).is_ok() && verifier.log("log", read(log)).is_ok() && verifier.finish().is_ok()
}

fn python_accepts(keyfile: &Path, algorithm: Algorithm, log: &Path, heads: &Path) -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit_verify.py");
    let run = Command::new("python3")
        .arg(script)
        .args([keyfile, Path::new(algorithm.name()), Path::new("--heads"), heads, log])
        .output()
        .expect("python3 runs");
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(!complaint.contains("Traceback"), "{complaint}");
    run.status.success()
}

#[test]
fn both_verifiers_agree() {
    for algorithm in [Algorithm::HmacSha256, Algorithm::HmacSm3] {
        let directory = tempfile::tempdir().unwrap();
        let keyfile = directory.path().join("key");
        std::fs::write(&keyfile, "ab".repeat(32)).unwrap();
        let (key, log, heads) = trail(directory.path(), algorithm);
        let good = std::fs::read(&log).unwrap();
        let lines: Vec<&[u8]> = good.split_inclusive(|&b| b == b'\n').collect();
        let mut flipped = good.clone();
        flipped[300] ^= 1;
        let cases = [
            ("honest", good.clone(), true),
            ("flip", flipped, false),
            ("delete", [&lines[..3], &lines[4..]].concat().concat(), false),
            ("swap", [&lines[..1], &[lines[2], lines[1]], &lines[3..]].concat().concat(), false),
            ("replay", [&lines[..4], &lines[3..]].concat().concat(), false),
            ("cut head", lines[1..].concat(), false),
            ("cut tail", lines[..lines.len() - 1].concat(), false),
            ("garbage", [b"x\n".as_slice(), &good].concat(), false),
        ];
        for (name, bytes, expect) in cases {
            std::fs::write(&log, bytes).unwrap();
            assert_eq!(rust_accepts(&key, &log, &heads), expect, "{name}, {}", algorithm.name());
            assert_eq!(
                python_accepts(&keyfile, algorithm, &log, &heads),
                expect,
                "python: {name}, {}",
                algorithm.name()
            );
        }
    }
}

const CHILD_DIRECTORY: &str = "PGVEIL_TEST_AUDIT_DIRECTORY";

fn small_files(directory: &Path) -> Settings {
    Settings {
        directory: directory.to_owned(),
        writer: "node-1".into(),
        durability: Durability::Handed,
        max_file_len_bytes: 20_000,
        heads: Some(directory.join("heads")),
        heads_interval: Duration::ZERO,
    }
}

/// Not a test of its own: the process that [`a_killed_writer_leaves_an_honest_trail`] kills.
#[test]
fn writer_until_killed() {
    let Ok(directory) = std::env::var(CHILD_DIRECTORY) else { return };
    let log = AuditLog::open(small_files(Path::new(&directory)), &AuditKey::new(Algorithm::HmacSha256, &KEY).unwrap());
    let log = log.expect("the chain goes on");
    loop {
        log.record(Event::PolicyReload { accepted: true, policy: "p".into() }).written_blocking().unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_an_honest_trail() {
    let directory = tempfile::tempdir().unwrap();
    for kill in 0..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer_until_killed"])
            .env(CHILD_DIRECTORY, directory.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(120 + 17 * kill));
        child.kill().unwrap();
        // What a crash of the machine can leave in the file of heads.
        let heads = std::fs::OpenOptions::new().append(true).open(directory.path().join("heads"));
        std::io::Write::write_all(&mut heads.unwrap(), b"{\"v\":1").unwrap();
        assert!(!child.wait().unwrap().success(), "it should have been killed");
    }
    let key = AuditKey::new(Algorithm::HmacSha256, &KEY).unwrap();
    let mut verifier = Verifier::new(&key);
    let read = |path: &Path| std::io::Cursor::new(std::fs::read(path).unwrap());
    verifier.heads("heads", read(&directory.path().join("heads"))).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    for file in &files {
        verifier.log(&file.display().to_string(), read(file)).unwrap();
    }
    let summary = verifier.finish().unwrap();
    assert!(files.len() > 1 && summary.heads > 0 && summary.records > 100, "{} files, {summary:?}", files.len());
}
