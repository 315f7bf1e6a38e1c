//! Checks a trail: is every record there, unchanged and in its place?
//!
//! Detected: a record changed, taken out, put in, moved, repeated or brought over from another chain; a missing
//! beginning; and, back to the last head kept elsewhere, a missing end. A last line without its newline is what a
//! crash leaves: it is reported as torn and counts as absent, which the heads judge.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _};

use serde::Deserialize;

use super::chain::{AuditKey, GENESIS, Hash, Head, WriterKey, split};
use super::heads;
use super::store::MAX_LINE_LEN;

/// The first record that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}{why}", .seq.map(|seq| format!("record {seq}: ")).unwrap_or_default())]
pub struct Finding {
    pub file: String,
    /// One-based.
    pub line: u64,
    pub seq: Option<u64>,
    pub why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("not an audit record")]
    NotARecord,
    #[error("changed, or written with another key")]
    Changed,
    #[error("out of place: record {0} should stand here")]
    OutOfPlace(u64),
    #[error("does not follow the record before it: from another run of this chain")]
    NotFollowing,
    #[error("the chain begins in the middle, and no head kept elsewhere vouches for it")]
    HeadCut,
    #[error("differs from the head kept elsewhere")]
    NotAsKept,
    #[error("the end is missing: a head kept elsewhere knows record {0}")]
    TailCut(u64),
    #[error("a torn line in the middle of the chain")]
    TornInside,
    #[error("not a head of this trail, or changed")]
    BadHead,
    #[error("no records of writer with a head kept elsewhere")]
    ChainMissing,
}

/// What a clean check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Per writer, where its chain ends.
    pub chains: BTreeMap<String, u64>,
    pub records: u64,
    /// Files whose last line is torn, as a crash leaves it.
    pub torn: Vec<String>,
    pub heads: u64,
}

/// Checks the files of one or several chains, in the order of each chain.
pub struct Verifier<'k> {
    key: &'k AuditKey,
    kept: BTreeMap<String, BTreeMap<u64, KeptAt>>,
    chains: BTreeMap<String, Chain>,
    summary: Summary,
}

struct KeptAt {
    hash: Hash,
    file: String,
    line: u64,
}

struct Chain {
    key: WriterKey,
    head: Head,
    at: (String, u64),
    torn: Option<(String, u64)>,
}

#[derive(Deserialize)]
struct Numbered<'a> {
    seq: u64,
    #[serde(borrow)]
    writer: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    prev: std::borrow::Cow<'a, str>,
}

/// A check that could not be carried out, or found something.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Found(#[from] Finding),
    #[error("{file}: {source}")]
    Io { file: String, source: io::Error },
}

impl<'k> Verifier<'k> {
    pub fn new(key: &'k AuditKey) -> Self {
        Self { key, kept: BTreeMap::new(), chains: BTreeMap::new(), summary: Summary::default() }
    }

    /// Reads a heads file. Call before any log: heads also vouch for a chain whose old files were purged.
    ///
    /// # Errors
    /// A line that is not a head of this trail; only the last line may be torn.
    pub fn heads(&mut self, file: &str, input: impl BufRead) -> Result<(), VerifyError> {
        each_line(file, input, |line, bytes, whole| {
            if !whole || heads::is_void(bytes) {
                return Ok(());
            }
            match heads::parse(bytes, |writer| self.key.for_writer(writer)) {
                Some(kept) => {
                    self.summary.heads += 1;
                    let at = KeptAt { hash: kept.head.hash, file: file.to_owned(), line };
                    self.kept.entry(kept.writer).or_default().insert(kept.head.seq, at);
                    Ok(())
                }
                None => Err(Finding { file: file.to_owned(), line, seq: None, why: Why::BadHead }),
            }
        })
    }

    /// Reads one log file.
    ///
    /// # Errors
    /// The first record that is not as it was written.
    pub fn log(&mut self, file: &str, input: impl BufRead) -> Result<(), VerifyError> {
        let mut last_writer: Option<String> = None;
        each_line(file, input, |line, bytes, whole| {
            if whole {
                last_writer = Some(self.record(file, line, bytes)?);
                return Ok(());
            }
            self.summary.torn.push(file.to_owned());
            if let Some(chain) = last_writer.as_ref().and_then(|writer| self.chains.get_mut(writer)) {
                chain.torn = Some((file.to_owned(), line));
            }
            Ok(())
        })
    }

