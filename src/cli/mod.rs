//! The command line: one file per subcommand.

pub mod audit;
pub mod demo;
pub mod policy;
