//! One client session after authentication, without sockets: the types its driver, its decider and its
//! observer meet at.
//!
//! ```text
//! client bytes ─ on_client ─▶ Decider ─▶ Outbox::to_server
//! server bytes ─ on_server ─▶ plan, reveal ─▶ Outbox::to_client
//! ```
//!
//! Architecture invariant: nothing here decides about SQL; every text goes through the [`Decider`].

mod decider;
mod observer;
mod step;
mod view;

pub use decider::{Decided, Decider, QueryDecision, StatementDecision};
pub use observer::{Ended, Observer, StatementId};
pub use step::{Fatal, Outbox, Step};
pub use view::{Parameters, SessionView, TransactionStatus};
