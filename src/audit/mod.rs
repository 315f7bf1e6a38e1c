//! The audit trail: who saw what, in a chain of lines that cannot be changed unnoticed.
//!
//! ```text
//! session threads ── Event ──▶ bounded queue ── writer thread ── one write() per batch ──▶ audit-<writer>-<seq>.jsonl
//!        ◀──────── receipt of an opening record ──────┘                └─ syncer thread: fsync, heads file
//! ```
//!
//! A statement on protected data writes an *opening* record, and its first row waits until that record has been
//! handed to the operating system (or, with [`Durability::Synced`], is on the disk). A *closing* record tells how it
//! ended. While the trail cannot be written such statements are refused (58030); it recovers by itself.
//!
//! What the chain proves: see [`verify`]. What it does not: a tail cut after the last head kept elsewhere, and
//! anything done by somebody who holds the key.
//!
//! Architecture invariant: no record has a place for a value; see [`event`].

mod chain;
pub mod config;
pub mod event;
mod heads;
pub mod key;
mod queue;
mod statement;
mod store;
pub mod verify;
mod writer;

pub use chain::{Algorithm, AuditKey, Hash, Head, KeyTooShort};
pub use config::Config;
pub use event::{Closing, Event, Opening, Outcome, Refused, SessionFacts};
pub use statement::Statement;
pub use store::OpenError;
pub use writer::{AuditLog, Durability, Receipt, Settings, Status, Unwritable};
