//! Connections that did not become sessions.

use crate::auth::scram::ScramError;
use crate::wire::{PgError, SqlState};

/// Why a connection did not become a session. The client has been told what there is to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It was a cancel request, and has been handled.
    Cancelled,
    /// The login was refused, by the proxy or by the server.
    Refused(RefusedLogin),
    /// The peer went away, spoke no PostgreSQL, or failed the TLS handshake.
    Gone,
}

/// For the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLogin {
    pub code: SqlState,
    pub claimed: Claimed,
}

/// Who a client says it is; empty where it did not get so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    pub user: String,
    pub database: String,
    /// The common name of the client's certificate: this is verified.
    pub tls_subject: Option<String>,
}

/// What ends a login.
pub(super) enum Failure {
    /// The client is gone: there is nobody to tell.
    Gone,
    /// To be told to the client.
    Refused(PgError),
    /// The server's own error, which the client has got already.
    Relayed(SqlState),
}

impl From<PgError> for Failure {
    fn from(error: PgError) -> Self {
        Self::Refused(error)
    }
}

/// Of the client's connection: errors of the server's are never converted by themselves.
impl From<std::io::Error> for Failure {
    fn from(_: std::io::Error) -> Self {
        Self::Gone
    }
}

/// 28P01, in PostgreSQL's words.
pub(super) fn wrong_password(user: &str) -> PgError {
    PgError::new(SqlState::INVALID_PASSWORD, format!("password authentication failed for user \"{user}\""))
}

/// 28000.
pub(super) fn refused(message: &'static str) -> PgError {
    PgError::new(SqlState::INVALID_AUTHORIZATION, message)
}

/// 08006: the server said what no server says, or nothing any more.
pub(super) fn server_lost() -> PgError {
    PgError::new(SqlState::CONNECTION_FAILURE, "the connection to the database server was lost during login")
}

/// What a client is told whose exchange failed.
pub(super) fn scram_error(error: ScramError, user: &str) -> PgError {
    let code = match error {
        ScramError::WrongProof | ScramError::OtherVerifier => return wrong_password(user),
        ScramError::Malformed => SqlState::PROTOCOL_VIOLATION,
        ScramError::Downgraded | ScramError::WrongChannel => SqlState::INVALID_AUTHORIZATION,
        ScramError::WrongServer => SqlState::CONNECTION_FAILURE,
        ScramError::NoRandomness => SqlState::SYSTEM_ERROR,
    };
    PgError::new(code, error.to_string())
}
