//! The sample bank: a schema, its protected form, and rows to fill it.

pub mod bank;
mod names;
pub mod schema;
