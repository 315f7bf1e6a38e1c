//! The login itself: the server asks, the client answers, and each message passes here.

use bytes::{Buf as _, BufMut as _, BytesMut};

use pgwire::messages::Message as Encoded;
use pgwire::messages::startup::{Authentication, NegotiateProtocolVersion};

use super::cancel::Registered;
use super::channel::{Broken, Channel, MAX_CLIENT_MESSAGE_LEN, MAX_SERVER_MESSAGE_LEN, Message};
use super::gate::Materials;
use super::packet::{NEWEST, Startup, Version};
use super::turned::{Failure, refused, server_lost};
use crate::session::Parameters;
use crate::wire::backend::{error_fields, parameter_status, ready_for_query};
use crate::wire::frame::violation;
use crate::wire::{PgError, SqlState};

/// What is kept for the client before it is sent, however much more the server has said.
const MAX_PENDING_LEN: usize = 64 * 1024;

/// A login under way.
pub(super) struct Login<'a> {
    pub client: &'a mut Channel,
    pub server: &'a mut Channel,
    pub startup: &'a Startup,
    pub materials: &'a Materials,
    /// The server's, in DER; `None` where its leg is not TLS.
    pub server_certificate: Option<Vec<u8>>,
    /// What the server must say of itself, where that matters.
    pub must_be_standby: Option<bool>,
    /// For the client, not sent yet.
    pending: BytesMut,
}

/// What the server said of the session.
pub(super) struct LoggedIn {
    pub auth_method: &'static str,
    pub server_pid: u32,
    pub parameters: Parameters,
    pub registered: Option<Registered>,
    /// Reported since PostgreSQL 14.
    in_hot_standby: Option<bool>,
}

