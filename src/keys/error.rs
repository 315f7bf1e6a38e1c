//! Why there are no keys.

use std::io;
use std::path::PathBuf;

use super::KekError;
use crate::plan::TermHash;

/// Why a keyring cannot be read, written or used (exit 64). Never shows key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: not a keyring (line {line}, column {column})", path = .path.display())]
    Malformed { path: PathBuf, line: usize, column: usize },
    #[error("{path}: format {format} is not known to this version", path = .path.display())]
    UnknownFormat { path: PathBuf, format: u32 },
    #[error(transparent)]
    Kek(#[from] KekError),
    #[error("database {database}, domain {domain}: {kind} key {version}: {source}")]
    Key { database: String, domain: String, kind: &'static str, version: u16, source: KekError },
    #[error("database {database}, domain {domain}: the keyring's entry is damaged: {what}")]
    Damaged { database: String, domain: String, what: &'static str },
    #[error("database {database}, domain {domain}: the keyring has no keys for it; `pgveil keys add` makes them")]
    Missing { database: String, domain: String },
    #[error("database {database}, domain {domain}: it has keys already")]
    Exists { database: String, domain: String },
    #[error(
        "database {database}, domain {domain}: its terms are made with {keyring}, and the policy now says {policy}: \
         nothing sealed before would be found"
    )]
    OtherHash { database: String, domain: String, keyring: TermHash, policy: TermHash },
    #[error("database {database}, domain {domain}: 65535 seal keys are as many as there can be")]
    Full { database: String, domain: String },
}
