//! Cancel requests: whose session a key belongs to, and the way to its server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use subtle::ConstantTimeEq as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::packet::CancelRequest;
use crate::catalog::place::Server;
use crate::upstream::Upstream;

/// Beyond the time to connect: for the server to take the request and close.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// Every open session's process id and cancel key, which are the server's own. Shared by all threads.
#[derive(Default)]
pub struct Registry {
    /// Two servers may give out the same process id.
    sessions: Mutex<HashMap<u32, Vec<Session>>>,
    next: AtomicU64,
}

struct Session {
    number: u64,
    key: Zeroizing<Vec<u8>>,
    server: Arc<Server>,
}

/// An entry of the registry, which goes with this value.
pub struct Registered {
    registry: Arc<Registry>,
    pid: u32,
    number: u64,
}

impl Registry {
    pub fn register(self: &Arc<Self>, pid: u32, key: &[u8], server: &Arc<Server>) -> Registered {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let session = Session { number, key: Zeroizing::new(key.to_vec()), server: Arc::clone(server) };
        self.sessions().entry(pid).or_default().push(session);
        Registered { registry: Arc::clone(self), pid, number }
    }

    /// The server of the session that the request is for.
    pub fn find(&self, request: &CancelRequest) -> Option<Arc<Server>> {
        let sessions = self.sessions();
        let mut same_pid = sessions.get(&request.pid)?.iter();
        let session = same_pid.find(|session| bool::from(session.key.ct_eq(&request.key)))?;
        Some(Arc::clone(&session.server))
    }

    /// No code under this lock can leave the map half changed.
    fn sessions(&self) -> MutexGuard<'_, HashMap<u32, Vec<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut sessions = self.registry.sessions();
        if let Some(same_pid) = sessions.get_mut(&self.pid) {
            same_pid.retain(|session| session.number != self.number);
            if same_pid.is_empty() {
                sessions.remove(&self.pid);
            }
        }
    }
}

/// Delivers a request: to the session's server, or to every server, since the session may be another proxy's. Returns
/// once each has taken it or failed; a client is never told which.
pub(super) async fn forward(request: CancelRequest, registry: &Registry, upstream: &Arc<Upstream>) {
    let servers = match registry.find(&request) {
        Some(server) => vec![server],
        None => upstream.servers().to_vec(),
    };
    let request = Arc::new(request);
    let mut deliveries = JoinSet::new();
    for server in servers {
        deliveries.spawn(deliver(Arc::clone(&request), Arc::clone(upstream), server));
    }
    while deliveries.join_next().await.is_some() {}
}

async fn deliver(request: Arc<CancelRequest>, upstream: Arc<Upstream>, server: Arc<Server>) {
    let mut stream = match upstream.connect(&server).await {
        Ok(connected) => connected.stream,
        Err(error) => {
            tracing::warn!(host = server.host, port = server.port, %error, "cancel request not delivered");
            return;
        }
    };
    let delivering = async {
        let mut packet = BytesMut::new();
        request.write(&mut packet);
        stream.write_all(&packet).await?;
        stream.flush().await?;
        // The server closes once it has acted: a client that waits for us then knows as much
        stream.read_u8().await
    };
    let _closed = tokio::time::timeout(DELIVERY_TIMEOUT, delivering).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pid: u32, key: &[u8]) -> CancelRequest {
        CancelRequest { pid, key: Zeroizing::new(key.to_vec()) }
    }

    #[test]
    fn sessions_are_found_by_pid_and_key_while_they_last() {
        let registry = Arc::new(Registry::default());
        let server = |host: &str| Arc::new(Server { host: host.to_owned(), port: 1 });
        let one = registry.register(7, b"one!", &server("a"));
        let two = registry.register(7, b"two!", &server("b"));
        let host = |pid, key: &[u8]| registry.find(&request(pid, key)).map(|server| server.host.clone());
        let cases: [(u32, &[u8], Option<&str>); 6] = [
            (7, b"one!", Some("a")),
            (7, b"two!", Some("b")),
            (7, b"six!", None),
            (7, b"one", None),
            (7, b"one!!", None),
            (8, b"one!", None),
        ];
        for (pid, key, expect) in cases {
            assert_eq!(host(pid, key).as_deref(), expect, "{pid} {key:?}");
        }
        drop(one);
        assert_eq!((host(7, b"one!"), host(7, b"two!").as_deref()), (None, Some("b")));
        drop(two);
        assert!(registry.sessions().is_empty());
    }
}
