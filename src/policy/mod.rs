//! Policies: YAML in a directory, compiled into what analysis asks for.

pub mod model;

pub use model::*;
