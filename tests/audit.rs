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
