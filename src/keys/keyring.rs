//! What seals and opens: every key of the deployment, and a database's own.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::domain::{DomainKeys, no_key};
use super::{KekProvider, KeyringError, KeyringFile};
use crate::crypto::Sealer;
use crate::plan::{SealedColumn, TermHash};
use crate::value::Plaintext;
use crate::wire::{PgError, SqlState};

/// Every key of the deployment, unwrapped. No Debug, no Clone; wiped on drop.
pub struct Keyrings {
    databases: BTreeMap<String, Arc<Keyring>>,
    oldest_in_use: Option<SystemTime>,
}

impl Keyrings {
    /// Reads the keyring's file and unwraps every key in it.
    ///
    /// # Errors
    /// [`KeyringError`]: one key that does not unwrap is enough.
    pub fn load(path: &Path, kek: &dyn KekProvider) -> Result<Self, KeyringError> {
        KeyringFile::load(path)?.open(kek)
    }

    pub(super) fn new(
        databases: BTreeMap<String, HashMap<String, DomainKeys>>,
        oldest_in_use: Option<SystemTime>,
    ) -> Self {
        let keyring = |(database, domains)| (database, Arc::new(Keyring::of(domains)));
        Self { databases: databases.into_iter().map(keyring).collect(), oldest_in_use }
    }

    /// When the oldest of the keys that seal new values was made: what rotation is due by.
    pub fn oldest_in_use(&self) -> Option<SystemTime> {
        self.oldest_in_use
    }

    /// The keys of one database; of one that the file does not name, a keyring that refuses everything.
    pub fn database(&self, name: &str) -> Arc<Keyring> {
        let empty = || Arc::new(Keyring::of(HashMap::new()));
        self.databases.get(name).map_or_else(empty, Arc::clone)
    }

    /// Whether everything a policy needs is here: `domains` are its domains and the hashes it makes terms with.
    ///
    /// # Errors
    /// [`KeyringError::Missing`] or [`KeyringError::OtherHash`] for the first domain that it is not.
    pub fn check(&self, database: &str, domains: &BTreeMap<String, TermHash>) -> Result<(), KeyringError> {
        let keyring = self.database(database);
        for (domain, policy) in domains {
            let (database, domain_name) = (database.to_owned(), domain.clone());
            match keyring.domains.get(domain).map(DomainKeys::hash) {
                Some(hash) if hash == *policy => {}
                Some(keyring) => {
                    return Err(KeyringError::OtherHash { database, domain: domain_name, keyring, policy: *policy });
                }
                None => return Err(KeyringError::Missing { database, domain: domain_name }),
            }
        }
        Ok(())
    }
}

/// The keys of one database, by domain. No Debug, no Clone; wiped on drop.
pub struct Keyring {
    domains: HashMap<String, DomainKeys>,
    /// Of the keys that make terms.
    fingerprint: u64,
}

impl Keyring {
    fn of(domains: HashMap<String, DomainKeys>) -> Self {
        let of_one = |(name, keys): (&String, &DomainKeys)| {
            let mut hasher = DefaultHasher::new();
            (name, keys.term(&Plaintext::new("keyring".to_owned())).as_str()).hash(&mut hasher);
            hasher.finish()
        };
        // In no order
        let fingerprint = domains.iter().map(of_one).fold(0, |all, one| all ^ one);
        Self { domains, fingerprint }
    }

    /// Tells what was decided with these keys from what was decided with others: terms are part of statements. It is the
    /// same where the same keys are read again.
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Fresh keys for these domains that are written nowhere: what they seal is lost with them. For previews and tests.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn ephemeral(domains: &BTreeMap<String, TermHash>) -> Result<Self, KeyringError> {
        let fresh = |(name, hash): (&String, &TermHash)| Ok((name.clone(), DomainKeys::fresh(*hash)?));
        Ok(Self::of(domains.iter().map(fresh).collect::<Result<_, KeyringError>>()?))
    }

    /// Authenticates and decrypts a value of the column.
    ///
    /// # Errors
    /// 22000 where the value does not authenticate, belongs to another column or lacks the term that the column is
    /// searched by; 58000 where its key is not here.
    pub fn open(&self, column: &SealedColumn, sealed: &str) -> Result<Plaintext, PgError> {
        self.domain(column)?.open(column, sealed)
    }

    /// The key that pseudonym masks of a domain's columns take.
    ///
    /// # Errors
    /// 58000 where the domain has no keys.
    pub fn pseudonym_key(&self, domain: &str) -> Result<&[u8; 32], PgError> {
        let missing = || PgError::new(SqlState::SYSTEM_ERROR, format!("domain \"{domain}\" has no keys"));
        self.domains.get(domain).map(|keys| &*keys.pseudonym).ok_or_else(missing)
    }

    fn domain(&self, column: &SealedColumn) -> Result<&DomainKeys, PgError> {
        self.domains.get(&*column.domain).ok_or_else(|| no_key(column))
    }
}

impl Sealer for Keyring {
    fn seal(&self, column: &SealedColumn, value: &Plaintext) -> Result<String, PgError> {
        let keys = self.domain(column)?;
        let form = column.equality.then(|| column.ty.comparison_form(value.expose(), column.fold_case)).transpose()?;
        keys.seal(column, value, form.as_ref())
    }

    fn term(&self, column: &SealedColumn, value: &Plaintext) -> Result<String, PgError> {
        let keys = self.domain(column)?;
        if !column.equality {
            let message = format!("column \"{}\" is not searched by equality", column.name);
            return Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message));
        }
        let form = column.ty.comparison_form(value.expose(), column.fold_case)?;
        Ok(keys.term(&form).into_string())
    }
}
