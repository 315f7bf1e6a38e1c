//! SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, both ends of it, without passwords.
//!
//! The proxy is the server of the exchange toward its client and the client of one toward PostgreSQL. From a right
//! proof it recovers ClientKey, which is all that a client needs; neither end ever sees a password.
//!
//! Sources: RFC 5802, RFC 7677, RFC 5929 (`tls-server-end-point`); PostgreSQL `src/backend/libpq/auth-scram.c`.

mod attributes;
pub mod client;
mod keys;
pub mod server;
mod verifier;

#[cfg(test)]
mod tests;

pub use keys::{ClientKey, ServerKey};
pub use verifier::{Verifier, Verifiers, VerifiersError};

pub const SCRAM_SHA_256: &str = "SCRAM-SHA-256";
pub const SCRAM_SHA_256_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// No message of an exchange is longer: bounds what a peer can make us parse and encode.
const MAX_MESSAGE_LEN: usize = 4096;
/// As characters. PostgreSQL's own are 24.
const MAX_NONCE_LEN: usize = 1024;
const MAX_SALT_LEN: usize = 1024;

/// The hash of a server's certificate, as `tls-server-end-point` defines it.
pub type EndPoint = Vec<u8>;

/// Why an exchange ended. None of it says whether the user exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    /// The message is not of the form that the exchange asks for.
    #[error("malformed SCRAM message")]
    Malformed,
    /// A client that could bind the channel was not offered it, though we did: somebody stands between.
    #[error("SCRAM channel binding negotiation error")]
    Downgraded,
    /// The client saw another certificate than ours.
    #[error("SCRAM channel binding check failed")]
    WrongChannel,
    /// The proof is wrong, or there is no such user.
    #[error("password authentication failed")]
    WrongProof,
    /// The server's salt or iteration count are not those of the verifier that the client proved itself against.
    #[error("the server holds another verifier for this user")]
    OtherVerifier,
    /// The server does not know the verifier itself, or refused.
    #[error("the server did not prove that it knows the user")]
    WrongServer,
    #[error("the system has no randomness")]
    NoRandomness,
}

/// A nonce of 18 random bytes, in base64 (as PostgreSQL's).
fn nonce() -> Result<String, ScramError> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).map_err(|_| ScramError::NoRandomness)?;
    Ok(keys::base64(&bytes))
}
