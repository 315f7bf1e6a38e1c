//! The client's end: proves itself with a ClientKey, and has the server prove itself.

use subtle::ConstantTimeEq as _;

use super::attributes::Attributes;
use super::keys::{base64, unbase64, unbase64_key};
use super::server::{Proven, binding};
use super::verifier::Verifier;
use super::{ClientKey, EndPoint, MAX_SALT_LEN, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramError, ServerKey, nonce};

/// Whether the exchange is bound to the TLS connection it runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `-PLUS`: bound to the server's certificate.
    Bound(EndPoint),
    /// We could have bound it, the server does not offer that. A server that did is told so by this.
    NotOffered,
    /// The certificate defines no hash.
    Unbound,
}

impl Channel {
    /// From what the server offers and the hash of its certificate.
    pub fn choose(is_plus_offered: bool, end_point: Option<EndPoint>) -> Self {
        match end_point {
            Some(end_point) if is_plus_offered => Self::Bound(end_point),
            Some(_) => Self::NotOffered,
            None => Self::Unbound,
        }
    }

    pub const fn mechanism(&self) -> &'static str {
        match self {
            Self::Bound(_) => SCRAM_SHA_256_PLUS,
            Self::NotOffered | Self::Unbound => SCRAM_SHA_256,
        }
    }

    const fn flag(&self) -> &'static str {
        match self {
            Self::Bound(_) => "p=tls-server-end-point",
            Self::NotOffered => "y",
            Self::Unbound => "n",
        }
    }

    fn data(&self) -> &[u8] {
        match self {
            Self::Bound(end_point) => end_point,
            Self::NotOffered | Self::Unbound => &[],
        }
    }
}

/// An exchange whose first message is out.
pub struct Client {
    client_key: ClientKey,
    server_key: ServerKey,
    verifier: Verifier,
    channel: Channel,
    nonce: String,
    bare: String,
}

/// An exchange whose proof is out.
pub struct Proving {
    server_key: ServerKey,
    auth_message: String,
}

impl Client {
    /// Begins on behalf of a client that proved itself; the second value is client-first-message.
    ///
    /// # Errors
    /// [`ScramError::NoRandomness`].
    pub fn begin(proven: Proven, channel: Channel) -> Result<(Self, String), ScramError> {
        // PostgreSQL takes the user from the startup packet
        Ok(Self::begin_with(proven, channel, "", &nonce()?))
    }

    pub(super) fn begin_with(proven: Proven, channel: Channel, user: &str, nonce: &str) -> (Self, String) {
        let bare = format!("n={user},r={nonce}");
        let first = format!("{},,{bare}", channel.flag());
        let Proven { client_key, server_key, verifier, .. } = proven;
        (Self { client_key, server_key, verifier, channel, nonce: nonce.to_owned(), bare }, first)
    }

    /// Takes server-first-message; answers with client-final-message.
    ///
    /// # Errors
    /// [`ScramError::OtherVerifier`] where ClientKey cannot fit what the server holds.
    pub fn respond(self, challenge: &[u8]) -> Result<(Proving, String), ScramError> {
        let mut attributes = Attributes::new(challenge)?;
        let whole = attributes.rest();
        let nonce = attributes.nonce()?;
        let salt = attributes.value('s')?;
        let iterations: u32 = attributes.value('i')?.parse().map_err(|_| ScramError::Malformed)?;
        attributes.extensions()?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(ScramError::Malformed);
        }
        let salt = unbase64(salt).filter(|salt| salt.len() <= MAX_SALT_LEN).ok_or(ScramError::Malformed)?;
        if salt != self.verifier.salt || iterations != self.verifier.iterations {
            return Err(ScramError::OtherVerifier);
        }
        let before_proof = format!("c={},r={nonce}", binding(self.channel.flag(), self.channel.data()));
        let auth_message = format!("{},{whole},{before_proof}", self.bare);
        let proof = base64(&self.client_key.proof(auth_message.as_bytes()));
        Ok((Proving { server_key: self.server_key, auth_message }, format!("{before_proof},p={proof}")))
    }
}

impl Proving {
    /// Takes server-final-message.
    ///
    /// # Errors
    /// [`ScramError::WrongServer`] where the server's signature is wrong.
    pub fn verify(self, last: &[u8]) -> Result<(), ScramError> {
        let mut attributes = Attributes::new(last)?;
        let signature = attributes.value('v').ok().and_then(unbase64_key).ok_or(ScramError::WrongServer)?;
        attributes.extensions()?;
        let expected = self.server_key.signature(self.auth_message.as_bytes());
        if bool::from(signature.ct_eq(&expected)) { Ok(()) } else { Err(ScramError::WrongServer) }
    }
}
