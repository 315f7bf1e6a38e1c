//! pgveil: a transparent encryption and masking proxy for PostgreSQL.
#![forbid(unsafe_code)]

pub mod audit;
pub mod catalog;
pub mod cli;
pub mod demo;
pub mod log;
pub mod mask;
pub mod metrics;
pub mod plan;
pub mod policy;
pub mod session;
pub mod value;
pub mod wire;
