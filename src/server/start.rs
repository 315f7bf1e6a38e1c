//! From a configuration to a process that serves: everything is read and checked before anybody can connect.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use super::database::Databases;
use super::decide::{self, Bindings, LookUps, Verdicts};
use super::observe::{self, Statements};
use super::session::Server;
use crate::auth::Gate;
use crate::catalog::connect::Login;
use crate::catalog::follow::{FollowOptions, Follower};
use crate::catalog::place::Target;
use crate::config::{self, Config, SecretReference};
use crate::keys::Keyrings;
use crate::metrics::Metrics;
use crate::policy::PolicyStore;
use crate::{audit, upstream};

/// Why the process does not start, or ends.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Something that the operator wrote: exit 64.
    #[error("{0}")]
    Configuration(String),
    /// Something that the machine refused: exit 1.
    #[error("{0}")]
    Runtime(String),
}

impl ServeError {
    pub(super) fn configuration(error: impl Display) -> Self {
        Self::Configuration(error.to_string())
    }

    pub(super) fn runtime<E: Display>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Runtime(format!("{what}: {error}"))
    }
}

/// Reads policies, keys, certificates and opens the trail. Nothing is listened on yet.
///
/// # Errors
/// The first thing that is wrong.
pub fn server(config: Config) -> Result<Server, ServeError> {
    let policies = PolicyStore::load(&config.policies).map_err(ServeError::configuration)?;
    let keyrings = load_keys(&config.keys)?;
    for policy in policies.current().iter() {
        keyrings.check(&policy.database, &policy.domains).map_err(ServeError::configuration)?;
    }
    let logins = CatalogLogins::new(&config)?;
    let gate = Gate::new(&config).map_err(ServeError::configuration)?;
    let audit = Arc::new(config.audit.open().map_err(audit_error)?);
    let metrics = Arc::new(Metrics::new().map_err(ServeError::runtime("metrics"))?);
    let verdicts = Arc::new(Verdicts::new().map_err(ServeError::runtime("no randomness"))?);
    if let Some(made_at) = keyrings.oldest_in_use() {
        metrics.keys_loaded(made_at);
    }
    let statements = Statements::new().map_err(ServeError::runtime("no randomness"))?;
    let policies = Arc::new(policies);
    let deciding = decide::Shared {
        policies: policies.clone(),
        bindings: Bindings::new(verdicts.clone()),
        verdicts,
        metrics: metrics.clone(),
        look_ups: LookUps::default(),
        max_statement_len: config.process.max_statement_bytes,
    };
    Ok(Server {
        policies,
        databases: Databases::new(move |database| Follower::start(logins.login(database), FollowOptions::default())),
        keyrings: ArcSwap::from_pointee(keyrings),
        gate,
        deciding: Arc::new(deciding),
        observing: Arc::new(observe::Shared { audit, metrics, statements }),
        last_session: AtomicU64::new(0),
        config,
    })
}

fn audit_error(error: audit::config::ConfigError) -> ServeError {
    match error {
        audit::config::ConfigError::Key(_) | audit::config::ConfigError::Open(audit::OpenError::BadWriter(_)) => {
            ServeError::configuration(error)
        }
        audit::config::ConfigError::Open(_) => ServeError::Runtime(error.to_string()),
    }
}

/// # Errors
/// The keyring or its key-encryption key cannot be read.
pub fn load_keys(config: &config::Keys) -> Result<Keyrings, ServeError> {
    let kek = config.kek().map_err(ServeError::configuration)?;
    Keyrings::load(&config.keyring, kek.as_ref()).map_err(ServeError::configuration)
}

/// How the proxy reads each database's catalog.
pub struct CatalogLogins {
    user: String,
    password: Option<Arc<Zeroizing<String>>>,
    databases: BTreeMap<String, Target>,
    default: Target,
    tls: Option<Arc<rustls::ClientConfig>>,
    direct_tls: bool,
    connect_timeout: Duration,
}

impl CatalogLogins {
    /// # Errors
    /// The password or a certificate cannot be read.
    pub fn new(config: &Config) -> Result<Self, ServeError> {
        let password = config.catalog.password.as_ref().map(SecretReference::read).transpose();
        Ok(Self {
            user: config.catalog.user.clone(),
            password: password.map_err(ServeError::configuration)?.map(Arc::new),
            databases: config.databases.clone(),
            default: config.upstream.target.clone(),
            tls: upstream::client_config(&config.upstream.tls).map_err(ServeError::configuration)?,
            direct_tls: config.upstream.negotiation == config::SslNegotiation::Direct,
            connect_timeout: config.upstream.connect_timeout,
        })
    }

    pub fn login(&self, database: &str) -> Login {
        let target = self.databases.get(database).unwrap_or(&self.default);
        Login {
            target: target.clone(),
            database: database.to_owned(),
            user: self.user.clone(),
            password: self.password.clone(),
            tls: self.tls.clone(),
            direct_tls: self.direct_tls,
            connect_timeout: self.connect_timeout,
        }
    }
}
