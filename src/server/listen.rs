//! The listening sockets, and which thread gets a connection.

use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::{TcpListener, UnixListener};

use super::worker::{Accepted, Pool};

/// Connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 1024;
/// After a failed accept (out of descriptors, say) a short pause keeps the loop from spinning.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Sockets that are bound and do not listen yet: an address that is in use shows at once, and nobody connects
/// before sessions can be served.
pub struct Bound {
    tcp: Socket,
    unix: Option<(Socket, PathBuf)>,
}

/// Sockets that listen.
pub struct Listeners {
    tcp: TcpListener,
    unix: Option<(UnixListener, PathBuf)>,
}

impl Bound {
    /// # Errors
    /// The address is in use or not ours.
    pub fn new(address: SocketAddr, unix: Option<&Path>) -> io::Result<Self> {
        let tcp = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        tcp.set_reuse_address(true)?;
        tcp.set_nonblocking(true)?;
        tcp.bind(&SockAddr::from(address))?;
        let unix = unix.map(bind_unix).transpose()?;
        Ok(Self { tcp, unix })
    }

    /// Begins to listen; on the runtime that will accept.
    ///
    /// # Errors
    /// The operating system's.
    pub fn listen(self) -> io::Result<Listeners> {
        self.tcp.listen(BACKLOG)?;
        let tcp = TcpListener::from_std(self.tcp.into())?;
        let unix = match self.unix {
            Some((socket, path)) => {
                socket.listen(BACKLOG)?;
                Some((UnixListener::from_std(socket.into())?, path))
            }
            None => None,
        };
        Ok(Listeners { tcp, unix })
    }
}

/// A socket left behind by a process that is gone is replaced, nothing else. Every account may connect, whatever the
/// umask: PostgreSQL's `unix_socket_permissions`. A directory can keep them out.
fn bind_unix(path: &Path) -> io::Result<(Socket, PathBuf)> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    if is_socket && std::os::unix::net::UnixStream::connect(path).is_err() {
        std::fs::remove_file(path)?;
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o777))?;
    Ok((socket, path.to_owned()))
}

impl Listeners {
    /// Accepts and hands on until dropped.
    pub async fn accept(&self, pool: Arc<Pool>) {
        loop {
            match self.next().await {
                Ok(accepted) => pool.take(accepted),
                Err(error) => {
                    tracing::warn!(%error, "connections cannot be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn next(&self) -> io::Result<Accepted> {
        let unix = async {
            match &self.unix {
                Some((listener, _)) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = self.tcp.accept() => {
                let (stream, peer) = accepted?;
                Ok(Accepted::Tcp(stream.into_std()?, peer))
            }
            accepted = unix => Ok(Accepted::Unix(accepted?.0.into_std()?)),
        }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        if let Some((_, path)) = &self.unix {
            // Whatever is there now does no harm: the next start replaces it.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_in_use_shows_before_anybody_can_connect() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let bound = Bound::new("127.0.0.1:0".parse().unwrap(), Some(&path)).unwrap();
        let address = bound.tcp.local_addr().unwrap().as_socket().unwrap();
        assert!(std::net::TcpStream::connect(address).is_err(), "not yet");
        let listeners = bound.listen().unwrap();
        assert!(Bound::new(address, None).is_err());
        assert!(Bound::new("127.0.0.1:0".parse().unwrap(), Some(&path)).is_err(), "a live socket stays");
        let client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        assert!(matches!(listeners.next().await.unwrap(), Accepted::Unix(_)));
        drop((client, listeners));
        assert!(!path.exists());
    }
}
