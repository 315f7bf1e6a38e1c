//! The rule that a session is judged by, told by its decider to its observer.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// As audit records name it.
#[derive(Clone, Default)]
pub struct Rule {
    /// The policy's hash.
    pub policy: Arc<str>,
    /// The policy's role; empty for none, which denies everything protected.
    pub role: Arc<str>,
}

/// The rule of now, shared within one session.
#[derive(Clone, Default)]
pub struct CurrentRule(Rc<RefCell<Rule>>);

impl CurrentRule {
    pub fn set(&self, policy: &str, role: &str) {
        self.0.replace(Rule { policy: policy.into(), role: role.into() });
    }

    pub fn get(&self) -> Rule {
        self.0.borrow().clone()
    }
}
