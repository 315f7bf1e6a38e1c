//! Connections to the servers.

use std::collections::HashMap;
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
use super::tls::{TlsSetupError, client_config};
use crate::config::{Config, Server};

/// Length and code of an SSLRequest: `NEGOTIATE_SSL_CODE` in PostgreSQL's `pqcomm.h`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Every server that sessions can be relayed to, and how to reach them.
pub struct Upstream {
    default: Arc<Server>,
    databases: HashMap<String, Arc<Server>>,
    tls: Option<Arc<ClientConfig>>,
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
    #[error("the host's name cannot be in a certificate")]
    BadName,
}

impl Upstream {
    /// # Errors
    /// [`TlsSetupError`].
    pub fn new(config: &Config) -> Result<Self, TlsSetupError> {
        let default = Arc::new(config.upstream.server.clone());
        let databases = config.databases.iter().map(|(name, server)| (name.clone(), Arc::new(server.clone())));
        Ok(Self {
            default,
            databases: databases.collect(),
            tls: client_config(&config.upstream.tls)?,
            connect_timeout: config.upstream.connect_timeout,
        })
    }

    /// Where a database is.
    pub fn server(&self, database: &str) -> &Arc<Server> {
        self.databases.get(database).unwrap_or(&self.default)
    }

    /// Every server, once.
    pub fn servers(&self) -> Vec<&Arc<Server>> {
        let mut servers = vec![&self.default];
        for server in self.databases.values() {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        servers
    }

    /// Connects, with TLS as configured; over a Unix socket there is none, as in libpq.
    ///
    /// # Errors
    /// [`Unreachable`].
    pub async fn connect(&self, server: &Server) -> Result<Connected, Unreachable> {
        let connecting = async {
            if server.host.starts_with('/') {
                let path = Path::new(&server.host).join(format!(".s.PGSQL.{}", server.port));
                let stream = Stream::Unix(UnixStream::connect(path).await?);
                return Ok(Connected { stream, certificate: None });
            }
            let stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
            tune(&stream)?;
            match &self.tls {
                Some(config) => encrypt(stream, &server.host, config).await,
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
async fn encrypt(mut stream: TcpStream, host: &str, config: &Arc<ClientConfig>) -> Result<Connected, Unreachable> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Unreachable::BadName)?;
    stream.write_all(&SSL_REQUEST).await?;
    if stream.read_u8().await? != b'S' {
        return Err(Unreachable::NoTls);
    }
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificate = certificates.first().map(|certificate| certificate.to_vec());
    Ok(Connected { stream: Stream::Tls(Box::new(TlsStream::Client(stream))), certificate })
}
