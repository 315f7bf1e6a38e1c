//! Names that a client gave to statements and portals, while the server has not yet answered whether it took them.
//!
//! What the server has confirmed is kept apart from what is only asked for. A message that an error makes the server
//! skip takes its change with it, so the proxy never believes in a definition that the server does not have.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::plan::{PreparedSql, Verdict};
use crate::wire::{PgError, SqlState};

/// How many names of one kind a session may hold.
pub(super) const MAX_NAMES: usize = 10_000;

/// `NAMEDATALEN - 1`: names that agree in so many bytes are one name to the server.
/// Source: PostgreSQL `src/backend/commands/prepare.c` and `src/backend/utils/mmgr/portalmem.c`.
const MAX_NAME_LEN: usize = 63;

/// A prepared statement.
#[derive(Clone)]
pub(super) struct Statement {
    pub prepared: Arc<PreparedSql>,
    pub basis: Basis,
    /// By SQL PREPARE: the proxy cannot prepare it again under its name.
    pub by_sql: bool,
}

/// What a verdict on a prepared statement rests on: the server resolves its names again when any of it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Basis {
    /// The decider's.
    pub epoch: u64,
    /// The session's: catalog and settings as its own statements changed them.
    pub revision: u64,
}

/// A portal, or a cursor that SQL declared.
#[derive(Clone)]
pub(super) struct Portal {
    pub prepared: Arc<PreparedSql>,
    /// The decider's at the decision. The server has resolved the names for good.
    pub epoch: u64,
    /// The result formats of its Bind, as they were on the wire.
    pub formats: Arc<[u8]>,
    /// Outlives its transaction.
    pub hold: bool,
}

/// What names are given to.
pub(super) trait Definition {
    /// Whether it is passed: its messages go to and fro as they are.
    fn is_passed(&self) -> bool;
}

impl Definition for Statement {
    fn is_passed(&self) -> bool {
        matches!(self.prepared.verdict, Verdict::Pass(_))
    }
}

impl Definition for Portal {
    fn is_passed(&self) -> bool {
        matches!(self.prepared.verdict, Verdict::Pass(_))
    }
}

/// What a name stands for once every message sent so far has been answered.
pub(super) enum Found<'a, T> {
    Known(&'a T),
    Unknown,
    /// It depends on answers that are still to come.
    Unsettled,
}

/// One name space.
pub(super) struct Names<T> {
    confirmed: HashMap<String, T>,
    /// In the order of the messages that ask for them.
    asked: VecDeque<Change<T>>,
}

struct Change<T> {
    /// The message that asks for it.
    seq: u64,
    /// Counts Syncs: an error skips the rest of its own batch, never of a later one.
    batch: u64,
    name: String,
    /// `None`: the name is given up.
    to: Option<T>,
}

impl<T: Definition> Names<T> {
    pub fn new() -> Self {
        Self { confirmed: HashMap::new(), asked: VecDeque::new() }
    }

