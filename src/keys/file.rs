//! The keyring's file: JSON, every key in it wrapped.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::domain::DomainKeys;
use super::wrapped::{Place, Purpose, WrappedKey, random_key};
use super::{KekProvider, KeyringError, Keyrings};
use crate::crypto::{SealKey, TermKey};
use crate::plan::TermHash;

const FORMAT: u32 = 1;

/// All keys of a deployment, wrapped: database → domain → keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyringFile {
    format: u32,
    databases: BTreeMap<String, BTreeMap<String, DomainEntry>>,
}

/// One domain's keys, wrapped.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainEntry {
    /// What equality terms are made with. Part of what the equality key's wrapping authenticates.
    pub hash: TermHash,
    /// By version, ascending; the last one seals.
    pub seal: Vec<WrappedKey>,
    pub equality: WrappedKey,
    pub pseudonym: WrappedKey,
}

impl KeyringFile {
    pub const fn empty() -> Self {
        Self { format: FORMAT, databases: BTreeMap::new() }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn load(path: &Path) -> Result<Self, KeyringError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let text = fs::read_to_string(path).map_err(|source| KeyringError::File { path: path.to_owned(), source })?;
        let malformed = |error: serde_json::Error| KeyringError::Malformed {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        };
        let Format { format } = serde_json::from_str(&text).map_err(malformed)?;
        if format != FORMAT {
            return Err(KeyringError::UnknownFormat { path: path.to_owned(), format });
        }
        serde_json::from_str(&text).map_err(malformed)
    }

    /// Writes a keyring where there is none: as a whole, or not at all.
    ///
    /// # Errors
    /// [`KeyringError::File`]: also where a file is there already.
    pub fn create(&self, path: &Path) -> Result<(), KeyringError> {
        // A link, unlike a renaming, never replaces
        self.put(path, |temporary| fs::hard_link(temporary, path).and_then(|()| fs::remove_file(temporary)))
    }

    /// Replaces the file as a whole: a reader sees the old one or the new one.
    ///
    /// # Errors
    /// [`KeyringError::File`].
    pub fn replace(&self, path: &Path) -> Result<(), KeyringError> {
        self.put(path, |temporary| fs::rename(temporary, path))
    }

    fn put(&self, path: &Path, place: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), KeyringError> {
        let temporary = temporary(path);
        let placed = self.write(&temporary).and_then(|()| place(&temporary)).and_then(|()| sync_parent(path));
        placed.map_err(|source| {
            // Best effort: the first error is the one to tell
            let _ = fs::remove_file(&temporary);
            KeyringError::File { path: path.to_owned(), source }
        })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(&text)?;
        file.sync_all()
    }

    /// Keeps other commands from changing the keyring while the returned file is open.
    ///
    /// # Errors
    /// [`KeyringError::File`].
    pub fn lock(path: &Path) -> Result<File, KeyringError> {
        let failed = |source| KeyringError::File { path: path.to_owned(), source };
        let directory = File::open(parent(path)).map_err(failed)?;
        directory.lock().map_err(failed)?;
        Ok(directory)
    }

    /// Every domain with its database, in order.
    pub fn domains(&self) -> impl Iterator<Item = (&str, &str, &DomainEntry)> {
        self.databases.iter().flat_map(|(database, domains)| domains_of(database, domains))
    }

    pub fn get(&self, database: &str, domain: &str) -> Option<&DomainEntry> {
        self.databases.get(database)?.get(domain)
    }

    /// Makes the keys of a domain that has none.
    ///
    /// # Errors
    /// [`KeyringError::Exists`] where it has some; what the provider says.
    pub fn add_domain(
        &mut self,
        database: &str,
        domain: &str,
        hash: TermHash,
        kek: &dyn KekProvider,
    ) -> Result<(), KeyringError> {
        if self.get(database, domain).is_some() {
            return Err(KeyringError::Exists { database: database.to_owned(), domain: domain.to_owned() });
        }
        let make = |purpose| WrappedKey::fresh(&Place { database, domain, purpose, version: 1 }, kek);
        let entry = DomainEntry {
            hash,
            seal: vec![make(Purpose::Seal)?],
            equality: make(Purpose::Equality(hash))?,
            pseudonym: make(Purpose::Pseudonym)?,
        };
        self.databases.entry(database.to_owned()).or_default().insert(domain.to_owned(), entry);
        Ok(())
    }

