//! From an accepted socket to the first packet that says what the client wants, through TLS if it asks for that.
//!
//! Architecture invariant: until the startup packet is whole, no byte is read that does not belong to the packet at
//! hand. So nothing in clear can be left over for a TLS session to find (CVE-2021-23214).

use std::io;
use std::sync::Arc;
use std::task::Poll;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::certificate::common_name;
use super::packet::{GSSENC_REQUEST, Packet, SSL_REQUEST, body_len, unsupported};
use super::scram::EndPoint;
use super::turned::Failure;
use crate::upstream::{ALPN, Stream, tune};
use crate::wire::frame::violation;

/// A record of TLS's handshake: no PostgreSQL packet is long enough to begin with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// An accepted connection.
pub enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// TLS toward clients.
pub(super) struct ClientTls {
    pub config: Arc<ServerConfig>,
    /// Of our certificate, for channel binding.
    pub end_point: Option<EndPoint>,
    /// Over TCP no login is taken without.
    pub is_required: bool,
}

/// A client that said what it wants.
pub(super) struct Knock {
    pub stream: Stream,
    pub tls_subject: Option<String>,
    /// A startup packet or a cancel request.
    pub packet: Result<Packet, Failure>,
}

/// # Errors
/// The client is gone or failed the handshake.
pub(super) async fn knock(tls: Option<&ClientTls>, socket: Socket) -> io::Result<Knock> {
    let stream = match socket {
        Socket::Unix(stream) => return plain(Stream::Unix(stream), None).await,
        Socket::Tcp(stream) => stream,
    };
    tune(&stream)?;
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first == [TLS_HANDSHAKE] {
        direct(stream, tls).await
    } else {
        plain(Stream::Tcp(stream), tls).await
    }
}

/// TLS from the first byte, as libpq's `sslnegotiation=direct`. ALPN is what tells it from other protocols.
async fn direct(stream: TcpStream, tls: Option<&ClientTls>) -> io::Result<Knock> {
    let tls = tls.ok_or(io::ErrorKind::Unsupported)?;
    let (stream, tls_subject, alpn) = accept(stream, tls).await?;
    if alpn.as_deref() == Some(ALPN) {
        return Ok(inside(stream, tls_subject).await);
    }
    let message = "received direct SSL connection request without ALPN protocol negotiation extension";
    Ok(Knock { stream, tls_subject, packet: Err(violation(message).into()) })
}

/// Begins in clear.
async fn plain(mut stream: Stream, tls: Option<&ClientTls>) -> io::Result<Knock> {
    let wanted = negotiate(&mut stream, tls.is_some()).await;
    match (wanted, tls, stream) {
        (Ok(Wanted::Tls), Some(tls), Stream::Tcp(stream)) => {
            let (stream, tls_subject, _) = accept(stream, tls).await?;
            Ok(inside(stream, tls_subject).await)
        }
        // Not offered, so not wanted
        (Ok(Wanted::Tls), _, _) => Err(io::ErrorKind::Unsupported.into()),
        (Ok(Wanted::Packet(packet)), _, stream) => Ok(Knock { stream, tls_subject: None, packet: Ok(packet) }),
        (Err(failure), _, stream) => Ok(Knock { stream, tls_subject: None, packet: Err(failure) }),
    }
}

/// What comes after the client's requests for encryption are answered.
enum Wanted {
    Tls,
    Packet(Packet),
}

/// Each kind of encryption may be asked for once.
async fn negotiate(stream: &mut Stream, offers_tls: bool) -> Result<Wanted, Failure> {
    let (mut has_asked_tls, mut has_asked_gss) = (false, false);
    loop {
        match receive(stream).await? {
            Packet::SslRequest if !has_asked_tls && offers_tls => {
                return answer(stream, b'S').await.map(|()| Wanted::Tls);
            }
            Packet::SslRequest if !has_asked_tls => has_asked_tls = true,
            Packet::GssEncRequest if !has_asked_gss => has_asked_gss = true,
            other => return no_more_requests(other).map(Wanted::Packet),
        }
        answer(stream, b'N').await?;
    }
}

async fn inside(mut stream: Stream, tls_subject: Option<String>) -> Knock {
    let packet = receive(&mut stream).await.and_then(no_more_requests);
    Knock { stream, tls_subject, packet }
}

fn no_more_requests(packet: Packet) -> Result<Packet, Failure> {
    match packet {
        Packet::Startup(_) | Packet::Cancel(_) => Ok(packet),
        Packet::SslRequest => Err(unsupported(SSL_REQUEST).into()),
        Packet::GssEncRequest => Err(unsupported(GSSENC_REQUEST).into()),
    }
}

/// Reads one packet and not a byte more.
async fn receive(stream: &mut Stream) -> Result<Packet, Failure> {
    let mut announced = [0; 4];
    stream.read_exact(&mut announced).await?;
    let mut body = vec![0; body_len(announced)?];
    stream.read_exact(&mut body).await?;
    Ok(Packet::parse(&body)?)
}

/// Answers a request for encryption. Who asks waits for the answer: bytes that are there already were put behind the
/// request by somebody else, and would pass for the client's.
async fn answer(stream: &mut Stream, reply: u8) -> Result<(), Failure> {
    if has_more(stream).await? {
        return Err(violation("received unencrypted data after SSL or GSSAPI encryption request").into());
    }
    stream.write_all(&[reply]).await?;
    Ok(stream.flush().await?)
}

/// Whether more bytes have come, without taking or awaiting them. Over a Unix socket nobody stands between.
async fn has_more(stream: &mut Stream) -> io::Result<bool> {
    let Stream::Tcp(stream) = stream else { return Ok(false) };
    let mut byte = [0];
    let mut byte = ReadBuf::new(&mut byte);
    std::future::poll_fn(|context| match stream.poll_peek(context, &mut byte) {
        Poll::Ready(Ok(len)) => Poll::Ready(Ok(len > 0)),
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending => Poll::Ready(Ok(false)),
    })
    .await
}

/// The handshake: the stream, the common name of the client's certificate, and the protocol agreed on.
async fn accept(stream: TcpStream, tls: &ClientTls) -> io::Result<(Stream, Option<String>, Option<Vec<u8>>)> {
    let stream = TlsAcceptor::from(Arc::clone(&tls.config)).accept(stream).await?;
    let connection = stream.get_ref().1;
    let certificate = connection.peer_certificates().unwrap_or_default().first();
    let subject = certificate.and_then(|certificate| common_name(certificate));
    let alpn = connection.alpn_protocol().map(<[u8]>::to_vec);
    Ok((Stream::Tls(Box::new(TlsStream::Server(stream))), subject, alpn))
}