    /// `batch` is the asking message's own: changes of the same batch are certain to it, since whatever undoes them
    /// makes the server skip the message too.
    pub fn find(&self, name: &str, batch: u64) -> Found<'_, T> {
        let mut changes = self.asked.iter().rev().filter(|change| change.name == name).peekable();
        let confirmed = self.confirmed.get(name);
        let Some(newest) = changes.peek().copied() else { return confirmed.map_or(Found::Unknown, Found::Known) };
        let is_certain = newest.batch == batch;
        let newest = newest.to.as_ref();
        if is_certain {
            return newest.map_or(Found::Unknown, Found::Known);
        }
        let mut defined = changes.filter_map(|change| change.to.as_ref()).chain(confirmed);
        match (newest, defined.next(), defined.next()) {
            (None, None, _) => Found::Unknown,
            (Some(newest), _, None) => Found::Known(newest),
            (Some(newest), _, _) if self.all_passed(name) => Found::Known(newest),
            _ => Found::Unsettled,
        }
    }

    /// Whether no earlier batch has yet to be answered about the name.
    pub fn is_settled(&self, name: &str, batch: u64) -> bool {
        !self.asked.iter().any(|change| change.name == name && change.batch != batch)
    }

    fn all_passed(&self, name: &str) -> bool {
        let asked = self.asked.iter().filter(|change| change.name == name).filter_map(|change| change.to.as_ref());
        asked.chain(self.confirmed.get(name)).all(T::is_passed)
    }

    /// The message `seq` asks the server for this.
    pub fn ask(&mut self, seq: u64, batch: u64, name: String, to: Option<T>) {
        self.asked.push_back(Change { seq, batch, name, to });
    }

    /// The message `seq` has been answered, or skipped. To be called in the order of the messages.
    pub fn settle(&mut self, seq: u64, succeeded: bool) {
        while self.asked.front().is_some_and(|change| change.seq == seq) {
            let Some(Change { name, to, .. }) = self.asked.pop_front() else { return };
            if succeeded {
                self.set(name, to);
            }
        }
    }

    /// The server has read the message `seq` and failed. What it had as unnamed it has dropped before it read on.
    /// Source: PostgreSQL `src/backend/tcop/postgres.c`, `exec_parse_message`.
    pub fn fail(&mut self, seq: u64) {
        while self.asked.front().is_some_and(|change| change.seq == seq) {
            let Some(Change { name, .. }) = self.asked.pop_front() else { return };
            if name.is_empty() {
                self.set(name, None);
            }
        }
    }

    /// For what SQL has done, whose completion is seen before anything later is decided.
    pub fn set(&mut self, name: String, to: Option<T>) {
        match to {
            Some(definition) => self.confirmed.insert(name, definition),
            None => self.confirmed.remove(&name),
        };
    }

    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.confirmed.retain(|_, definition| keep(definition));
    }

    /// # Errors
    /// 54000 where one more name would be too many.
    pub fn make_room(&self, name: &str) -> Result<(), PgError> {
        if self.confirmed.len() + self.asked.len() < MAX_NAMES || self.confirmed.contains_key(name) {
            return Ok(());
        }
        Err(PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many prepared statements or portals"))
    }
}

/// The name as the server tells it from others.
///
/// # Errors
/// 54000 for a long name whose end depends on the server's encoding.
pub(super) fn key(name: &str) -> Result<String, PgError> {
    match name.get(..MAX_NAME_LEN) {
        None if name.len() < MAX_NAME_LEN => Ok(name.to_owned()),
        Some(kept) if name.len() == MAX_NAME_LEN || name.is_ascii() => Ok(kept.to_owned()),
        Some(_) | None => Err(PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "name is too long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Text(&'static str, bool);

    impl Definition for Text {
        fn is_passed(&self) -> bool {
            self.1
        }
    }

    fn found(names: &Names<Text>, batch: u64) -> &'static str {
        match names.find("s", batch) {
            Found::Known(text) => text.0,
            Found::Unknown => "unknown",
            Found::Unsettled => "unsettled",
        }
    }

    #[test]
    fn a_change_counts_at_once_in_its_batch_and_is_lost_with_its_message() {
        let mut names = Names::new();
        names.set("s".into(), Some(Text("old", false)));
        names.ask(1, 0, "s".into(), None);
        names.ask(2, 0, "s".into(), Some(Text("new", true)));
        assert_eq!((found(&names, 0), found(&names, 1)), ("new", "unsettled"));
        names.settle(1, true);
        names.settle(2, false);
        assert_eq!((found(&names, 0), found(&names, 1)), ("unknown", "unknown"));
    }

    #[test]
    fn a_later_batch_need_not_wait_where_every_outcome_is_the_same() {
        let mut names = Names::new();
        names.ask(1, 0, "s".into(), Some(Text("only", false)));
        assert_eq!(found(&names, 1), "only");
        let mut names = Names::new();
        names.set("s".into(), Some(Text("old", true)));
        names.ask(1, 0, "s".into(), Some(Text("new", true)));
        assert_eq!(found(&names, 1), "new");
        names.ask(2, 1, "s".into(), Some(Text("planned", false)));
        assert_eq!((found(&names, 1), found(&names, 2)), ("planned", "unsettled"));
    }

    #[test]
    fn names_are_told_apart_as_far_as_the_server_does() {
        let long = "x".repeat(70);
        assert_eq!(key(&long).unwrap(), "x".repeat(63));
        assert_eq!(key(&"x".repeat(63)).unwrap(), "x".repeat(63));
        assert_eq!(key("short").unwrap(), "short");
        assert!(key(&"户".repeat(22)).is_err());
        assert!(key(&"户".repeat(21)).is_ok());
    }
}
