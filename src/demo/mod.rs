//! The sample bank: a schema, its protected form, and rows to fill it.

pub mod bank;
pub mod config;
mod names;
pub mod schema;