    /// Makes a new seal key; its version. The domain's other keys stay.
    ///
    /// # Errors
    /// [`KeyringError::Missing`], [`KeyringError::Full`]; what the provider says.
    pub fn add_seal_key(&mut self, database: &str, domain: &str, kek: &dyn KekProvider) -> Result<u16, KeyringError> {
        let names = || (database.to_owned(), domain.to_owned());
        let entry = self.databases.get_mut(database).and_then(|domains| domains.get_mut(domain)).ok_or_else(|| {
            let (database, domain) = names();
            KeyringError::Missing { database, domain }
        })?;
        let newest = entry.seal.last().map_or(0, |key| key.version);
        let version = newest.checked_add(1).ok_or_else(|| {
            let (database, domain) = names();
            KeyringError::Full { database, domain }
        })?;
        entry.seal.push(WrappedKey::fresh(&Place { database, domain, purpose: Purpose::Seal, version }, kek)?);
        Ok(version)
    }

    /// Unwraps every key.
    ///
    /// # Errors
    /// [`KeyringError`] for the first key that does not unwrap.
    pub fn open(&self, kek: &dyn KekProvider) -> Result<Keyrings, KeyringError> {
        let mut databases: BTreeMap<String, HashMap<String, DomainKeys>> = BTreeMap::new();
        for (database, domain, entry) in self.domains() {
            let keys = entry.open(database, domain, kek)?;
            databases.entry(database.to_owned()).or_default().insert(domain.to_owned(), keys);
        }
        Ok(Keyrings::new(databases, self.oldest_in_use()))
    }

    /// When the oldest of the keys that seal new values was made.
    fn oldest_in_use(&self) -> Option<SystemTime> {
        let newest = |entry: &DomainEntry| entry.seal.last()?.created.parse::<jiff::Timestamp>().ok();
        let oldest = self.domains().filter_map(|(_, _, entry)| newest(entry)).min()?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(oldest.as_second()).ok()?))
    }
}

fn domains_of<'a>(
    database: &'a str,
    domains: &'a BTreeMap<String, DomainEntry>,
) -> impl Iterator<Item = (&'a str, &'a str, &'a DomainEntry)> {
    domains.iter().map(move |(domain, entry)| (database, domain.as_str(), entry))
}

impl DomainEntry {
    fn open(&self, database: &str, domain: &str, kek: &dyn KekProvider) -> Result<DomainKeys, KeyringError> {
        if !self.seal.is_sorted_by(|a, b| a.version < b.version) || self.seal.first().is_none_or(|key| key.version == 0)
        {
            let what = "its seal keys are not numbered upwards from 1";
            return Err(KeyringError::Damaged { database: database.to_owned(), domain: domain.to_owned(), what });
        }
        let unwrap =
            |key: &WrappedKey, purpose| key.unwrap(&Place { database, domain, purpose, version: key.version }, kek);
        let seal = |key: &WrappedKey| Ok((key.version, SealKey::new(&*unwrap(key, Purpose::Seal)?)));
        Ok(DomainKeys {
            seal: self.seal.iter().map(seal).collect::<Result<_, KeyringError>>()?,
            equality: TermKey::new(self.hash, &*unwrap(&self.equality, Purpose::Equality(self.hash))?),
            pseudonym: unwrap(&self.pseudonym, Purpose::Pseudonym)?,
        })
    }
}

impl DomainKeys {
    /// Random keys in no file.
    pub(super) fn fresh(hash: TermHash) -> Result<Self, KeyringError> {
        Ok(Self {
            seal: vec![(1, SealKey::new(&*random_key()?))],
            equality: TermKey::new(hash, &*random_key()?),
            pseudonym: random_key()?,
        })
    }
}

/// In the same directory, so that it can take the file's place in one step.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

/// Only then does the new name outlast a power failure.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    File::open(parent(path))?.sync_all()
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