/// What the server asks of the client. Source: `AUTH_REQ_*` in PostgreSQL's `protocol.h`.
pub(super) enum Request<'a> {
    Ok,
    Cleartext,
    Md5,
    Sasl(&'a [u8]),
    SaslContinue(&'a [u8]),
    SaslFinal(&'a [u8]),
    /// GSSAPI, SSPI, Kerberos and whatever comes.
    Other,
}

impl<'a> Login<'a> {
    pub fn new(
        client: &'a mut Channel,
        server: &'a mut Channel,
        startup: &'a Startup,
        materials: &'a Materials,
        server_certificate: Option<Vec<u8>>,
    ) -> Self {
        let pending = BytesMut::new();
        Self { client, server, startup, materials, server_certificate, must_be_standby: None, pending }
    }

    /// From the startup packet to AuthenticationOk, which is not relayed yet. Returns the method's name in `pg_hba.conf`.
    pub async fn authenticate(&mut self) -> Result<&'static str, Failure> {
        let mut packet = BytesMut::new();
        self.startup.write(&mut packet);
        self.ask_server(&packet).await?;
        let message = self.first_answer().await?;
        let method = match request(&message)? {
            Request::Ok => return Ok("trust"),
            Request::Cleartext => self.relay_password(&message, "password").await?,
            Request::Md5 => self.relay_password(&message, "md5").await?,
            Request::Sasl(mechanisms) => self.sasl(mechanisms).await?,
            Request::SaslContinue(_) | Request::SaslFinal(_) => return Err(server_lost().into()),
            Request::Other => {
                return Err(refused(
                    "the server asks for an authentication method that cannot pass through this proxy",
                )
                .into());
            }
        };
        match request(&self.server_message().await?)? {
            Request::Ok => Ok(method),
            _ => Err(server_lost().into()),
        }
    }

    /// The first message, after whatever there is to say about the protocol's version.
    async fn first_answer(&mut self) -> Result<Message, Failure> {
        let first = self.server_message().await?;
        let asked = self.startup.version.min(NEWEST);
        let is_negotiation = first.kind == b'v';
        let agreed = if is_negotiation { negotiated(first.body(), asked)? } else { asked };
        if agreed != self.startup.version || !self.startup.unknown_options.is_empty() {
            self.tell_version(agreed).await?;
        }
        if is_negotiation { self.server_message().await } else { Ok(first) }
    }

    /// NegotiateProtocolVersion in our own name: what the server agreed to, at most what we know, and every protocol
    /// option refused, since one that the server understood and we did not could change what messages mean.
    async fn tell_version(&mut self, agreed: Version) -> Result<(), Failure> {
        let options = self.startup.unknown_options.clone();
        let version = i32::try_from(agreed.code()).unwrap_or_default();
        self.say(&NegotiateProtocolVersion::new(version, options)).await
    }

    /// A message of the proxy's own.
    pub(super) async fn say(&mut self, message: &impl Encoded) -> Result<(), Failure> {
        let mut bytes = BytesMut::new();
        message.encode(&mut bytes).map_err(|_| too_long())?;
        Ok(self.client.send(&bytes).await?)
    }

    async fn relay_password(&mut self, request: &Message, method: &'static str) -> Result<&'static str, Failure> {
        self.client.send(request.frame()).await?;
        let password = self.client_answer().await?;
        self.ask_server(password.frame()).await?;
        Ok(method)
    }

    /// Everything between AuthenticationOk and ReadyForQuery, both included, relayed and noted.
    pub async fn settle(
        &mut self,
        auth_method: &'static str,
        register: impl Fn(u32, &[u8]) -> Registered,
    ) -> Result<LoggedIn, Failure> {
        Authentication::Ok.encode(&mut self.pending).map_err(|_| too_long())?;
        let parameters = Parameters::default();
        let mut logged_in = LoggedIn { auth_method, server_pid: 0, parameters, registered: None, in_hot_standby: None };
        loop {
            // A server that never pauses must not fill the memory
            if self.server.buffer.is_empty() || self.pending.len() >= MAX_PENDING_LEN {
                self.send_pending().await?;
            }
            let message = self.server_message().await?;
            self.pending.put_slice(message.frame());
            match message.kind {
                b'S' => report(&mut logged_in, message.body())?,
                b'K' if logged_in.registered.is_none() => {
                    let (pid, key) = backend_key(message.body())?;
                    logged_in.server_pid = pid;
                    logged_in.registered = Some(register(pid, key));
                }
                b'N' => {}
                b'Z' if ready_for_query(message.body()) == Ok(b'I') => {
                    self.check_role(&logged_in)?;
                    self.send_pending().await?;
                    return Ok(logged_in);
                }
                _ => return Err(server_lost().into()),
            }
        }
    }

    /// The server may have been promoted since the database was found there.
    fn check_role(&self, logged_in: &LoggedIn) -> Result<(), Failure> {
        match (self.must_be_standby, logged_in.in_hot_standby) {
            (Some(wanted), Some(is_standby)) if wanted != is_standby => {
                let message = "the database server is no longer the one that is wanted";
                Err(PgError::new(SqlState::CANNOT_CONNECT_NOW, message).into())
            }
            _ => Ok(()),
        }
    }

    /// The next message; an error is relayed, and ends the login.
    pub async fn server_message(&mut self) -> Result<Message, Failure> {
        let message = match self.server.message(MAX_SERVER_MESSAGE_LEN).await {
            Ok(message) => message,
            Err(Broken::Closed | Broken::Garbled(_)) => return Err(server_lost().into()),
        };
        if message.kind != b'E' {
            return Ok(message);
        }
        let fields = error_fields(message.body()).map_err(|_| server_lost())?;
        let code = fields.iter().find(|(field, _)| *field == b'C').and_then(|(_, code)| (*code).try_into().ok());
        self.pending.put_slice(message.frame());
        self.send_pending().await?;
        Err(Failure::Relayed(code.map_or(SqlState::INTERNAL_ERROR, SqlState)))
    }

    async fn send_pending(&mut self) -> Result<(), Failure> {
        self.client.send(&self.pending).await?;
        self.pending.clear();
        Ok(())
    }

    pub async fn client_answer(&mut self) -> Result<Message, Failure> {
        match self.client.message(MAX_CLIENT_MESSAGE_LEN).await {
            Ok(message) if message.kind == b'p' => Ok(message),
            Ok(message) => {
                let kind = message.kind;
                Err(violation(format!("expected password response, got message type {kind}")).into())
            }
            Err(Broken::Garbled(error)) => Err(error.into()),
            Err(Broken::Closed) => Err(Failure::Gone),
        }
    }

    pub async fn ask_server(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.server.send(bytes).await.map_err(|_| server_lost().into())
    }
}

/// Reads an authentication request; whatever else a server says here makes no sense.
pub(super) fn request(message: &Message) -> Result<Request<'_>, Failure> {
    let mut body = message.body();
    if message.kind != b'R' {
        return Err(server_lost().into());
    }
    let code = body.try_get_u32().map_err(|_| server_lost())?;
    match (code, body.len()) {
        (0, 0) => Ok(Request::Ok),
        (3, 0) => Ok(Request::Cleartext),
        (5, 4) => Ok(Request::Md5),
        (10, _) => Ok(Request::Sasl(body)),
        (11, _) => Ok(Request::SaslContinue(body)),
        (12, _) => Ok(Request::SaslFinal(body)),
        (0 | 3 | 5, _) => Err(server_lost().into()),
        _ => Ok(Request::Other),
    }
}

/// The version in a server's NegotiateProtocolVersion. It was offered no option that it could refuse.
fn negotiated(body: &[u8], asked: Version) -> Result<Version, Failure> {
    let &[0, 3, high, low, 0, 0, 0, 0] = body else { return Err(server_lost().into()) };
    let version = Version { minor: u16::from_be_bytes([high, low]) };
    if version <= asked { Ok(version) } else { Err(server_lost().into()) }
}

fn report(logged_in: &mut LoggedIn, body: &[u8]) -> Result<(), Failure> {
    let (name, value) = parameter_status(body).map_err(|_| server_lost())?;
    if name == b"in_hot_standby" {
        logged_in.in_hot_standby = Some(value == b"on");
    }
    logged_in.parameters.report(&String::from_utf8_lossy(name), &String::from_utf8_lossy(value));
    Ok(())
}

/// Process id and cancel key. Protocol 3.2 allows a key of up to 256 bytes.
fn backend_key(body: &[u8]) -> Result<(u32, &[u8]), Failure> {
    let mut key = body;
    match key.try_get_u32() {
        Ok(pid) if (4..=256).contains(&key.len()) => Ok((pid, key)),
        Ok(_) | Err(_) => Err(server_lost().into()),
    }
}

fn too_long() -> Failure {
    violation("a message of the login is too long").into()
}
