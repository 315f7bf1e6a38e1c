//! The files of one writer: `audit-<writer>-<first seq>.jsonl` in one directory, the next begun when one is full.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::chain::{Head, WriterKey, split};

/// A record is one line; the longest the proxy writes is far below this.
pub(super) const MAX_LINE_LEN: u64 = 1 << 20;

/// Why the trail cannot be continued. The proxy does not start (exit 64 for the configuration, 1 otherwise).
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("audit directory {path}: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("another process writes audit records as {0:?}")]
    Busy(String),
    #[error(
        "{path}: the last record does not verify: wrong audit key, or the file was changed \
         (`pgveil audit verify` tells; to begin a new chain, move the files away and name a new writer)",
        path = .path.display()
    )]
    BadTail { path: PathBuf },
    #[error("audit writer name {0:?}: only letters, digits, '.', '_' and '-', at most 64")]
    BadWriter(String),
}

/// The file that grows, and what is known of it.
pub(super) struct Store {
    directory: PathBuf,
    writer: String,
    max_file_len: u64,
    current: Arc<File>,
    /// Bytes that are whole records. What lies behind is the rest of a write that failed.
    len: u64,
    _lock: File,
}

/// A store and where its chain stands; `torn_bytes` were taken off the end.
pub(super) struct Opened {
    pub(super) store: Store,
    pub(super) head: Head,
    pub(super) torn_bytes: u64,
}

#[derive(Deserialize)]
struct Numbered {
    seq: u64,
    writer: String,
}

impl Store {
    pub(super) fn open(
        directory: &Path,
        writer: &str,
        max_file_len: u64,
        key: &WriterKey,
    ) -> Result<Opened, OpenError> {
        if !valid_writer(writer) {
            return Err(OpenError::BadWriter(writer.to_owned()));
        }
        let io = |source| OpenError::Io { path: directory.to_owned(), source };
        std::fs::create_dir_all(directory).map_err(io)?;
        let lock = lock(directory, writer)?;
        let mut torn_bytes = 0;
        let mut names = files_of(directory, writer).map_err(io)?;
        while let Some((first_seq, path)) = names.pop() {
            let file = open_file(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
            let tail = last_record(&file).map_err(|source| OpenError::Io { path: path.clone(), source })?;
            torn_bytes += tail.torn_bytes;
            file.set_len(tail.whole_len).map_err(|source| OpenError::Io { path: path.clone(), source })?;
            let head = match tail.line {
                Some(line) => head_of(&line, writer, key).ok_or(OpenError::BadTail { path })?,
                None if first_seq == 1 => Head::GENESIS,
                // The crash came between making the file and writing its first record.
                None => {
                    std::fs::remove_file(&path).map_err(|source| OpenError::Io { path, source })?;
                    continue;
                }
            };
            let store = Self {
                directory: directory.to_owned(),
                writer: writer.to_owned(),
                max_file_len,
                current: Arc::new(file),
                len: tail.whole_len,
                _lock: lock,
            };
            return Ok(Opened { store, head, torn_bytes });
        }
        let current = Arc::new(create(directory, writer, 1).map_err(io)?);
        let store = Self {
            directory: directory.to_owned(),
            writer: writer.to_owned(),
            max_file_len,
            current,
            len: 0,
            _lock: lock,
        };
        Ok(Opened { store, head: Head::GENESIS, torn_bytes })
    }

    /// Writes whole records at the end. On failure nothing of them counts, and the next call overwrites them.
    pub(super) fn append(&mut self, records: &[u8], first_seq: u64) -> io::Result<()> {
        if self.len > 0 && self.len + records.len() as u64 > self.max_file_len {
            self.rotate(first_seq)?;
        }
        if let Err(error) = self.current.write_all_at(records, self.len) {
            // Best effort: a rest that stays is overwritten by the next write or taken off at the next start.
            let _ = self.current.set_len(self.len);
            return Err(error);
        }
        self.len += records.len() as u64;
        Ok(())
    }

    /// The file that holds the last record, to be synced by another thread.
    pub(super) fn current(&self) -> Arc<File> {
        Arc::clone(&self.current)
    }

    fn rotate(&mut self, first_seq: u64) -> io::Result<()> {
        self.current.sync_data()?;
        self.current = Arc::new(create(&self.directory, &self.writer, first_seq)?);
        self.len = 0;
        File::open(&self.directory)?.sync_all()
    }
}

fn valid_writer(writer: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !writer.is_empty() && writer.len() <= 64 && writer.bytes().all(plain)
}

fn lock(directory: &Path, writer: &str) -> Result<File, OpenError> {
    let path = directory.join(format!(".audit-{writer}.lock"));
    let file = open_file(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::Busy(writer.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn create(directory: &Path, writer: &str, first_seq: u64) -> io::Result<File> {
    open_file(&directory.join(format!("audit-{writer}-{first_seq:020}.jsonl")))
}

/// The writer's files in the order of their records.
fn files_of(directory: &Path, writer: &str) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_prefix(&format!("audit-{writer}-")))
            .and_then(|name| name.strip_suffix(".jsonl"))
            .filter(|digits| digits.len() == 20)
            .and_then(|digits| digits.parse().ok());
        found.extend(number.map(|number| (number, path)));
    }
    found.sort();
    Ok(found)
}

struct Tail {
    line: Option<Vec<u8>>,
    whole_len: u64,
    torn_bytes: u64,
}

fn last_record(mut file: &File) -> io::Result<Tail> {
    let len = file.metadata()?.len();
    let from = len.saturating_sub(2 * MAX_LINE_LEN);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(2 * MAX_LINE_LEN).read_to_end(&mut bytes)?;
    let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
    let torn_bytes = (bytes.len() - whole) as u64;
    bytes.truncate(whole);
    let line = bytes.strip_suffix(b"\n").map(|lines| {
        let start = memchr::memrchr(b'\n', lines).map_or(0, |at| at + 1);
        lines[start..].to_vec()
    });
    Ok(Tail { line, whole_len: len - torn_bytes, torn_bytes })
}

fn head_of(line: &[u8], writer: &str, key: &WriterKey) -> Option<Head> {
    let (body, hash) = split(line)?;
    let numbered: Numbered = serde_json::from_slice(line).ok()?;
    (key.record(body) == hash && numbered.writer == writer).then_some(Head { seq: numbered.seq, hash })
}
