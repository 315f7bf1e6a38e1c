//! The proxy's own login, over TLS or in clear.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{AsyncMessage, Client};
use zeroize::Zeroizing;

use super::load::sql;
use super::place::{Server, ServerState, SessionAttrs, Target};

/// Where and as whom the proxy reads the catalog. Any role that may connect will do.
#[derive(Clone)]
pub struct Login {
    pub target: Target,
    pub database: String,
    pub user: String,
    pub password: Option<Arc<Zeroizing<String>>>,
    /// Set: the server must speak TLS and satisfy this configuration. Not set: no TLS, nor over a Unix socket.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// TLS begins with the first byte.
    pub direct_tls: bool,
    pub connect_timeout: Duration,
}

/// What arrives on the connection besides answers.
pub type Notified = tokio::sync::mpsc::Receiver<()>;

/// A login at the wanted server.
pub struct Connected {
    pub client: Client,
    /// Yields once per batch of notifications and ends when the connection does.
    pub notified: Notified,
    pub server: Arc<Server>,
    pub state: ServerState,
    /// Which database it is, and since when the server runs: as long as this holds its transactions are numbered upward.
    pub since: String,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("{server}: {source}")]
    Server { server: Arc<Server>, source: tokio_postgres::Error },
    #[error("no server that can be reached is {0}")]
    NoneWanted(SessionAttrs),
}

/// Connects to the first server that will do, `first` before the others, and starts the task that drives the connection;
/// it ends with the client.
///
/// # Errors
/// None will do: why the last one does not.
pub async fn connect(login: &Login, first: Option<&Arc<Server>>) -> Result<Connected, ConnectError> {
    let wanted = login.target.wanted;
    let mut second_choice = None;
    let mut error = ConnectError::NoneWanted(wanted);
    let rest = login.target.servers.iter().filter(|server| first != Some(*server));
    for server in first.into_iter().chain(rest) {
        match connect_to(login, server).await {
            Ok(connected) if wanted == SessionAttrs::PreferStandby && !connected.state.is_standby => {
                second_choice.get_or_insert(connected);
            }
            Ok(connected) if wanted.accepts(connected.state) => return Ok(connected),
            Ok(_) => {}
            Err(source) => error = ConnectError::Server { server: server.clone(), source },
        }
    }
    second_choice.ok_or(error)
}

async fn connect_to(login: &Login, server: &Arc<Server>) -> Result<Connected, tokio_postgres::Error> {
    let (client, notified) = log_in(login, server).await?;
    let row = client.query_one(sql::STATE, &[]).await?;
    let state = ServerState { is_standby: row.try_get(0)?, is_read_only: row.try_get(1)? };
    Ok(Connected { client, notified, server: server.clone(), state, since: row.try_get(2)? })
}

async fn log_in(login: &Login, server: &Server) -> Result<(Client, Notified), tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host(&server.host).port(server.port).dbname(&login.database).user(&login.user);
    config.application_name("pgveil catalog").connect_timeout(login.connect_timeout);
    if let Some(password) = &login.password {
        config.password(password.as_bytes());
    }
    match login.tls.as_ref().filter(|_| !server.is_local()) {
        Some(tls) => {
            config.ssl_mode(SslMode::Require);
            if login.direct_tls {
                config.ssl_negotiation(SslNegotiation::Direct);
            }
            let (client, connection) = config.connect(RustlsConnector(tls.clone())).await?;
            Ok((client, drive(connection)))
        }
        None => {
            config.ssl_mode(SslMode::Disable);
            let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
            Ok((client, drive(connection)))
        }
    }
}

fn drive<S, T>(mut connection: tokio_postgres::Connection<S, T>) -> Notified
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // One slot: a notification that finds another waiting says nothing new.
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(_) = message {
                let _full_is_fine = sender.try_send(());
            }
        }
    });
    receiver
}

/// Upstream TLS for tokio-postgres with a rustls configuration.
#[derive(Clone)]
pub struct RustlsConnector(pub Arc<rustls::ClientConfig>);

impl<S> MakeTlsConnect<S> for RustlsConnector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = RustlsStream<S>;
    type TlsConnect = RustlsHandshake;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, domain: &str) -> Result<RustlsHandshake, Self::Error> {
        let server = ServerName::try_from(domain.to_owned())?;
        Ok(RustlsHandshake { connector: tokio_rustls::TlsConnector::from(self.0.clone()), server })
    }
}

/// A handshake about to begin.
pub struct RustlsHandshake {
    connector: tokio_rustls::TlsConnector,
    server: ServerName<'static>,
}

impl<S> TlsConnect<S> for RustlsHandshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = RustlsStream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<RustlsStream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { self.connector.connect(self.server, stream).await.map(|s| RustlsStream(Box::new(s))) })
    }
}

/// A TLS connection to the server. Offers no channel binding: the certificate check stands for it.
pub struct RustlsStream<S = TcpStream>(Box<tokio_rustls::client::TlsStream<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for RustlsStream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for RustlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for RustlsStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(context)
    }
}
