//! The keys: per database and domain, wrapped in the keyring's file under a key-encryption key that a provider holds.
//!
//! A domain has
//! - **seal keys**, versioned: the newest seals, all open. They rotate freely, as every value names its version.
//! - one **equality key**. Rotation leaves it alone: a new one would make UNIQUE, JOIN, GROUP BY and look-ups miss what the
//!   old one sealed, so it changes only when every value is sealed again.
//! - one **pseudonym key**, for masks that keep joins.
//!
//! Domains belong to a database: two databases that name a domain alike share no key.

mod domain;
mod error;
mod file;
pub mod kek;
mod keyring;
mod wrapped;

#[cfg(test)]
mod tests;

pub use error::KeyringError;
pub use file::{DomainEntry, KeyringFile};
pub use kek::{EnvKek, FileKek, KekError, KekProvider};
pub use keyring::{Keyring, Keyrings};
pub use wrapped::WrappedKey;
