//! The process's configuration: one TOML file, overridden by the environment, overridden by flags.
//!
//! Every key of the file is also a variable, `PGVEIL_<TABLE>_<KEY>` (`PGVEIL_LISTEN_ADDRESS`, `PGVEIL_POLICIES`), except those
//! of `[databases.NAME]`. libpq's own variables (`PGHOST`, `PGPORT`, `PGSSLMODE`, `PGSSLNEGOTIATION`, `PGSSLROOTCERT`, `PGSSLCERT`,
//! `PGSSLKEY`, `PGTARGETSESSIONATTRS`) fill what neither says about `[upstream]`.
//!
//! Architecture invariant: no secret stands in it. Secrets are named, as `file:/path` or `env:NAME`, and no error,
//! summary or Debug output shows what a name stands for.

mod environment;
mod flags;
mod located;
mod raw;
mod secret;
mod summary;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::catalog::place::Target;
use crate::keys::{EnvKek, FileKek, KekError, KekProvider, KeyringError, Keyrings};
use crate::{audit, log};

pub use flags::Flags;
pub use located::{ConfigError, ConfigErrors};
pub use secret::{SecretError, SecretReference};

/// Everything the process is told at its start. Nothing is optional that has a default.
#[derive(Debug)]
pub struct Config {
    /// The policy directory.
    pub policies: PathBuf,
    pub listen: Listen,
    pub upstream: Upstream,
    /// Where databases are that are not at [`Upstream::target`].
    pub databases: BTreeMap<String, Target>,
    pub catalog: Catalog,
    pub keys: Keys,
    pub audit: audit::Config,
    /// Where metrics and health are served, in clear: `None` is nowhere.
    pub admin: Option<SocketAddr>,
    /// A file of SCRAM verifiers, `"user" "SCRAM-SHA-256$…"` a line, for clients when both legs are TLS.
    pub verifiers: Option<PathBuf>,
    pub log: Log,
    pub process: Process,
}

impl Config {
    /// Where a database is.
    pub fn target(&self, database: &str) -> &Target {
        self.databases.get(database).unwrap_or(&self.upstream.target)
    }
}

/// The leg to the clients.
#[derive(Debug)]
pub struct Listen {
    pub address: SocketAddr,
    /// The path of a Unix socket to listen on too.
    pub unix_socket: Option<PathBuf>,
    /// `None`: no TLS is offered.
    pub tls: Option<ListenTls>,
    pub max_sessions: usize,
    pub login_timeout: Duration,
}

#[derive(Debug)]
pub struct ListenTls {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Client certificates have to be signed by one of these, PEM. `None`: none is asked for.
    pub client_ca: Option<PathBuf>,
    /// Clients over TCP that ask for no TLS are refused.
    pub required: bool,
}

/// The leg to the servers.
#[derive(Debug)]
pub struct Upstream {
    pub target: Target,
    pub tls: UpstreamTls,
    pub negotiation: SslNegotiation,
    pub connect_timeout: Duration,
}

/// What the leg to the server asks of TLS. Never tried and then done without: that could be forced from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamTls {
    Disable,
    /// Encrypted to whoever answers.
    Require {
        identity: Option<Identity>,
    },
    /// The certificate has to be signed by the CA in `root` (PEM).
    VerifyCa {
        root: PathBuf,
        identity: Option<Identity>,
    },
    /// And has to be the host's own.
    VerifyFull {
        root: PathBuf,
        identity: Option<Identity>,
    },
}

/// The certificate that the proxy itself shows to the server, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// libpq's words, without `allow` and `prefer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SslMode {
    Disable,
    Require,
    VerifyCa,
    VerifyFull,
}

/// libpq's `sslnegotiation`: how TLS begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SslNegotiation {
    /// After a request in clear.
    #[default]
    Postgres,
    /// With the first byte, from PostgreSQL 17 on.
    Direct,
}

/// The login that reads the catalog.
#[derive(Debug)]
pub struct Catalog {
    pub user: String,
    pub password: Option<SecretReference>,
}

/// Where the keys are.
#[derive(Debug)]
pub struct Keys {
    pub keyring: PathBuf,
    /// The key-encryption key.
    pub kek: SecretReference,
}

impl Keys {
    /// Reads the key-encryption key.
    ///
    /// # Errors
    /// [`KekError`] (exit 64).
    pub fn kek(&self) -> Result<Box<dyn KekProvider>, KekError> {
        Ok(match &self.kek {
            SecretReference::File(path) => Box::new(FileKek::load(path)?),
            SecretReference::Env(name) => Box::new(EnvKek::load(name)?),
        })
    }

    /// Reads the keyring and unwraps every key.
    ///
    /// # Errors
    /// [`KeyringError`] (exit 64).
    pub fn open(&self) -> Result<Keyrings, KeyringError> {
        Keyrings::load(&self.keyring, &*self.kek()?)
    }
}

#[derive(Debug)]
pub struct Log {
    /// As [`log::set_up`] takes it.
    pub level: String,
    pub format: log::Format,
}

/// The process as a whole: `[server]`.
#[derive(Debug)]
pub struct Process {
    pub threads: usize,
    /// How long open sessions get to end by themselves.
    pub shutdown_timeout: Duration,
    /// A longer statement is refused (54000).
    pub max_statement_bytes: usize,
}

/// Reads file, environment and flags.
///
/// # Errors
/// Everything that is wrong, each with its place (exit 64).
pub fn load(flags: &Flags) -> Result<Config, ConfigErrors> {
    // A variable that is no UTF-8 is none of ours
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    load_with(flags, &environment.collect())
}

fn load_with(flags: &Flags, environment: &BTreeMap<String, String>) -> Result<Config, ConfigErrors> {
    let (mut raw, mut places) = environment::read(&flags.config, environment)?;
    flags.apply(&mut raw, &mut places)?;
    validate::validate(raw, &places)
}
