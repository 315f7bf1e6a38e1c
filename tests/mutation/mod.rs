//! The mutation fuzz's parts: mutators, and an oracle that shares no code with the analysis.

pub mod mutate;
pub mod oracle;
pub mod tree;
