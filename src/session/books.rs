//! What the session knows of the server's state: the view that deciders get.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use super::names::{self, Basis, Found, Names, Portal, Statement};
use super::view::{Parameters, SessionView, TransactionStatus};
use crate::plan::{Change, Effect, PreparedSql};

pub(super) struct Books {
    pub statements: Names<Statement>,
    pub portals: Names<Portal>,
    pub parameters: Parameters,
    pub status: TransactionStatus,
    /// DDL ran in a transaction that has ended: the decider's catalog is older than what the client may know.
    pub catalog_outdated: bool,
    /// Counts what may have changed the meaning of names that prepared statements use.
    pub revision: u64,
    /// Views made in the open transaction, by name.
    views: HashMap<String, Arc<PreparedSql>>,
    /// Relations made or changed in the open transaction, by name.
    relations: HashMap<String, Change>,
    /// Counts the Syncs that the client has sent.
    pub batch: u64,
    catalog_unsure: bool,
    settings_unsure: bool,
    /// A decider asked for a name that depends on answers still to come: its answer does not count.
    asked_unsettled: Cell<bool>,
}

impl Books {
    pub fn new(parameters: Parameters) -> Self {
        Self {
            statements: Names::new(),
            portals: Names::new(),
            parameters,
            status: TransactionStatus::Idle,
            catalog_outdated: false,
            revision: 0,
            views: HashMap::new(),
            relations: HashMap::new(),
            batch: 0,
            catalog_unsure: false,
            settings_unsure: false,
            asked_unsettled: Cell::new(false),
        }
    }

    /// Whether the decision just made rests on a name that is not settled.
    pub fn take_asked_unsettled(&self) -> bool {
        self.asked_unsettled.take()
    }

    /// The message `seq` has been answered, or skipped.
    pub fn settle(&mut self, seq: u64, succeeded: bool) {
        self.statements.settle(seq, succeeded);
        self.portals.settle(seq, succeeded);
    }

    /// The message `seq` has failed.
    pub fn fail(&mut self, seq: u64) {
        self.statements.fail(seq);
        self.portals.settle(seq, false);
    }

    /// A statement with this effect has succeeded.
    pub fn apply(&mut self, effect: Effect, epoch: u64) {
        match effect {
            Effect::None => {}
            Effect::Prepare { name, statement: prepared } => {
                self.statements.set(name, Some(Statement { prepared, basis: self.basis(epoch), by_sql: true }));
            }
            Effect::Deallocate { name: Some(name) } => self.statements.set(name, None),
            Effect::Deallocate { name: None } => self.statements.retain(|_| false),
            Effect::DeclareCursor { name, hold, statement: prepared } => {
                self.portals.set(name, Some(Portal { prepared, epoch, formats: Arc::default(), hold }));
            }
            Effect::CloseCursor { name: Some(name) } => self.portals.set(name, None),
            Effect::CloseCursor { name: None } => self.portals.retain(|_| false),
            Effect::CreateView { name, statement } => {
                self.views.insert(name, statement);
                self.changed(true, false);
            }
            Effect::RelationChanged { name, change, ran_code } => {
                let change = change.after(self.relations.get(&name).copied());
                self.relations.insert(name, change);
                self.changed(true, ran_code);
            }
            Effect::ReportedSettingChanged => {}
            Effect::CatalogChanged => self.changed(true, false),
            Effect::SettingsChanged => self.changed(false, true),
            Effect::AnythingChanged => self.changed(true, true),
            Effect::DiscardAll => self.discard_all(),
        }
    }

    /// The message `seq` is a Query: the server drops the unnamed statement before it reads the text.
    pub fn give_up_unnamed(&mut self, seq: u64) {
        if !matches!(self.statements.find("", self.batch), Found::Unknown) {
            self.statements.ask(seq, self.batch, String::new(), None);
        }
    }

    /// What the catalog or the settings were is not certain any more.
    fn changed(&mut self, catalog: bool, settings: bool) {
        self.catalog_unsure |= catalog;
        self.settings_unsure |= settings;
        self.revision += 1;
    }

    fn discard_all(&mut self) {
        self.statements.retain(|_| false);
        self.portals.retain(|_| false);
        self.settings_unsure = false;
        self.revision += 1;
    }

    pub const fn basis(&self, epoch: u64) -> Basis {
        Basis { epoch, revision: self.revision }
    }

    /// ParameterStatus.
    pub fn report(&mut self, name: &str, value: &str) {
        self.parameters.report(name, value);
        self.revision += u64::from(name == "search_path");
    }

    /// ReadyForQuery.
    pub fn ready(&mut self, status: TransactionStatus) {
        self.status = status;
        if status == TransactionStatus::Idle {
            self.views.clear();
            self.relations.clear();
            self.portals.retain(|portal| portal.hold);
            if std::mem::take(&mut self.catalog_unsure) {
                self.catalog_outdated = true;
                self.revision += 1;
            }
        }
    }

    fn settled<'a, T>(&self, found: Found<'a, T>) -> Option<&'a T> {
        match found {
            Found::Known(definition) => Some(definition),
            Found::Unknown => None,
            Found::Unsettled => {
                self.asked_unsettled.set(true);
                None
            }
        }
    }
}

impl SessionView for Books {
    fn prepared(&self, name: &str) -> Option<&Arc<PreparedSql>> {
        let name = names::key(name).ok()?;
        self.settled(self.statements.find(&name, self.batch)).map(|statement| &statement.prepared)
    }

    fn cursor(&self, name: &str) -> Option<&Arc<PreparedSql>> {
        let name = names::key(name).ok()?;
        self.settled(self.portals.find(&name, self.batch)).map(|portal| &portal.prepared)
    }

    fn view(&self, name: &str) -> Option<&Arc<PreparedSql>> {
        self.views.get(name)
    }

    fn changed(&self, name: &str) -> Option<Change> {
        self.relations.get(name).copied()
    }

    fn transaction(&self) -> TransactionStatus {
        self.status
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn catalog_unsure(&self) -> bool {
        self.catalog_unsure
    }

    fn settings_unsure(&self) -> bool {
        self.settings_unsure
    }
}
