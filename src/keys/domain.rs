//! One domain's keys, ready for use.

use zeroize::Zeroizing;

use crate::crypto::{self, Header, SealKey, TermKey, TermPrefix};
use crate::plan::{MAGIC_EQUALITY, SealedColumn, TermHash};
use crate::value::Plaintext;
use crate::wire::{PgError, SqlState};

/// No Debug, no Clone; wiped on drop.
pub(super) struct DomainKeys {
    /// By version, ascending.
    pub(super) seal: Vec<(u16, SealKey)>,
    pub(super) equality: TermKey,
    pub(super) pseudonym: Zeroizing<[u8; 32]>,
}

impl DomainKeys {
    pub(super) const fn hash(&self) -> TermHash {
        self.equality.hash()
    }

    /// `comparison`: the form that the term is computed over, for searchable columns.
    pub(super) fn seal(
        &self,
        column: &SealedColumn,
        value: &Plaintext,
        comparison: Option<&Plaintext>,
    ) -> Result<String, PgError> {
        let term = comparison.map(|form| self.term(form));
        let (version, key) = self.seal.last().ok_or_else(|| no_key(column))?;
        let header = Header { algorithm: column.algorithm, key_version: *version, column: column.id };
        crypto::seal(key, &header, term.as_ref(), value)
    }

    pub(super) fn term(&self, comparison: &Plaintext) -> TermPrefix {
        self.equality.prefix(comparison)
    }

    pub(super) fn open(&self, column: &SealedColumn, sealed: &str) -> Result<Plaintext, PgError> {
        // The value itself is sound, but every look-up misses it
        if column.equality && !sealed.starts_with(MAGIC_EQUALITY) {
            return Err(refused(column, "a value without an equality term in a column that is searched by equality"));
        }
        crypto::open(sealed, |header| {
            if header.column != column.id {
                return Err(refused(column, "a value that was sealed for another column"));
            }
            let found = self.seal.iter().find(|(version, _)| *version == header.key_version);
            found.map(|(_, key)| key).ok_or_else(|| no_key(column))
        })
    }
}

fn refused(column: &SealedColumn, what: &str) -> PgError {
    PgError::new(SqlState::DATA_EXCEPTION, format!("column \"{}\" holds {what}", column.name))
}

pub(super) fn no_key(column: &SealedColumn) -> PgError {
    PgError::new(SqlState::SYSTEM_ERROR, format!("the key of column \"{}\" is not here", column.name))
        .with_hint("The proxy's keyring lacks a domain or a key version; `pgveil keys list` shows what it has.")
}
