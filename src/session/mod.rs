//! One client session after authentication, without sockets: the types its driver, its decider and its
//! observer meet at, and the state machine between them.
//!
//! ```text
//! client bytes ─ on_client ─▶ Decider ─▶ Outbox::to_server
//!                    │ what is asked
//!                    ▼
//!              queue of answers to come
//!                    │ what the answer belongs to
//!                    ▼
//! server bytes ─ on_server ─▶ plan, reveal ─▶ Outbox::to_client
//! ```
//!
//! Architecture invariant: nothing here decides about SQL; every text goes through the [`Decider`].
//!
//! Architecture invariant: a message of the server that no request explains ends the session.
//!
//! Architecture invariant: what is refused is answered in its place. A failing statement of the proxy's own goes
//! upstream where the refused one would have, so the server itself decides what becomes of the transaction.

mod answer;
mod ask;
mod books;
mod call;
mod client;
mod copy;
mod decider;
mod extended;
mod failure;
mod machine;
mod names;
mod observer;
mod pending;
mod query;
mod server;
mod step;
mod text;
mod view;

#[cfg(test)]
mod tests;

pub use decider::{Call, Decided, Decider, QueryDecision, StatementDecision};
pub use machine::Session;
pub use observer::{Account, Ended, Observer, StatementId};
pub use step::{Fatal, Outbox, Step};
pub use view::{Parameters, SessionView, TransactionStatus};
