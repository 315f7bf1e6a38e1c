//! Secrets by reference: where one is, never what it is.

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// `file:/path` or `env:NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretReference {
    File(PathBuf),
    Env(String),
}

/// Why a secret cannot be read (exit 64). Never shows it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: others may read it (mode {mode:o}); chmod 600 {path}", path = .path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("environment variable {0} is not set")]
    NoVariable(String),
}

impl SecretReference {
    /// `None` for what is no reference: presumably the secret itself.
    pub(super) fn parse(written: &str) -> Option<Self> {
        match written.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Some(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Some(Self::Env(name.to_owned())),
            Some(_) | None => None,
        }
    }

    /// Reads the secret, without the line break at its end.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn read(&self) -> Result<Zeroizing<String>, SecretError> {
        match self {
            Self::File(path) => read_private(path),
            Self::Env(name) => {
                std::env::var(name).map(Zeroizing::new).map_err(|_| SecretError::NoVariable(name.clone()))
            }
        }
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Env(name) => write!(f, "env:{name}"),
        }
    }
}

fn read_private(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let failed = |source| SecretError::File { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Exposed { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_references_are_taken() {
        assert_eq!(SecretReference::parse("file:/a:b"), Some(SecretReference::File("/a:b".into())));
        assert_eq!(SecretReference::parse("env:NAME"), Some(SecretReference::Env("NAME".into())));
        for secret in ["", "file:", "env:", "hunter2", "http://x"] {
            assert_eq!(SecretReference::parse(secret), None, "{secret}");
        }
    }

    #[test]
    fn only_private_files_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), " a b \n").unwrap();
        let reference = SecretReference::File(file.path().to_owned());
        assert_eq!(reference.read().unwrap().as_str(), " a b ");
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = reference.read().unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