    /// Ends the check: are all chains as long as the heads say?
    ///
    /// # Errors
    /// A missing end.
    pub fn finish(mut self) -> Result<Summary, Finding> {
        for (writer, kept) in &self.kept {
            let Some((seq, at)) = kept.last_key_value() else { continue };
            match self.chains.get(writer) {
                None => {
                    return Err(Finding {
                        file: at.file.clone(),
                        line: at.line,
                        seq: Some(*seq),
                        why: Why::ChainMissing,
                    });
                }
                Some(chain) if chain.head.seq < *seq => {
                    let (file, line) = chain.at.clone();
                    return Err(Finding { file, line, seq: Some(chain.head.seq), why: Why::TailCut(*seq) });
                }
                Some(_) => {}
            }
        }
        self.summary.chains = self.chains.into_iter().map(|(writer, chain)| (writer, chain.head.seq)).collect();
        Ok(self.summary)
    }

    fn record(&mut self, file: &str, line: u64, bytes: &[u8]) -> Result<String, Finding> {
        let found = |seq, why| Finding { file: file.to_owned(), line, seq, why };
        let (body, hash) = split(bytes).ok_or_else(|| found(None, Why::NotARecord))?;
        let numbered: Numbered<'_> = serde_json::from_slice(bytes).map_err(|_| found(None, Why::NotARecord))?;
        let (seq, writer) = (numbered.seq, numbered.writer.into_owned());
        let prev = Hash::parse(numbered.prev.as_bytes()).ok_or_else(|| found(Some(seq), Why::NotARecord))?;
        let kept = self.kept.get(&writer);
        let chain = self.chains.entry(writer.clone()).or_insert_with(|| Chain {
            key: self.key.for_writer(&writer),
            head: Head::GENESIS,
            at: (file.to_owned(), 0),
            torn: None,
        });
        if chain.key.record(body) != hash {
            return Err(found(Some(seq), Why::Changed));
        }
        if let Some((file, line)) = chain.torn.take() {
            return Err(Finding { file, line, seq: None, why: Why::TornInside });
        }
        if chain.at.1 == 0 && seq > 1 {
            let before = seq - 1;
            let vouched = kept.and_then(|kept| kept.get(&before)).is_some_and(|kept| kept.hash == prev);
            if !vouched {
                return Err(found(Some(seq), Why::HeadCut));
            }
            chain.head = Head { seq: before, hash: prev };
        }
        if seq != chain.head.seq + 1 {
            return Err(found(Some(seq), Why::OutOfPlace(chain.head.seq + 1)));
        }
        if prev != chain.head.hash || (seq == 1 && prev != GENESIS) {
            return Err(found(Some(seq), Why::NotFollowing));
        }
        if kept.and_then(|kept| kept.get(&seq)).is_some_and(|kept| kept.hash != hash) {
            return Err(found(Some(seq), Why::NotAsKept));
        }
        chain.head = Head { seq, hash };
        chain.at = (file.to_owned(), line);
        self.summary.records += 1;
        Ok(writer)
    }
}

/// The writer and first number of a file, to put files in order. `None` where the first line tells neither; the
/// check then finds why.
pub fn first_of(mut input: impl BufRead) -> io::Result<Option<(String, u64)>> {
    let mut line = Vec::new();
    input.by_ref().take(MAX_LINE_LEN).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice::<Numbered<'_>>(&line).ok().map(|first| (first.writer.into_owned(), first.seq)))
}

/// Calls `visit` with number, bytes and whether the line is whole. A line longer than any record is not whole.
fn each_line(
    file: &str,
    mut input: impl BufRead,
    mut visit: impl FnMut(u64, &[u8], bool) -> Result<(), Finding>,
) -> Result<(), VerifyError> {
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let read = input.by_ref().take(MAX_LINE_LEN).read_until(b'\n', &mut bytes);
        match read.map_err(|source| VerifyError::Io { file: file.to_owned(), source })? {
            0 => break,
            _ => {
                let whole = bytes.last() == Some(&b'\n');
                visit(line, bytes.strip_suffix(b"\n").unwrap_or(&bytes), whole)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
