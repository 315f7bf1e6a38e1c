//! Where the audit key comes from: a file or an environment variable, never the configuration itself.

use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::chain::{Algorithm, AuditKey, KeyTooShort};

/// A reference to the key: `file:/path` or `env:NAME`. Either holds at least 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyReference {
    File(PathBuf),
    Env(String),
}

/// Why there is no key. The proxy does not start (exit 64). Never shows key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("audit key reference: expected file:/path or env:NAME")]
    BadReference,
    #[error("audit key file {path}: {source}", path = .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("audit key file {path}: others may read it (mode {mode:o}); chmod 600", path = .path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("audit key: environment variable {0} is not set")]
    NoVariable(String),
    #[error("the audit key is not written in hexadecimal digits")]
    NotHex,
    #[error(transparent)]
    TooShort(#[from] KeyTooShort),
}

impl std::str::FromStr for KeyReference {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(_) | None => Err(KeyError::BadReference),
        }
    }
}

impl KeyReference {
    /// Reads the key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn load(&self, algorithm: Algorithm) -> Result<AuditKey, KeyError> {
        let text = match self {
            Self::File(path) => read_private(path)?,
            Self::Env(name) => {
                Zeroizing::new(std::env::var(name).map_err(|_| KeyError::NoVariable(name.clone()))?.into_bytes())
            }
        };
        let bytes = unhex(text.trim_ascii()).ok_or(KeyError::NotHex)?;
        Ok(AuditKey::new(algorithm, &bytes)?)
    }
}

/// Makes a new random key in a new file that only its owner may read.
///
/// # Errors
/// The file exists already or cannot be written, or the system has no randomness.
pub fn create(path: &Path) -> Result<(), KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let mut key = Zeroizing::new([0_u8; 32]);
    getrandom::fill(key.as_mut_slice()).map_err(|error| failed(io::Error::other(error)))?;
    let text = Zeroizing::new(super::chain::hex(key.as_slice()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    Ok(Zeroizing::new(std::fs::read(path).map_err(failed)?))
}

fn unhex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    // Collected into its final size: a vector that grows leaves copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.chunks_exact(2) {
        let value = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        out.push(u8::try_from(value(0)? << 4 | value(1)?).ok()?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        assert_eq!("file:/a:b".parse::<KeyReference>().unwrap(), KeyReference::File("/a:b".into()));
        assert_eq!("env:KEY".parse::<KeyReference>().unwrap(), KeyReference::Env("KEY".into()));
        for bad in ["", "file:", "env:", "0123456789abcdef", "hex:00"] {
            assert!(bad.parse::<KeyReference>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_private_files_of_enough_digits_are_keys() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let load = |text: &str, mode| {
            std::fs::write(file.path(), text).unwrap();
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            KeyReference::File(file.path().to_owned())
                .load(Algorithm::HmacSha256)
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        let good = "0aF1".repeat(16);
        assert_eq!(load(&format!("{good}\n"), 0o600), Ok(()));
        assert!(load(&good, 0o640).unwrap_err().contains("mode 640"));
        assert!(load(&good[1..], 0o600).unwrap_err().contains("hexadecimal"));
        assert!(load("zz", 0o600).unwrap_err().contains("hexadecimal"));
        assert!(load("00ff", 0o600).unwrap_err().contains("fewer than 32"));
    }
}
