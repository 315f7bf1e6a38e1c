//! Values on their way into a column: sealed where the column is, and guarded against a mask that a form brings back.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, TypeName};

use super::analyzer::Analyzer;
use super::build;
use super::constant::{Literal, cast_type, literal};
use super::rights::{ColumnRights, SealedRight};
use super::scope::Scope;
use super::shape::Shape;
use super::stop::{Result, Stop};
use crate::mask::Mask;
use crate::plan::{KEEP_MARKER, ParamAction, Reveal, TouchAction, WriteGuard};
use crate::value::{Kind, LogicalType, Purpose};
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

    pub(super) fn check_writable(&mut self, column: &ColumnRights) -> Result<()> {
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
            *value = self.sealed_literal_value(literal, column, sealed, current, None)?;
            return Ok(());
        }
        if self.is_assigned_choice(value, (column, sealed), current, scope)? {
            return Ok(());
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

    /// CASE and COALESCE, with a cast around them or without, store what each of their values would; false for what is
    /// neither.
    fn is_assigned_choice(
        &mut self,
        value: &mut Node,
        stored: (&ColumnRights, &SealedRight),
        current: Option<&Current<'_>>,
        scope: &Scope<'_>,
    ) -> Result<bool> {
        let cast = match &mut value.node {
            Some(NodeEnum::TypeCast(cast)) if is_choice(cast.arg.as_deref()) => {
                let Some(arg) = cast.arg.take() else { return Ok(false) };
                let ty = cast.type_name.take();
                *value = *arg;
                ty
            }
            _ => None,
        };
        let mut results: Vec<&mut Node> = Vec::new();
        match &mut value.node {
            Some(NodeEnum::CaseExpr(case)) => {
                self.opt_open(case.arg.as_deref_mut(), scope)?;
                for when in &mut case.args {
                    let Some(NodeEnum::CaseWhen(when)) = &mut when.node else { continue };
                    self.opt_open(when.expr.as_deref_mut(), scope)?;
                    results.extend(when.result.as_deref_mut());
                }
                results.extend(case.defresult.as_deref_mut());
            }
            Some(NodeEnum::CoalesceExpr(coalesce)) => results.extend(&mut coalesce.args),
            _ => return Ok(false),
        }
        self.assign_results(results, cast.as_ref(), stored, current, scope).map(|()| true)
    }

    fn assign_results(
        &mut self,
        results: Vec<&mut Node>,
        cast: Option<&TypeName>,
        (column, sealed): (&ColumnRights, &SealedRight),
        current: Option<&Current<'_>>,
        scope: &Scope<'_>,
    ) -> Result<()> {
        // A choice among nothing but untyped constants is one among texts
        let text = LogicalType { kind: Kind::Text, typmod: -1 };
        let are_texts = results.iter().all(|result| self.is_untyped(result));
        if are_texts && cast.is_none() && !sealed.column.ty.is_text() {
            return Err(mistyped(column, sealed, text));
        }
        let described = are_texts.then_some(text.oid());
        for result in results {
            let is_own_type = cast.and_then(cast_type) == Some((sealed.column.ty.oid(), sealed.column.ty.typmod));
            if let Some(ty) = cast.filter(|_| !is_own_type || needs_type(result, sealed.column.ty)) {
                *result = build::cast(std::mem::take(result), ty.clone());
            }
            match literal(result) {
                Some(literal) => *result = self.sealed_literal_value(literal, column, sealed, current, described)?,
                None => self.assign_sealed(result, column, sealed, current, scope)?,
            }
        }
        Ok(())
    }

    fn is_untyped(&self, node: &Node) -> bool {
        match literal(node) {
            Some(Literal::Null | Literal::Text { source: 0, .. }) => true,
            Some(Literal::Parameter { number, source, .. }) => self.typed(number, source) == 0,
            Some(Literal::Text { .. }) | None => false,
        }
    }

    pub(super) fn sealed_literal_value(
        &mut self,
        literal: Literal,
        column: &ColumnRights,
        sealed: &SealedRight,
        current: Option<&Current<'_>>,
        described: Option<u32>,
    ) -> Result<Node> {
        let guard = guard_of(sealed);
        match literal {
            Literal::Null => Ok(build::null()),
            Literal::Text { text, source, typmod } => {
                let text = self.cut(&sealed.column, source, typmod, text)?;
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
            Literal::Parameter { number, source, typmod } => {
                let keeps = guard.is_some() && current.is_some();
                let guard = guard.map(|mask| WriteGuard { mask, keep: current.is_some() });
                let action = ParamAction::Seal { column: Arc::clone(&sealed.column), guard };
                let own = if source == 0 { sealed.column.ty.oid() } else { source };
                let shown = described.unwrap_or(own);
                if let Some(typed) = self.unlike(number, source, &sealed.column).filter(|_| !sealed.column.ty.is_text())
                {
                    return Err(mistyped(column, sealed, typed));
                }
                let cast = LogicalType::from_oid(source, typmod);
                let parameter = build::parameter(self.parameters.place_cast(number, action, shown, cast));
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
            (Some(Literal::Parameter { number, source, .. }), Some(ty)) => {
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

fn is_choice(node: Option<&Node>) -> bool {
    matches!(node.and_then(|node| node.node.as_ref()), Some(NodeEnum::CaseExpr(_) | NodeEnum::CoalesceExpr(_)))
}

/// Whether a cast to the column's own type says more than storing it does: of what has no type yet, and of texts, which
/// a cast cuts.
fn needs_type(node: &Node, ty: LogicalType) -> bool {
    match literal(node) {
        Some(Literal::Text { source, .. }) => {
            ty.is_text() || LogicalType::from_oid(source, -1).is_none_or(|source| !ty.takes(source))
        }
        Some(Literal::Null | Literal::Parameter { .. }) => true,
        None => is_choice(Some(node)),
    }
}

fn guard_of(sealed: &SealedRight) -> Option<Arc<Mask>> {
    match &sealed.reveal {
        Some(Reveal::Mask(mask)) => Some(Arc::clone(mask)),
        Some(Reveal::Clear | Reveal::Null) | None => None,
    }
}

fn mistyped(column: &ColumnRights, sealed: &SealedRight, typed: LogicalType) -> Stop {
    let ty = LogicalType { typmod: -1, ..sealed.column.ty };
    let message = format!("column \"{}\" is of type {ty} but expression is of type {typed}", column.name);
    let hint = "You will need to rewrite or cast the expression.";
    PgError::new(SqlState(*b"42804"), message).with_hint(hint).into()
}

fn mask_stored(column: &str) -> Stop {
    let message = format!("value for column {column} has the shape of its mask and would be stored");
    let error = PgError::new(SqlState::CHECK_VIOLATION, message);
    error.with_hint("Write the real value, or leave the column out.").into()
}
