//! `/metrics`, `/livez` and `/readyz` on a listener of their own: as much of HTTP/1.1 as a GET needs.
//!
//! Every connection is one request with a bounded head and a bounded time; more than a few at once wait.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::registry::Metrics;
use crate::audit;

const MAX_HEAD_LEN: usize = 8192;
const MAX_CONNECTIONS: usize = 16;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// After a failed accept (out of descriptors, say) a short pause keeps the loop from spinning.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why `/readyz` says 503, in a few words without names or values.
pub type NotReady = &'static str;

/// What the pages are made from.
pub struct Admin {
    pub metrics: Arc<Metrics>,
    pub audit: Option<Arc<audit::AuditLog>>,
    /// Takes what is measured by looking, before each page.
    pub look: Box<dyn Fn(&Metrics) + Send + Sync>,
    /// Whether sessions can be served: not while draining, without keys, without a catalog.
    pub ready: Box<dyn Fn() -> Result<(), NotReady> + Send + Sync>,
}

/// Serves until the task is dropped. Bind to loopback unless the network is trusted: there is no authentication.
pub async fn serve(listener: TcpListener, admin: Arc<Admin>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let admin = Arc::clone(&admin);
                tokio::spawn(async move {
                    // A peer that goes away or dawdles is its own loss.
                    let _ = tokio::time::timeout(REQUEST_TIMEOUT, answer(stream, &admin)).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "admin listener cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

struct Response {
    status: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
}

async fn answer(mut stream: TcpStream, admin: &Admin) -> io::Result<()> {
    let response = match read_head(&mut stream).await? {
        Some(head) => respond(&head, admin),
        None => text("431 Request Header Fields Too Large", "request too large\n"),
    };
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        response.status,
        response.content_type,
        response.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&response.body).await?;
    stream.shutdown().await
}

/// Reads up to the empty line. `None` where it does not come within [`MAX_HEAD_LEN`].
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if head.len() >= MAX_HEAD_LEN {
            return Ok(None);
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Some(head))
}

fn respond(head: &[u8], admin: &Admin) -> Response {
    let line = head.split(|&b| b == b'\r').next().unwrap_or_default();
    let mut words = line.split(|&b| b == b' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method != b"GET" {
        return text("405 Method Not Allowed", "only GET\n");
    }
    match target.split(|&b| b == b'?').next().unwrap_or_default() {
        b"/livez" => text("200 OK", "ok\n"),
        b"/readyz" => match ready(admin) {
            Ok(()) => text("200 OK", "ready\n"),
            Err(reason) => text("503 Service Unavailable", reason),
        },
        b"/metrics" => match looked(admin).metrics.render(admin.audit.as_ref().map(|log| log.status())) {
            Ok(body) => Response { status: "200 OK", content_type: "text/plain; version=0.0.4", body },
            Err(_) => text("500 Internal Server Error", "metrics cannot be encoded\n"),
        },
        _ => text("404 Not Found", "try /metrics, /livez or /readyz\n"),
    }
}

fn looked(admin: &Admin) -> &Admin {
    (admin.look)(&admin.metrics);
    admin
}

fn ready(admin: &Admin) -> Result<(), NotReady> {
    if admin.audit.as_ref().is_some_and(|log| !log.status().writable) {
        return Err("the audit trail cannot be written");
    }
    (admin.ready)()
}

fn text(status: &'static str, body: &str) -> Response {
    Response { status, content_type: "text/plain; charset=utf-8", body: body.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(request: &[u8], ready: Result<(), NotReady>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let admin = Arc::new(Admin { metrics, audit: None, look: Box::new(|_| {}), ready: Box::new(move || ready) });
        let server = tokio::spawn(serve(listener, admin));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        // The peer may close before it has read all of an oversized request, which resets the connection.
        let _ = stream.read_to_end(&mut answer).await;
        server.abort();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn pages() {
        type Case = (&'static [u8], Result<(), NotReady>, &'static str, &'static str);
        let cases: [Case; 7] = [
            (b"GET /livez HTTP/1.1\r\n\r\n", Err("no"), "200", "ok"),
            (b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", Ok(()), "200", "ready"),
            (b"GET /readyz HTTP/1.1\r\n\r\n", Err("draining"), "503", "draining"),
            (b"GET /metrics?x=1 HTTP/1.1\r\n\r\n", Ok(()), "200", "pgveil_up 1"),
            (b"GET / HTTP/1.1\r\n\r\n", Ok(()), "404", "/metrics"),
            (b"POST /metrics HTTP/1.1\r\n\r\n", Ok(()), "405", "only GET"),
            (b"\r\n\r\n", Ok(()), "405", "only GET"),
        ];
        for (request, ready, status, body) in cases {
            let answer = ask(request, ready).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(body), "{answer}");
        }
    }

    #[tokio::test]
    async fn an_endless_head_is_cut_off() {
        let answer = ask(&[b'a'; MAX_HEAD_LEN], Ok(())).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}
