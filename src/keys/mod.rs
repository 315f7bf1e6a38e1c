//! The keyring: data keys per domain, wrapped under a key-encryption key that a provider holds.

use crate::crypto::Sealer;
use crate::plan::SealedColumn;
use crate::value::Plaintext;
use crate::wire::{PgError, SqlState};

/// Every key of the proxy, unwrapped. No Debug, no Clone; wiped on drop.
pub struct Keyring {}

impl Keyring {
    /// # Errors
    /// 22000 where the value does not authenticate or belongs to another column, 58000 where its key is not here.
    pub fn open(&self, _column: &SealedColumn, _sealed: &str) -> Result<Plaintext, PgError> {
        Err(PgError::new(SqlState::SYSTEM_ERROR, "no keys"))
    }

    /// The key that pseudonym masks of a domain's columns take.
    ///
    /// # Errors
    /// 58000 where the domain has no keys.
    pub fn pseudonym_key(&self, _domain: &str) -> Result<&[u8; 32], PgError> {
        Err(PgError::new(SqlState::SYSTEM_ERROR, "no keys"))
    }
}

impl Sealer for Keyring {
    fn seal(&self, _column: &SealedColumn, _value: &Plaintext) -> Result<String, PgError> {
        Err(PgError::new(SqlState::SYSTEM_ERROR, "no keys"))
    }

    fn term(&self, _column: &SealedColumn, _value: &Plaintext) -> Result<String, PgError> {
        Err(PgError::new(SqlState::SYSTEM_ERROR, "no keys"))
    }
}
