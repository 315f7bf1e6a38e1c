//! TLS toward the servers, by libpq's `sslmode`, and the PEM files of both legs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::config::{Identity, SecretError, SecretReference, UpstreamTls};

/// PostgreSQL's protocol in ALPN.
pub const ALPN: &[u8] = b"postgresql";

/// Why TLS cannot be set up; the proxy does not start, or keeps what it had.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    #[error("{path}: {source}", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Key(#[from] SecretError),
    #[error("{path}: expected PEM with {what}", path = .path.display())]
    BadPem { path: PathBuf, what: &'static str },
    #[error("certificate {path} and its key: {source}", path = .path.display())]
    Unusable { path: PathBuf, source: rustls::Error },
    #[error("{path}: {message}", path = .path.display())]
    BadRoots { path: PathBuf, message: String },
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// The one provider of cryptography for TLS.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// How to speak TLS with the servers; `None` for not at all.
///
/// # Errors
/// [`TlsSetupError`].
pub fn client_config(tls: &UpstreamTls) -> Result<Option<Arc<ClientConfig>>, TlsSetupError> {
    let algorithms = provider().signature_verification_algorithms;
    let (verifier, identity): (Arc<dyn ServerCertVerifier>, _) = match tls {
        UpstreamTls::Disable => return Ok(None),
        UpstreamTls::Require { identity } => (Arc::new(Lax { roots: None, algorithms }), identity),
        UpstreamTls::VerifyCa { root, identity } => {
            (Arc::new(Lax { roots: Some(load_roots(root)?), algorithms }), identity)
        }
        UpstreamTls::VerifyFull { root, identity } => (full(root)?, identity),
    };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        Some(identity) => {
            let (chain, key) = load_identity(identity)?;
            let unusable = |source| TlsSetupError::Unusable { path: identity.certificate.clone(), source };
            builder.with_client_auth_cert(chain, key).map_err(unusable)?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    // Each login proves the server anew, as libpq's do
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Some(Arc::new(config)))
}

fn full(root: &Path) -> Result<Arc<WebPkiServerVerifier>, TlsSetupError> {
    let bad = |error: rustls::client::VerifierBuilderError| TlsSetupError::BadRoots {
        path: root.to_owned(),
        message: error.to_string(),
    };
    WebPkiServerVerifier::builder_with_provider(load_roots(root)?, provider()).build().map_err(bad)
}

/// `require` and `verify-ca`: the handshake's signature always, the chain where there are roots, the name never.
#[derive(Debug)]
struct Lax {
    roots: Option<Arc<RootCertStore>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Lax {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A chain and its private key; the key's file has to be its owner's alone.
///
/// # Errors
/// [`TlsSetupError`].
pub fn load_identity(
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsSetupError> {
    let chain = load_certificates(&identity.certificate)?;
    let key = SecretReference::File(identity.key.clone()).read()?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| TlsSetupError::BadPem { path: identity.key.clone(), what: "a private key" })?;
    Ok((chain, key))
}

/// # Errors
/// [`TlsSetupError`], also where the file holds no certificate.
pub fn load_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let unreadable = |source| TlsSetupError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read(path).map_err(unreadable)?;
    let certificates: Option<Vec<_>> = CertificateDer::pem_slice_iter(&text).map(Result::ok).collect();
    let bad = || TlsSetupError::BadPem { path: path.to_owned(), what: "certificates" };
    certificates.filter(|certificates| !certificates.is_empty()).ok_or_else(bad)
}

/// The certificates of a CA, or several.
///
/// # Errors
/// [`TlsSetupError`].
pub fn load_roots(path: &Path) -> Result<Arc<RootCertStore>, TlsSetupError> {
    let mut roots = RootCertStore::empty();
    for certificate in load_certificates(path)? {
        let bad = |error: rustls::Error| TlsSetupError::BadRoots { path: path.to_owned(), message: error.to_string() };
        roots.add(certificate).map_err(bad)?;
    }
    Ok(Arc::new(roots))
}
