//! Long texts are decided on another thread: a session shares its own with others, who would wait.
//!
//! The client's message stays unconsumed meanwhile, and is asked about again once the other thread has done.

use std::cell::Cell;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::Hurdle;
use super::cache::Key;
use crate::plan::{Change, PreparedSql};
use crate::session::{Parameters, SessionView, StatementDecision, TransactionStatus};

/// What the other thread found.
pub(super) struct Outcome {
    pub decisions: Result<Vec<StatementDecision>, Hurdle>,
    /// The text names prepared statements or cursors, which only the session knows: its decisions are void.
    pub asked_names: bool,
}

/// A session's long text, at most one at a time; the key stands for text and situation.
#[derive(Default)]
pub(super) enum Aside {
    #[default]
    Nothing,
    Deciding(Key, JoinHandle<Outcome>),
    Decided(Key, Outcome),
}

impl Aside {
    /// The outcome for this key; any other is forgotten.
    pub fn take(&mut self, key: Key) -> Option<Outcome> {
        match std::mem::take(self) {
            Self::Decided(decided, outcome) if decided == key => Some(outcome),
            Self::Nothing | Self::Deciding(..) | Self::Decided(..) => None,
        }
    }

    /// Has it decided elsewhere; false where there is no elsewhere.
    pub fn start(&mut self, key: Key, work: impl FnOnce() -> Outcome + Send + 'static) -> bool {
        let Ok(runtime) = Handle::try_current() else { return false };
        *self = Self::Deciding(key, runtime.spawn_blocking(work));
        true
    }

    /// Ready once the other thread has done; `None` where nothing is under way.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Option<Poll<()>> {
        let Self::Deciding(key, deciding) = self else { return None };
        let key = *key;
        Some(poll(deciding, context).map(|outcome| *self = outcome.map_or(Self::Nothing, |o| Self::Decided(key, o))))
    }
}

/// A panic goes on here, where it ends the session.
fn poll(deciding: &mut JoinHandle<Outcome>, context: &mut Context<'_>) -> Poll<Option<Outcome>> {
    match ready!(Pin::new(deciding).poll(context)) {
        Ok(outcome) => Poll::Ready(Some(outcome)),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Poll::Ready(None),
        },
    }
}

/// The session as another thread may see it: its settings, and that names were asked for.
pub(super) struct Nameless {
    pub parameters: Parameters,
    pub transaction: TransactionStatus,
    pub settings_unsure: bool,
    pub asked: Cell<bool>,
}

impl Nameless {
    /// Only for a session whose catalog is not unsure: then it has no views of its own either.
    pub fn of(view: &dyn SessionView) -> Self {
        Self {
            parameters: view.parameters().clone(),
            transaction: view.transaction(),
            settings_unsure: view.settings_unsure(),
            asked: Cell::new(false),
        }
    }
}

impl SessionView for Nameless {
    fn prepared(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        self.asked.set(true);
        None
    }

    fn cursor(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        self.asked.set(true);
        None
    }

    fn view(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }

    fn changed(&self, _: &str) -> Option<Change> {
        None
    }

    fn transaction(&self) -> TransactionStatus {
        self.transaction
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn catalog_unsure(&self) -> bool {
        false
    }

    fn settings_unsure(&self) -> bool {
        self.settings_unsure
    }
}
