//! The rule that a session is judged by, told by its decider to its observer.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// As audit records name it.
#[derive(Default)]
pub struct Rule {
    /// The policy's hash.
    pub policy: Arc<str>,
    /// The policy's role; empty for none, which denies everything protected.
    pub role: Arc<str>,
}

/// The rule of now, shared within one session.
#[derive(Clone, Default)]
pub struct CurrentRule(Arc<ArcSwap<Rule>>);

impl CurrentRule {
    pub fn set(&self, policy: &str, role: &str) {
        self.0.store(Arc::new(Rule { policy: policy.into(), role: role.into() }));
    }

    pub fn get(&self) -> Arc<Rule> {
        self.0.load_full()
    }
}
