//! Names that statements have, as one statement of a text sees them.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::analyze::Names;
use crate::plan::{Change, Effect, PreparedSql};
use crate::session::SessionView;

/// What earlier statements of the same text do to the session before a later one runs.
#[derive(Default)]
pub struct Overlay {
    /// `None`: deallocated.
    prepared: HashMap<String, Option<Arc<PreparedSql>>>,
    cursors: HashMap<String, Option<Arc<PreparedSql>>>,
    views: HashMap<String, Arc<PreparedSql>>,
    relations: HashMap<String, Change>,
    /// Everything that the session knew before is gone.
    forgot_prepared: bool,
    forgot_cursors: bool,
    pub catalog_changed: bool,
    pub settings_changed: bool,
    /// A setting that values are read and shown by.
    pub style_changed: bool,
}

impl Overlay {
    /// Takes what a statement does if it succeeds. If it fails the later ones do not run.
    pub fn apply(&mut self, effect: &Effect) {
        match effect {
            Effect::None => {}
            Effect::Prepare { name, statement } => {
                self.prepared.insert(name.clone(), Some(statement.clone()));
            }
            Effect::Deallocate { name: Some(name) } => {
                self.prepared.insert(name.clone(), None);
            }
            Effect::Deallocate { name: None } => {
                self.prepared.clear();
                self.forgot_prepared = true;
            }
            Effect::DeclareCursor { name, statement, .. } => {
                self.cursors.insert(name.clone(), Some(statement.clone()));
            }
            Effect::CloseCursor { name: Some(name) } => {
                self.cursors.insert(name.clone(), None);
            }
            Effect::CloseCursor { name: None } => {
                self.cursors.clear();
                self.forgot_cursors = true;
            }
            Effect::CreateView { name, statement } => {
                self.views.insert(name.clone(), statement.clone());
                self.catalog_changed = true;
            }
            Effect::RelationChanged { name, change, ran_code } => {
                let change = change.after(self.relations.get(name).copied());
                self.relations.insert(name.clone(), change);
                self.catalog_changed = true;
                self.settings_changed |= *ran_code;
            }
            Effect::ReportedSettingChanged => self.style_changed = true,
            Effect::CatalogChanged => self.catalog_changed = true,
            Effect::SettingsChanged => self.settings_changed = true,
            Effect::AnythingChanged => (self.catalog_changed, self.settings_changed) = (true, true),
            Effect::DiscardAll => {
                *self = Self { forgot_prepared: true, forgot_cursors: true, ..Self::default() };
                self.settings_changed = true;
                self.catalog_changed = true;
            }
        }
    }
}

/// The session's names under what the text did to them. Notes whether they were asked for: a verdict that rests on
/// them is good for this moment only.
pub struct AskedNames<'a> {
    view: &'a dyn SessionView,
    overlay: &'a Overlay,
    asked: Cell<bool>,
}

impl<'a> AskedNames<'a> {
    pub fn new(view: &'a dyn SessionView, overlay: &'a Overlay) -> Self {
        Self { view, overlay, asked: Cell::new(false) }
    }

    pub fn were_asked(&self) -> bool {
        self.asked.get()
    }
}

impl Names for AskedNames<'_> {
    fn prepared(&self, name: &str) -> Option<&Arc<PreparedSql>> {
        self.asked.set(true);
        match self.overlay.prepared.get(name) {
            Some(known) => known.as_ref(),
            None if self.overlay.forgot_prepared => None,
            None => self.view.prepared(name),
        }
    }

    fn cursor(&self, name: &str) -> Option<&Arc<PreparedSql>> {
        self.asked.set(true);
        match self.overlay.cursors.get(name) {
            Some(known) => known.as_ref(),
            None if self.overlay.forgot_cursors => None,
            None => self.view.cursor(name),
        }
    }

    fn view(&self, name: &str) -> Option<&Arc<PreparedSql>> {
        let found = self.overlay.views.get(name).or_else(|| self.view.view(name));
        if found.is_some() {
            self.asked.set(true);
        }
        found
    }

    fn changed(&self, name: &str) -> Option<Change> {
        let earlier = self.view.changed(name);
        let found = self.overlay.relations.get(name).map(|change| change.after(earlier)).or(earlier);
        if found.is_some() {
            self.asked.set(true);
        }
        found
    }
}
