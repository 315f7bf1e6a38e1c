//! What every login needs, made from the configuration once and replaced as a whole.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio::sync::Semaphore;

use super::cancel::Registry;
use super::certificate::end_point;
use super::knock::ClientTls;
use super::scram::{Verifiers, VerifiersError};
use crate::config::{Config, Identity, ListenTls, SecretError, SecretReference};
use crate::upstream::{ALPN, TlsSetupError, Upstream, load_identity, load_roots, provider};

/// Cancel requests under way at once. Each may open a connection to every server; what comes beyond is dropped, as a
/// cancel request may always come too late.
const MAX_CANCELS: usize = 64;

/// The way in: shared by all threads.
pub struct Gate {
    materials: ArcSwap<Materials>,
    pub(super) registry: Arc<Registry>,
    pub(super) sessions: Arc<Semaphore>,
    pub(super) cancels: Semaphore,
}

/// What a reload replaces. A login keeps what it began with.
pub(super) struct Materials {
    pub client_tls: Option<ClientTls>,
    pub upstream: Arc<Upstream>,
    pub verifiers: Option<Verifiers>,
    pub login_timeout: Duration,
}

/// Why the gate cannot be set up (exit 64), or stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    #[error("SCRAM verifiers: {0}")]
    Unreadable(#[from] SecretError),
    #[error("SCRAM verifiers: {0}")]
    BadVerifiers(#[from] VerifiersError),
}

impl Gate {
    /// Reads certificates, keys and verifiers.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn new(config: &Config) -> Result<Self, GateError> {
        Ok(Self {
            materials: ArcSwap::from_pointee(Materials::load(config)?),
            registry: Arc::default(),
            sessions: Arc::new(Semaphore::new(config.listen.max_sessions.min(Semaphore::MAX_PERMITS))),
            cancels: Semaphore::new(MAX_CANCELS),
        })
    }

    /// Reads all of it again, for logins from now on; `max_sessions` stays.
    ///
    /// # Errors
    /// [`GateError`]: nothing changes.
    pub fn reload(&self, config: &Config) -> Result<(), GateError> {
        self.materials.store(Arc::new(Materials::load(config)?));
        Ok(())
    }

    pub(super) fn materials(&self) -> Arc<Materials> {
        self.materials.load_full()
    }
}

impl Materials {
    fn load(config: &Config) -> Result<Self, GateError> {
        let verifiers = match &config.verifiers {
            Some(path) => Some(Verifiers::parse(&SecretReference::File(path.clone()).read()?)?),
            None => None,
        };
        Ok(Self {
            client_tls: config.listen.tls.as_ref().map(client_tls).transpose()?,
            upstream: Arc::new(Upstream::new(config)?),
            verifiers,
            login_timeout: config.listen.login_timeout,
        })
    }
}

/// With a CA a client has to show a certificate, and so has to speak TLS.
fn client_tls(tls: &ListenTls) -> Result<ClientTls, TlsSetupError> {
    let identity = Identity { certificate: tls.certificate.clone(), key: tls.key.clone() };
    let (chain, key) = load_identity(&identity)?;
    let end_point = chain.first().and_then(|certificate| end_point(certificate));
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match &tls.client_ca {
        Some(path) => {
            let bad = |error: rustls::server::VerifierBuilderError| TlsSetupError::BadRoots {
                path: path.clone(),
                message: error.to_string(),
            };
            let verifier = WebPkiClientVerifier::builder_with_provider(load_roots(path)?, provider()).build();
            builder.with_client_cert_verifier(verifier.map_err(bad)?)
        }
        None => builder.with_no_client_auth(),
    };
    let unusable = |source| TlsSetupError::Unusable { path: tls.certificate.clone(), source };
    let mut config = builder.with_single_cert(chain, key).map_err(unusable)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    // No resumption, as in PostgreSQL: a session would outlive the certificates it rests on
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    let is_required = tls.required || tls.client_ca.is_some();
    Ok(ClientTls { config: Arc::new(config), end_point, is_required })
}
