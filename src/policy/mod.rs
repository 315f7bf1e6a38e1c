//! Policies: YAML in a directory, compiled into what analysis asks for.

mod canonical;
pub mod check;
mod code;
mod compile;
pub mod ddl;
pub mod diff;
mod filter;
pub mod located;
pub mod model;
pub mod principal;
mod raw;
mod rights;
mod store;
mod types;

pub use check::{Finding, IndexDefinition, Severity, check_live};
pub use ddl::required_ddl;
pub use diff::{Change, Direction, diff};
pub use filter::Filter;
pub use located::{PolicyError, PolicyErrors};
pub use model::*;
pub use principal::{Network, Principal};
pub use raw::json_schema;
pub use store::{PolicySet, PolicyStore};
pub use types::parse_type;

#[cfg(test)]
mod tests;
