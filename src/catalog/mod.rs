//! The database's catalog as a snapshot: what names mean.

pub mod model;

pub use model::*;
