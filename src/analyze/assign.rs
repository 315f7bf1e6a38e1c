//! Values on their way into a column: sealed where the column is, and guarded against a mask that a form brings back.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::Node;

use super::analyzer::Analyzer;
use super::build;
use super::constant::{Literal, literal};
use super::rights::{ColumnRights, SealedRight};
use super::scope::Scope;
use super::shape::Shape;
use super::stop::{Result, Stop};
use crate::mask::Mask;
use crate::plan::{KEEP_MARKER, ParamAction, Reveal, TouchAction, WriteGuard};
use crate::value::Purpose;
use crate::wire::{PgError, SqlState};

/// The row that an UPDATE changes: its columns as the statement refers to them, by name.
pub(super) struct Current<'t> {
    pub(super) alias: &'t str,
}

impl Current<'_> {
    fn column(&self, column: &ColumnRights) -> Node {
        build::column([self.alias, column.name.as_str()])
    }
}

impl Analyzer<'_> {
    /// Makes `value` what is stored in `column`. `current` is there where a row exists already.
    ///
    /// # Errors
    /// 42501 without the right to write, 23514 for a mask that would be stored, the value's own errors, 0A000 for what
    /// the server would have to compute.
    pub(super) fn assign(
        &mut self,
        value: &mut Node,
        column: &ColumnRights,
        current: Option<&Current<'_>>,
        scope: &Scope<'_>,
    ) -> Result<()> {
        if matches!(value.node, Some(NodeEnum::SetToDefault(_))) {
            return self.assign_default(column);
        }
        self.check_writable(column)?;
        match &column.sealed {
            Some(sealed) => self.assign_sealed(value, column, sealed, current, scope),
            None => match column.plain_mask() {
                Some(mask) => self.assign_masked(value, column, &Arc::clone(mask), current, scope),
                None => self.open(value, scope),
            },
        }
    }

    /// A default runs in the server: one that is not NULL would store plaintext in a sealed column.
    pub(super) fn assign_default(&self, column: &ColumnRights) -> Result<()> {
        let default = column.default.as_deref();
        let is_null = default.is_none_or(|default| default == "NULL" || default.starts_with("NULL::"));
        match &column.sealed {
            Some(sealed) if !is_null => Err(Stop::unsupported(
                "plaintext-default",
                "the database's default",
                &sealed.column,
                "Write the value out; `policy check --live` tells how to drop the default.",
            )),
            Some(_) | None => Ok(()),
        }
    }

    fn check_writable(&mut self, column: &ColumnRights) -> Result<()> {
        let name = column.sealed.as_ref().map_or(&column.name, |_| &column.name);
        if column.write {
            if let Some(sealed) = &column.sealed {
                self.touch(&sealed.column.name.clone(), TouchAction::Write);
            }
            return Ok(());
        }
        let message = format!("permission denied to write column {name}");
        let hint = "What this role sees of it could not be told from a new value; `write: true` may allow it.";
        Err(Stop::denied("write-denied", message, vec![name.clone()], hint))
    }

    fn assign_sealed(
        &mut self,
        value: &mut Node,
        column: &ColumnRights,
        sealed: &SealedRight,
        current: Option<&Current<'_>>,
        scope: &Scope<'_>,
    ) -> Result<()> {
        if let Some(literal) = literal(value) {
            *value = self.sealed_literal_value(literal, column, sealed, current)?;
            return Ok(());
        }
        if let Some(NodeEnum::CaseExpr(case)) = &mut value.node {
            self.opt_open(case.arg.as_deref_mut(), scope)?;
            for when in &mut case.args {
                let Some(NodeEnum::CaseWhen(when)) = &mut when.node else { continue };
                self.opt_open(when.expr.as_deref_mut(), scope)?;
                if let Some(result) = when.result.as_deref_mut() {
                    self.assign_sealed(result, column, sealed, current, scope)?;
                }
            }
            return match case.defresult.as_deref_mut() {
                Some(result) => self.assign_sealed(result, column, sealed, current, scope),
                None => Ok(()),
            };
        }
        if let Some(NodeEnum::CoalesceExpr(coalesce)) = &mut value.node {
            let mut args = coalesce.args.iter_mut();
            return args.try_for_each(|arg| self.assign_sealed(arg, column, sealed, current, scope));
        }
        match self.value(value, scope)?.shape {
            // Values of the very same column id may be stored as they are
            Shape::Sealed(rights) if rights.iter().all(|right| right.column.id == sealed.column.id) => Ok(()),
            Shape::Sealed(rights) => {
                let from = rights.first().map_or("", |right| &right.column.name);
                let what = format!("storing a value of {from}");
                Err(Stop::unsupported("other-column-id", &what, &sealed.column, "Read it and write it as a parameter."))
            }
            Shape::Open | Shape::Stored(_) => Err(Stop::unsupported(
                "computed-value",
                "a value that the server computes",
                &sealed.column,
                "Pass the value as a parameter or a constant.",
            )),
        }
    }

    fn sealed_literal_value(
        &mut self,
        literal: Literal,
        column: &ColumnRights,
        sealed: &SealedRight,
        current: Option<&Current<'_>>,
    ) -> Result<Node> {
        let guard = guard_of(sealed);
        match literal {
            Literal::Null => Ok(build::null()),
            Literal::Text { text, source } => {
                let is_mask = guard.as_ref().is_some_and(|mask| mask.looks_masked(sealed.column.ty, &text));
                match (is_mask, current) {
                    (true, Some(current)) => return Ok(current.column(column)),
                    (true, None) => return Err(mask_stored(&sealed.column.name)),
                    (false, _) => {}
                }
                let value = self.read(&sealed.column, source, &text, Purpose::Assign)?;
                self.reusable = false;
                Ok(build::text(self.context.sealer.seal(&sealed.column, &value)?))
            }
            Literal::Parameter { number, source } => {
                let keeps = guard.is_some() && current.is_some();
                let guard = guard.map(|mask| WriteGuard { mask, keep: current.is_some() });
                let action = ParamAction::Seal { column: Arc::clone(&sealed.column), guard };
                let shown = if source == 0 { sealed.column.ty.oid() } else { source };
                let parameter = build::parameter(self.parameters.place(number, action, shown));
                match current {
                    Some(current) if keeps => {
                        let is_kept = build::binary(parameter.clone(), "=", build::text(KEEP_MARKER));
                        Ok(build::choose(is_kept, current.column(column), parameter))
                    }
                    _ => Ok(parameter),
                }
            }
        }
    }

    /// A column in clear that the caller sees masked: what it saw, it may save, and nothing changes.
    fn assign_masked(
        &mut self,
        value: &mut Node,
        column: &ColumnRights,
        mask: &Arc<Mask>,
        current: Option<&Current<'_>>,
        scope: &Scope<'_>,
    ) -> Result<()> {
        let ty = column.logical_type();
        match (literal(value), ty) {
            (Some(Literal::Null), _) | (_, None) => self.open(value, scope),
            (None, Some(_)) => {
                self.open(value, scope)?;
                // `name = coalesce($1, name)`: what comes out of the column goes back as it was
                if let Some(current) = current {
                    let own = super::column::veiled(&column.veil, current.column(column))?;
                    *value = keep_own(own, value.clone(), current.column(column));
                }
                Ok(())
            }
            (Some(Literal::Text { text, .. }), Some(ty)) => match (mask.looks_masked(ty, &text), current) {
                (true, None) => Err(mask_stored(&column.name)),
                (true, Some(current)) => {
                    let own = super::column::veiled(&column.veil, current.column(column))?;
                    *value = keep_own(own, value.clone(), current.column(column));
                    Ok(())
                }
                (false, _) => Ok(()),
            },
            (Some(Literal::Parameter { number, source }), Some(ty)) => {
                match current {
                    None => {
                        let shown = if source == 0 { column.type_oid } else { source };
                        let (mask, column) = (Arc::clone(mask), Arc::from(column.name.as_str()));
                        let action = ParamAction::RefuseMasked { mask, ty, column };
                        *value = build::parameter(self.parameters.place(number, action, shown));
                    }
                    Some(current) => {
                        if source == 0 {
                            // Beside the mask the server would take it for text
                            let number = self.parameters.place(number, ParamAction::Relay, column.type_oid);
                            *value = build::parameter(number);
                        } else {
                            self.open(value, scope)?;
                        }
                        let own = super::column::veiled(&column.veil, current.column(column))?;
                        *value = keep_own(own, value.clone(), current.column(column));
                    }
                }
                Ok(())
            }
        }
    }
}

/// `CASE WHEN value = own mask THEN stored ELSE value END`
fn keep_own(own: Node, value: Node, stored: Node) -> Node {
    build::choose(build::binary(value.clone(), "=", own), stored, value)
}

fn guard_of(sealed: &SealedRight) -> Option<Arc<Mask>> {
    match &sealed.reveal {
        Some(Reveal::Mask(mask)) => Some(Arc::clone(mask)),
        Some(Reveal::Clear | Reveal::Null) | None => None,
    }
}

fn mask_stored(column: &str) -> Stop {
    let message = format!("value for column {column} has the shape of its mask and would be stored");
    let error = PgError::new(SqlState::CHECK_VIOLATION, message);
    error.with_hint("Write the real value, or leave the column out.").into()
}
