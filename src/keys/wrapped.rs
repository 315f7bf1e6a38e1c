//! One key as the keyring's file holds it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KekError, KekProvider, KeyringError};
use crate::plan::TermHash;

/// One key of the keyring's file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrappedKey {
    pub version: u16,
    /// RFC 3339, UTC, to the second. For people; nothing depends on it.
    pub created: String,
    /// Base64 of what the provider made of it.
    wrapped: String,
}

/// What a key is for. Wrapped for one purpose, it unwraps for no other.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Seal,
    Equality(TermHash),
    Pseudonym,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Equality(_) => "equality",
            Self::Pseudonym => "pseudonym",
        }
    }
}

/// Which key it is.
pub(super) struct Place<'a> {
    pub(super) database: &'a str,
    pub(super) domain: &'a str,
    pub(super) purpose: Purpose,
    pub(super) version: u16,
}

impl Place<'_> {
    /// What the wrapping authenticates: a key put elsewhere in the file does not unwrap. Lengths keep the names apart.
    fn context(&self) -> Vec<u8> {
        let hash = match self.purpose {
            Purpose::Equality(hash) => hash.name(),
            Purpose::Seal | Purpose::Pseudonym => "",
        };
        let mut context = b"pgveil key v1".to_vec();
        for part in [self.database, self.domain, self.purpose.name(), hash] {
            context.extend_from_slice(&(part.len() as u64).to_be_bytes());
            context.extend_from_slice(part.as_bytes());
        }
        context.extend_from_slice(&self.version.to_be_bytes());
        context
    }
}

impl WrappedKey {
    pub(super) fn fresh(place: &Place<'_>, kek: &dyn KekProvider) -> Result<Self, KeyringError> {
        let wrapped = STANDARD.encode(kek.wrap_key(&*random_key()?, &place.context())?);
        Ok(Self { version: place.version, created: now(), wrapped })
    }

    pub(super) fn unwrap(&self, place: &Place<'_>, kek: &dyn KekProvider) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
        let (database, domain) = (place.database.to_owned(), place.domain.to_owned());
        let Ok(wrapped) = STANDARD.decode(&self.wrapped) else {
            return Err(KeyringError::Damaged { database, domain, what: "a key is not in base64" });
        };
        let (kind, version) = (place.purpose.name(), place.version);
        kek.unwrap_key(&wrapped, &place.context()).map_err(|source| KeyringError::Key {
            database,
            domain,
            kind,
            version,
            source,
        })
    }
}

pub(super) fn random_key() -> Result<Zeroizing<[u8; 32]>, KekError> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut_slice()).map_err(|_| KekError::NoRandomness)?;
    Ok(key)
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
