//! One connection, from its first byte to its first statement.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};

use super::cancel::{self, Registered};
use super::channel::Channel;
use super::gate::{Gate, Materials};
use super::knock::{Knock, Socket, knock};
use super::login::{LoggedIn, Login};
use super::packet::{CancelRequest, Packet, Startup};
use super::turned::{Claimed, Failure, RefusedLogin, Turned, refused};
use crate::catalog::place::{Home, Server};
use crate::session::Parameters;
use crate::upstream::Stream;
use crate::wire::backend::{Severity, write_error};
use crate::wire::{PgError, SqlState};

/// For a client to take an error before its connection is closed.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a client connects from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Tcp(SocketAddr),
    Unix,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix => f.write_str("[local]"),
        }
    }
}

/// An authenticated session. The client has been told that the server is ready for its first statement.
pub struct Admitted {
    pub client: Stream,
    pub server: Stream,
    /// What each side has sent beyond the login.
    pub client_buffer: BytesMut,
    pub server_buffer: BytesMut,
    /// Which server it is.
    pub address: Arc<Server>,
    pub facts: LoginFacts,
    pub parameters: Parameters,
    /// To be kept as long as the session: cancel requests find it by this, and it counts toward `max_sessions`.
    pub place: Place,
}

/// Who logged in, and how.
#[derive(Clone, Debug)]
pub struct LoginFacts {
    pub peer: Peer,
    /// Whether the client's leg is TLS.
    pub is_encrypted: bool,
    /// The common name of the client's certificate, which has been verified.
    pub tls_subject: Option<String>,
    /// `trust`, `password`, `md5` or `scram-sha-256`: what the server asked for.
    pub auth_method: &'static str,
    /// 0 where the server gave none.
    pub server_pid: u32,
    /// User, database and what else the client asked for: see [`Startup::parameter`], [`Startup::application_name`].
    pub startup: Startup,
}

/// A session's place among the others.
pub struct Place {
    _counted: OwnedSemaphorePermit,
    _registered: Option<Registered>,
}

/// Takes a connection as far as it goes, within the login timeout. `welcome` says where the client's database is, and
/// what it gives beside that is handed back with the session.
///
/// # Errors
/// [`Turned`]: the client has been told and the connection is closed.
pub async fn establish<T>(
    gate: &Gate,
    socket: Socket,
    peer: Peer,
    welcome: impl AsyncFnOnce(&Startup) -> Result<(Home, T), PgError>,
) -> Result<(Admitted, T), Turned> {
    let materials = gate.materials();
    let deadline = Instant::now() + materials.login_timeout;
    let Knock { stream, tls_subject, packet } =
        match timeout_at(deadline, knock(materials.client_tls.as_ref(), socket)).await {
            Ok(Ok(knock)) => knock,
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "connection ended before it asked for anything");
                return Err(Turned::Gone);
            }
            Err(_) => return Err(Turned::Gone),
        };
    let mut client = Channel::new(stream);
    match packet {
        Ok(Packet::Startup(startup)) => {
            let logging_in = async {
                let (home, more) = welcome(&startup).await?;
                let session = log_in(gate, &materials, &mut client, &startup, home).await?;
                Ok::<_, Failure>((session, more))
            };
            match timeout_at(deadline, logging_in).await.unwrap_or_else(|_| Err(timed_out().into())) {
                Ok((session, more)) => Ok((session.admit(client, peer, tls_subject, startup), more)),
                Err(failure) => {
                    let Startup { user, database, .. } = startup;
                    Err(turn_away(client, failure, Claimed { user, database, tls_subject }).await)
                }
            }
        }
        Ok(Packet::Cancel(request)) => Err(forward_cancel(gate, &materials, request).await),
        // Answered on the way: none is left
        Ok(Packet::SslRequest | Packet::GssEncRequest) => Err(Turned::Gone),
        Err(failure) => Err(turn_away(client, failure, Claimed { tls_subject, ..Claimed::default() }).await),
    }
}

async fn forward_cancel(gate: &Gate, materials: &Materials, request: CancelRequest) -> Turned {
    if let Ok(_slot) = gate.cancels.try_acquire() {
        cancel::forward(request, &gate.registry, &materials.upstream).await;
    }
    Turned::Cancelled
}

struct Session {
    home: Home,
    server: Channel,
    logged_in: LoggedIn,
    counted: OwnedSemaphorePermit,
}

impl Session {
    fn admit(self, client: Channel, peer: Peer, tls_subject: Option<String>, startup: Startup) -> Admitted {
        let LoggedIn { auth_method, server_pid, parameters, registered, .. } = self.logged_in;
        let is_encrypted = client.stream.is_tls();
        Admitted {
            client: client.stream,
            server: self.server.stream,
            client_buffer: client.buffer,
            server_buffer: self.server.buffer,
            facts: LoginFacts { peer, is_encrypted, tls_subject, auth_method, server_pid, startup },
            address: self.home.server,
            parameters,
            place: Place { _counted: self.counted, _registered: registered },
        }
    }
}

async fn log_in(
    gate: &Gate,
    materials: &Materials,
    client: &mut Channel,
    startup: &Startup,
    home: Home,
) -> Result<Session, Failure> {
    let is_clear = matches!(client.stream, Stream::Tcp(_));
    if is_clear && materials.client_tls.as_ref().is_some_and(|tls| tls.is_required) {
        return Err(refused("this server accepts TLS connections only").into());
    }
    let counted = Arc::clone(&gate.sessions).try_acquire_owned().map_err(|_| too_many())?;
    let address = &home.server;
    let connected = materials.upstream.connect(address).await.map_err(|error| {
        tracing::warn!(host = address.host, port = address.port, %error, "no connection to the server");
        PgError::new(SqlState::CANNOT_CONNECT, "could not connect to the database server")
    })?;
    let mut server = Channel::new(connected.stream);
    let mut login = Login::new(client, &mut server, startup, materials, connected.certificate);
    login.must_be_standby = home.must_be_standby;
    let auth_method = login.authenticate().await?;
    let register = |pid, key: &[u8]| gate.registry.register(pid, key, address);
    let logged_in = login.settle(auth_method, register).await?;
    Ok(Session { home, server, logged_in, counted })
}

fn too_many() -> PgError {
    PgError::new(SqlState::TOO_MANY_CONNECTIONS, "sorry, too many clients already")
}

/// As PostgreSQL's `authentication_timeout`.
fn timed_out() -> PgError {
    PgError::new(SqlState(*b"57014"), "canceling authentication due to timeout")
}

/// Tells the client, if there is something to tell, and closes.
async fn turn_away(mut client: Channel, failure: Failure, claimed: Claimed) -> Turned {
    let mut farewell = BytesMut::new();
    let code = match failure {
        Failure::Gone => return Turned::Gone,
        Failure::Relayed(code) => code,
        Failure::Refused(error) => {
            // An error too long to be written is not written
            let _written = write_error(&mut farewell, Severity::Fatal, &error);
            error.code
        }
    };
    let saying = async {
        client.send(&farewell).await?;
        client.stream.shutdown().await
    };
    let _heard = timeout(FAREWELL_TIMEOUT, saying).await;
    Turned::Refused(RefusedLogin { code, claimed })
}
