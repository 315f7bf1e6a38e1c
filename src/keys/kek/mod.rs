//! Key-encryption keys: what the keyring's keys are wrapped under, one provider a file.

mod env;
mod file;
mod local;

use std::io;
use std::path::PathBuf;

use zeroize::Zeroizing;

pub use env::EnvKek;
pub use file::FileKek;

/// Holds a key-encryption key and uses it: a file, a variable; later a KMS or a PKCS#11 token, which never give it away.
pub trait KekProvider {
    /// Where the key is, for messages: `file:/etc/pgveil/kek`.
    fn name(&self) -> String;

    /// Wraps a key. `context` says what it is for and comes back in [`Self::unwrap_key`].
    ///
    /// # Errors
    /// [`KekError`].
    fn wrap_key(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, KekError>;

    /// Takes the wrapping off.
    ///
    /// # Errors
    /// [`KekError::WrongKey`] where it was wrapped by another key, for something else, or was changed.
    fn unwrap_key(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, KekError>;
}

/// Why a key-encryption key cannot be used (exit 64). Never shows it.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: others may read it (mode {mode:o}); chmod 600 {path}", path = .path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("environment variable {0} is not set")]
    NoVariable(String),
    #[error("{0}: expected a key of 32 bytes, as 64 hexadecimal digits or in base64")]
    Malformed(String),
    #[error("the system has no randomness")]
    NoRandomness,
    #[error("{0} is not the key-encryption key that wrapped it, or the keyring was changed")]
    WrongKey(String),
}
