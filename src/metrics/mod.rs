//! What monitoring sees: counters without names of callers, statements or values, and three pages over HTTP.
//!
//! Labels come from fixed lists ([`Decision`], [`ValueAction`], [`Phase`], a refusal's `reason`), so the number of
//! series is bounded. Counting is one atomic addition; nothing on the path of a row looks a label up.

mod listener;
mod registry;

pub use listener::{Admin, NotReady, serve};
pub use registry::{Decision, Metrics, Phase, ValueAction};
