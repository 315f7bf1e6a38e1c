//! Heads kept elsewhere: where the chain stood, in a second file that only grows.
//!
//! Put it on another machine's file system or ship it off: it is what tells a log whose tail was cut from a shorter one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use serde::Deserialize;

use super::chain::{Hash, Head, WriterKey, hex};

/// The heads file, opened for appending only.
pub(super) struct HeadsFile {
    file: File,
    writer: String,
    key: WriterKey,
    /// The last line was cut short, by a crash or a full disk.
    torn: bool,
}

/// How a line that was cut short ends: the file only grows, so it is marked and not taken off. Whoever can mark a
/// line can as well delete it; what protects heads is where they are kept.
const TORN: &[u8] = b"#torn";

/// One line of the heads file, its MAC checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHead {
    pub writer: String,
    pub head: Head,
}

#[derive(Deserialize)]
struct RawHead {
    seq: u64,
    writer: String,
    hash: String,
}

impl HeadsFile {
    pub(super) fn open(path: &Path, writer: &str, key: WriterKey) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).read(true).open(path)?;
        let torn = !ends_with_newline(&file)?;
        Ok(Self { file, writer: writer.to_owned(), key, torn })
    }

    /// The caller has synced the records up to `head`: a head must never be ahead of its log.
    pub(super) fn keep(&mut self, head: Head) -> io::Result<()> {
        let at = jiff::Timestamp::now();
        let writer = serde_json::to_string(&self.writer)?;
        let body = format!(r#"{{"v":1,"seq":{},"writer":{writer},"ts":"{at:.6}","hash":"{}""#, head.seq, head.hash);
        let mac = hex(&self.key.head(body.as_bytes()).0);
        if self.torn {
            self.file.write_all(TORN)?;
            self.file.write_all(b"\n")?;
        }
        self.torn = true;
        self.file.write_all(format!("{body},\"mac\":\"{mac}\"}}\n").as_bytes())?;
        self.torn = false;
        self.file.sync_data()
    }
}

fn ends_with_newline(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::FileExt as _;
    let len = file.metadata()?.len();
    let mut last = [b'\n'];
    if len > 0 {
        file.read_exact_at(&mut last, len - 1)?;
    }
    Ok(last == [b'\n'])
}

/// Whether a line holds nothing: empty, or cut short when it was written.
pub(super) fn is_void(line: &[u8]) -> bool {
    line.is_empty() || line.ends_with(TORN)
}

/// Reads a line of a heads file. `None` where it is not one or its MAC does not hold.
pub(super) fn parse(line: &[u8], key_of: impl Fn(&str) -> WriterKey) -> Option<KeptHead> {
    let rest = line.strip_suffix(b"\"}")?;
    let (body, digits) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
    let body = body.strip_suffix(b",\"mac\":\"")?;
    let mac = Hash::parse(digits)?;
    let raw: RawHead = serde_json::from_slice(line).ok()?;
    let head = Head { seq: raw.seq, hash: Hash::parse(raw.hash.as_bytes())? };
    (key_of(&raw.writer).head(body) == mac).then_some(KeptHead { writer: raw.writer, head })
}
