//! From an accepted connection to a session that PostgreSQL has authenticated, with both its sockets.
//!
//! ```text
//! Socket ─ knock (TLS, requests) ─▶ startup packet ─▶ upstream ─ login (authentication relayed) ─▶ Admitted
//!                                └▶ cancel request ─▶ every server that may hold its session
//! ```
//!
//! The database authenticates; the proxy relays its questions and the client's answers, message by message. Only where
//! both legs are TLS does it end SCRAM itself, since a channel binding cannot pass through it ([`scram`]).
//!
//! Architecture invariant: no password is stored, logged or kept beyond the message that carries it.

mod cancel;
mod certificate;
mod channel;
mod establish;
mod gate;
mod knock;
mod login;
mod packet;
mod sasl;
pub mod scram;
mod turned;

pub use establish::{Admitted, LoginFacts, Peer, Place, establish};
pub use gate::{Gate, GateError};
pub use knock::Socket;
pub use packet::{Startup, Version};
pub use turned::{Claimed, RefusedLogin, Turned};
