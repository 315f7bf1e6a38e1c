//! The `[audit]` table of the configuration file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::chain::Algorithm;
use super::key::{KeyError, KeyReference, create};
use super::store::OpenError;
use super::writer::{AuditLog, Durability, Settings};

/// Where and how the trail is written. Only `directory` has to be given.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Config {
    pub directory: PathBuf,
    /// `file:/path` or `env:NAME`. Without it a key is made at the first start and kept as `audit.key` in the
    /// directory: enough to notice a mistake, not an attacker who can read the directory.
    pub key: Option<String>,
    #[serde(default)]
    pub algorithm: Algorithm,
    /// This proxy's name in the fleet; the host's name unless given.
    pub writer: Option<String>,
    #[serde(default)]
    pub durability: Durability,
    #[serde(default = "default_file_mib")]
    pub max_file_mib: u64,
    /// A second file, better on another file system, that gets the head of the chain at intervals.
    pub heads: Option<PathBuf>,
    #[serde(default = "default_heads_seconds")]
    pub heads_interval_seconds: u64,
}

const fn default_file_mib() -> u64 {
    256
}

const fn default_heads_seconds() -> u64 {
    10
}

/// Why the trail cannot be opened; the proxy does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Config {
    /// Everything by default, in `directory`.
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            key: None,
            algorithm: Algorithm::default(),
            writer: None,
            durability: Durability::default(),
            max_file_mib: default_file_mib(),
            heads: None,
            heads_interval_seconds: default_heads_seconds(),
        }
    }

    /// Loads the key, opens or continues the chain and writes the start record.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn open(&self) -> Result<AuditLog, ConfigError> {
        let key = match &self.key {
            Some(reference) => reference.parse::<KeyReference>()?,
            None => self.own_key()?,
        };
        Ok(AuditLog::open(self.settings(), &key.load(self.algorithm)?)?)
    }

    fn own_key(&self) -> Result<KeyReference, ConfigError> {
        let path = self.directory.join("audit.key");
        if !path.exists() {
            let failed = |source| OpenError::Io { path: self.directory.clone(), source };
            std::fs::create_dir_all(&self.directory).map_err(failed)?;
            create(&path)?;
        }
        Ok(KeyReference::File(path))
    }

    fn settings(&self) -> Settings {
        Settings {
            directory: self.directory.clone(),
            writer: self.writer.clone().unwrap_or_else(host_name),
            durability: self.durability,
            max_file_len_bytes: self.max_file_mib.saturating_mul(1 << 20),
            heads: self.heads.clone(),
            heads_interval: Duration::from_secs(self.heads_interval_seconds),
        }
    }
}

/// The host's name, as far as a writer's name may hold it.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain: String =
        name.trim().chars().filter(|&c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).take(64).collect();
    if plain.is_empty() { "pgveil".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_enough() {
        let directory = tempfile::tempdir().unwrap();
        let trail = directory.path().join("audit");
        let config: Config = toml::from_str(&format!("directory = {:?}", trail.display().to_string())).unwrap();
        for _ in 0..2 {
            config.open().unwrap().stop("test");
        }
        let key = std::fs::read_to_string(trail.join("audit.key")).unwrap();
        assert_eq!(key.trim().len(), 64);
        // A key that is lost is not replaced in silence: the chain no longer verifies.
        std::fs::remove_file(trail.join("audit.key")).unwrap();
        assert!(matches!(config.open().err(), Some(ConfigError::Open(OpenError::BadTail { .. }))));
        assert!(toml::from_str::<Config>("directory = 'a'\nkeys = 'b'").is_err());
    }
}
