//! The server's end: checks a client's proof against a verifier and recovers ClientKey from it.

use subtle::ConstantTimeEq as _;

use super::attributes::Attributes;
use super::keys::{base64, unbase64_key};
use super::verifier::Verifier;
use super::{ClientKey, EndPoint, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramError, ServerKey, nonce};

/// An exchange that the client has to begin.
pub struct Server {
    verifier: Verifier,
    /// Of our own certificate; `None` where its signature defines no hash, and `-PLUS` is not offered.
    end_point: Option<EndPoint>,
}

/// An exchange whose challenge is out.
pub struct Challenged {
    verifier: Verifier,
    /// What the client's `c=` has to be.
    binding: String,
    nonce: String,
    /// client-first-message-bare and server-first-message, with a comma after each.
    auth_message: String,
}

/// A client that proved itself.
pub struct Proven {
    pub client_key: ClientKey,
    pub server_key: ServerKey,
    /// What a server's salt and iteration count have to be for the key to fit it.
    pub verifier: Verifier,
    /// server-final-message: to be sent only once the login as a whole is sure.
    pub signature: String,
}

impl Server {
    pub const fn new(verifier: Verifier, end_point: Option<EndPoint>) -> Self {
        Self { verifier, end_point }
    }

    /// What to offer, the better one first.
    pub fn mechanisms(&self) -> &'static [&'static str] {
        if self.end_point.is_some() { &[SCRAM_SHA_256_PLUS, SCRAM_SHA_256] } else { &[SCRAM_SHA_256] }
    }

    /// Takes client-first-message; answers with server-first-message.
    ///
    /// # Errors
    /// [`ScramError`].
    pub fn challenge(self, mechanism: &str, first: &[u8]) -> Result<(Challenged, String), ScramError> {
        self.challenge_with(mechanism, first, &nonce()?)
    }

    pub(super) fn challenge_with(
        self,
        mechanism: &str,
        first: &[u8],
        own_nonce: &str,
    ) -> Result<(Challenged, String), ScramError> {
        let mut attributes = Attributes::new(first)?;
        let flag = attributes.part()?;
        let is_authzid_empty = attributes.part()?.is_empty();
        let binding = self.binding(mechanism, flag)?;
        let bare = attributes.rest();
        // PostgreSQL takes the user from the startup packet and ignores this one
        let _user = attributes.value('n')?;
        let nonce = format!("{}{own_nonce}", attributes.nonce()?);
        attributes.extensions()?;
        if !is_authzid_empty {
            return Err(ScramError::Malformed);
        }
        let Verifier { salt, iterations, .. } = &self.verifier;
        let challenge = format!("r={nonce},s={},i={iterations}", base64(salt));
        let auth_message = format!("{bare},{challenge},");
        Ok((Challenged { verifier: self.verifier, binding, nonce, auth_message }, challenge))
    }

    /// The `c=` that goes with a GS2 flag, where the flag goes with the mechanism.
    fn binding(&self, mechanism: &str, flag: &str) -> Result<String, ScramError> {
        match (mechanism, flag, &self.end_point) {
            (SCRAM_SHA_256_PLUS, "p=tls-server-end-point", Some(end_point)) => Ok(binding(flag, end_point)),
            (SCRAM_SHA_256, "y", Some(_)) => Err(ScramError::Downgraded),
            (SCRAM_SHA_256, "n" | "y", _) => Ok(binding(flag, &[])),
            _ => Err(ScramError::Malformed),
        }
    }
}

/// GS2 header and channel-binding data, in base64.
pub(super) fn binding(flag: &str, data: &[u8]) -> String {
    let header = format!("{flag},,");
    base64(&[header.as_bytes(), data].concat())
}

impl Challenged {
    /// Takes client-final-message.
    ///
    /// # Errors
    /// [`ScramError`].
    pub fn prove(self, last: &[u8]) -> Result<Proven, ScramError> {
        let (before_proof, proof) = split_proof(last)?;
        let mut attributes = Attributes::new(before_proof.as_bytes())?;
        let binding = attributes.value('c')?;
        let nonce = attributes.nonce()?;
        attributes.extensions()?;
        if !bool::from(nonce.as_bytes().ct_eq(self.nonce.as_bytes())) {
            return Err(ScramError::Malformed);
        }
        if binding != self.binding {
            return Err(ScramError::WrongChannel);
        }
        let auth_message = format!("{}{before_proof}", self.auth_message);
        let client_key =
            self.verifier.stored_key.recover(&proof, auth_message.as_bytes()).ok_or(ScramError::WrongProof)?;
        let server_key = self.verifier.server_key.clone();
        let signature = format!("v={}", base64(&server_key.signature(auth_message.as_bytes())));
        Ok(Proven { client_key, server_key, verifier: self.verifier, signature })
    }
}

/// client-final-message-without-proof, and the proof, which is its last attribute.
fn split_proof(last: &[u8]) -> Result<(&str, [u8; 32]), ScramError> {
    let text = std::str::from_utf8(last).map_err(|_| ScramError::Malformed)?;
    let (before, proof) = text.rsplit_once(",p=").ok_or(ScramError::Malformed)?;
    Ok((before, unbase64_key(proof).ok_or(ScramError::Malformed)?))
}
