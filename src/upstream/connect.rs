//! Connections to the servers.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::{TlsConnector, TlsStream};

use super::stream::{Stream, tune};
use super::tls::{ALPN, TlsSetupError, client_config};
use crate::catalog::place::Server;
use crate::config::{Config, SslNegotiation};

/// Length and code of an SSLRequest: `NEGOTIATE_SSL_CODE` in PostgreSQL's `pqcomm.h`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Every server that sessions can be relayed to, and how to reach them.
pub struct Upstream {
    servers: Vec<Arc<Server>>,
    tls: Option<Arc<ClientConfig>>,
    negotiation: SslNegotiation,
    connect_timeout: Duration,
}

/// A server that waits for a startup packet.
pub struct Connected {
    pub stream: Stream,
    /// The server's own certificate, in DER; `None` without TLS.
    pub certificate: Option<Vec<u8>>,
}

/// Why there is no connection. For the log: a client is told no more than that there is none.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("no connection within {0:?}")]
    Timeout(Duration),
    #[error("the server does not speak TLS")]
    NoTls,
    #[error("the server does not speak direct TLS")]
    NoDirectTls,
    #[error("the host's name cannot be in a certificate")]
    BadName,
}

impl Upstream {
    /// # Errors
    /// [`TlsSetupError`].
    pub fn new(config: &Config) -> Result<Self, TlsSetupError> {
        let mut servers: Vec<Arc<Server>> = Vec::new();
        for target in std::iter::once(&config.upstream.target).chain(config.databases.values()) {
            for server in &target.servers {
                if !servers.contains(server) {
                    servers.push(server.clone());
                }
            }
        }
        Ok(Self {
            servers,
            tls: client_config(&config.upstream.tls)?,
            negotiation: config.upstream.negotiation,
            connect_timeout: config.upstream.connect_timeout,
        })
    }

    /// Every server, once.
    pub fn servers(&self) -> &[Arc<Server>] {
        &self.servers
    }

    /// Connects, with TLS as configured; over a Unix socket there is none, as in libpq.
    ///
    /// # Errors
    /// [`Unreachable`].
    pub async fn connect(&self, server: &Server) -> Result<Connected, Unreachable> {
        let connecting = async {
            if server.is_local() {
                let path = Path::new(&server.host).join(format!(".s.PGSQL.{}", server.port));
                let stream = Stream::Unix(UnixStream::connect(path).await?);
                return Ok(Connected { stream, certificate: None });
            }
            let stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
            tune(&stream)?;
            match &self.tls {
                Some(config) => encrypt(stream, &server.host, config, self.negotiation).await,
                None => Ok(Connected { stream: Stream::Tcp(stream), certificate: None }),
            }
        };
        match tokio::time::timeout(self.connect_timeout, connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(Unreachable::Timeout(self.connect_timeout)),
        }
    }
}

/// Asks for TLS. One byte is read of the answer and no more, so that what somebody put behind it in clear
/// (CVE-2021-23222) is nothing but a broken handshake.
async fn encrypt(
    mut stream: TcpStream,
    host: &str,
    config: &Arc<ClientConfig>,
    negotiation: SslNegotiation,
) -> Result<Connected, Unreachable> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Unreachable::BadName)?;
    if negotiation == SslNegotiation::Postgres {
        stream.write_all(&SSL_REQUEST).await?;
        if stream.read_u8().await? != b'S' {
            return Err(Unreachable::NoTls);
        }
    }
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
    // Without a word before it, only this tells that the peer took it for PostgreSQL's protocol
    if negotiation == SslNegotiation::Direct && stream.get_ref().1.alpn_protocol() != Some(ALPN) {
        return Err(Unreachable::NoDirectTls);
    }
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificate = certificates.first().map(|certificate| certificate.to_vec());
    Ok(Connected { stream: Stream::Tls(Box::new(TlsStream::Client(stream))), certificate })
}
