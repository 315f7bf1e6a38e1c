//! The sample bank: a schema, its protected form, and rows to fill it; and the demo that runs it.
//!
//! The demo knows the proxy from outside only: it starts `pgveil serve` and talks to it as any client does.

pub mod bank;
pub mod check;
pub mod config;
mod names;
pub mod postgres;
pub mod proxy;
pub mod schema;
pub mod setup;
pub mod show;
pub mod table;
