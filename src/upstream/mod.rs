//! The leg to the servers: where each database is, and a connection there.

mod connect;
mod stream;
mod tls;

pub use connect::{Connected, Unreachable, Upstream};
pub use stream::{Stream, tune};
pub use tls::{ALPN, TlsSetupError, client_config, load_identity, load_roots, provider};
