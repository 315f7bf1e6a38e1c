//! The state of one analysis: what has been found out and decided so far.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Context;
use super::parameters::Parameters;
use super::rights::{ColumnRights, RelationRights, SealedRight, Veil};
use super::shape::Column;
use super::stop::{Result, Stop};
use crate::plan::{CONSTANT_ID, Effect, Output, Plan, Reveal, Touch, TouchAction};
use crate::sql::Marks;

pub(super) struct Analyzer<'a> {
    pub(super) context: &'a Context<'a>,
    /// The catalog has been read for this statement: a name that it lacks does not exist.
    pub(super) is_fresh: bool,
    /// The definition of a view is read, which the server runs as it is stored.
    pub(super) is_in_view: bool,
    /// What is read is a view's definition as the catalog prints it: names without a schema are `pg_catalog`'s.
    pub(super) reads_catalog: bool,
    /// Columns keep where they come from.
    pub(super) traces: bool,
    pub(super) views: Views,
    /// Masks and row filters, which are put into the text once it is proved.
    pub(super) marks: Marks,
    pub(super) parameters: Parameters,
    pub(super) sees_details: bool,
    pub(super) look_ups: u32,
    pub(super) reusable: bool,
    touched: BTreeSet<(String, &'static str, String)>,
    touches: Vec<Touch>,
}

/// Views that were read for one statement. They can name each other in a circle, which PostgreSQL notices only when one
/// is used, and each twice the next.
#[derive(Default)]
pub(super) struct Views {
    depth: usize,
    count: usize,
}

impl Views {
    const MAX_DEPTH: usize = 32;
    const MAX_COUNT: usize = 1_000;

    /// # Errors
    /// 0A000 past either bound.
    pub(super) fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        self.count += 1;
        if self.depth > Self::MAX_DEPTH || self.count > Self::MAX_COUNT {
            return Err(Stop::not_understood("opaque-view", "views that are nested too deeply", ""));
        }
        Ok(())
    }

    pub(super) const fn leave(&mut self) {
        self.depth -= 1;
    }
}

impl<'a> Analyzer<'a> {
    pub(super) fn new(context: &'a Context<'a>, is_fresh: bool) -> Self {
        Self {
            context,
            is_fresh,
            is_in_view: false,
            reads_catalog: false,
            traces: false,
            views: Views::default(),
            marks: Marks::default(),
            parameters: Parameters::default(),
            sees_details: true,
            look_ups: 0,
            reusable: true,
            touched: BTreeSet::new(),
            touches: Vec::new(),
        }
    }

    pub(super) fn touch(&mut self, object: &str, action: TouchAction) {
        let (kind, detail) = match &action {
            TouchAction::Read => ("read", ""),
            TouchAction::Decrypt => ("decrypt", ""),
            TouchAction::Mask(preset) => ("mask", &**preset),
            TouchAction::Null => ("null", ""),
            TouchAction::LookUp => ("look_up", ""),
            TouchAction::Write => ("write", ""),
            TouchAction::Filter => ("filter", ""),
        };
        if self.touched.insert((object.to_owned(), kind, detail.to_owned())) {
            self.touches.push(Touch { object: Arc::from(object), action });
        }
    }

    /// A protected relation is read or written.
    pub(super) fn touch_relation(&mut self, rights: &RelationRights) {
        let name = rights.full_name();
        if !rights.is_clear() {
            self.sees_details = false;
        }
        if rights.filter.is_some() {
            self.touch(&name, TouchAction::Filter);
        }
        self.touch(&name, TouchAction::Read);
    }

    pub(super) fn touch_veil(&mut self, rights: &RelationRights, column: &str, veil: &Veil) {
        let name = format!("{}.{column}", rights.full_name());
        match veil {
            Veil::None | Veil::Denied => {}
            Veil::Expression { preset, .. } => self.touch(&name, TouchAction::Mask(Arc::clone(preset))),
            Veil::Null { .. } => self.touch(&name, TouchAction::Null),
        }
    }

    /// Counts values that are tested against a column, where the caller cannot see it.
    pub(super) fn count_look_ups(&mut self, right: &SealedRight, values: usize) {
        if right.reveal != Some(Reveal::Clear) {
            self.look_ups = self.look_ups.saturating_add(u32::try_from(values).unwrap_or(u32::MAX));
        }
    }

    /// Counts values that are written where they test what is there.
    pub(super) fn count_written(&mut self, column: &ColumnRights, rows: usize) {
        if column.tests_what_it_hides() {
            self.look_ups = self.look_ups.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
        }
    }

    fn touch_shown(&mut self, right: &SealedRight) {
        let name = right.column.name.to_string();
        match &right.reveal {
            _ if right.column.id == CONSTANT_ID => {}
            Some(Reveal::Clear) => self.touch(&name, TouchAction::Decrypt),
            Some(Reveal::Mask(mask)) => self.touch(&name, TouchAction::Mask(mask.name.as_str().into())),
            Some(Reveal::Null) => self.touch(&name, TouchAction::Null),
            None => {}
        }
    }

    /// What becomes of the columns of the answer.
    ///
    /// # Errors
    /// 42501 where one of them is denied.
    pub(super) fn outputs(&mut self, columns: &[Column]) -> Result<Arc<[Output]>> {
        let shown = columns.iter().filter_map(|column| column.shape.sealed().cloned());
        for rights in shown.collect::<Vec<_>>() {
            rights.iter().for_each(|right| self.touch_shown(right));
        }
        columns.iter().map(Column::output).collect()
    }

    /// The plan, once the statement's text is settled.
    pub(super) fn plan(self, sql: String, outputs: Option<Arc<[Output]>>, effect: Effect) -> Plan {
        let (params, client_params) = self.parameters.finish();
        Plan {
            sql,
            params,
            client_params,
            outputs,
            copy: None,
            effect,
            touched: self.touches.into(),
            sees_details: self.sees_details,
            look_ups: self.look_ups,
            reusable: self.reusable,
        }
    }
}
