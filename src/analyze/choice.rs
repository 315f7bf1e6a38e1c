//! CASE and COALESCE over sealed columns: one of several sealed values, or a constant of the statement's own.
//!
//! A constant is sealed like the values it stands beside, under an id that no column has, so that what comes back is
//! sealed whichever it is: the caller gets its own constant as it wrote it, and everything else as its role sees it.

use std::sync::Arc;

use pg_query::protobuf::{CaseExpr, CoalesceExpr, Node};

use super::analyzer::Analyzer;
use super::build;
use super::constant::{Literal, literal};
use super::rights::SealedRight;
use super::scope::Scope;
use super::shape::{Column, Shape, common_type};
use super::stop::{Result, Stop};
use crate::plan::{CONSTANT_ID, ParamAction, Reveal, SealedColumn};
use crate::value::{LogicalType, Purpose};

/// The values that one is chosen from, as far as they have been read.
#[derive(Default)]
struct Choice<'n> {
    shape: Option<Shape>,
    /// In the order in which PostgreSQL settles the type of the whole.
    types: Vec<LogicalType>,
    constants: Vec<(&'n mut Node, Literal)>,
    /// How many values are not constants.
    computed: usize,
}

impl Analyzer<'_> {
    pub(super) fn case(&mut self, case: &mut CaseExpr, scope: &Scope<'_>) -> Result<Column> {
        self.opt_open(case.arg.as_deref_mut(), scope)?;
        let may_lack = case.defresult.is_none();
        let mut results = Vec::new();
        // Its type goes before the others'
        results.extend(case.defresult.as_deref_mut());
        for when in &mut case.args {
            let Some(pg_query::NodeEnum::CaseWhen(when)) = &mut when.node else { continue };
            self.opt_open(when.expr.as_deref_mut(), scope)?;
            results.extend(when.result.as_deref_mut());
        }
        let choice = self.choice(results, scope)?;
        let has_null = choice.constants.iter().any(|(_, literal)| matches!(literal, Literal::Null));
        self.chosen(choice, may_lack || has_null, scope)
    }

    pub(super) fn coalesce(&mut self, coalesce: &mut CoalesceExpr, scope: &Scope<'_>) -> Result<Column> {
        let choice = self.choice(coalesce.args.iter_mut().collect(), scope)?;
        // The server would find a value where this caller sees NULL
        if let Some(right) = choice.shape.as_ref().and_then(Shape::sealed).and_then(|rights| hidden(rights))
            && choice.computed + choice.constants.len() > 1
        {
            return Err(Stop::unsupported("coalesce-on-null", "COALESCE", &right.column, ""));
        }
        self.chosen(choice, false, scope)
    }

    fn choice<'n>(&mut self, values: Vec<&'n mut Node>, scope: &Scope<'_>) -> Result<Choice<'n>> {
        let mut choice = Choice::default();
        for value in values {
            if let Some(literal) = literal(value) {
                choice.types.extend(self.type_of_literal(&literal));
                choice.constants.push((value, literal));
                continue;
            }
            let next = self.value(value, scope)?;
            choice.computed += 1;
            choice.types.extend(next.logical_type());
            choice.shape = Some(match choice.shape.take() {
                None => next.shape,
                Some(so_far) => match so_far.merged(&next.shape) {
                    Some(merged) => merged,
                    None => {
                        self.require_open(&so_far, "mixed-with-sealed", MIXED)?;
                        self.require_open(&next.shape, "mixed-with-sealed", MIXED)?;
                        Shape::Open
                    }
                },
            });
        }
        Ok(choice)
    }

    /// The type that a constant brings along; `None` for an untyped one.
    fn type_of_literal(&self, literal: &Literal) -> Option<LogicalType> {
        let oid = match literal {
            Literal::Null => 0,
            Literal::Text { source, .. } => *source,
            Literal::Parameter { number, source, .. } => self.typed(*number, *source),
        };
        LogicalType::from_oid(oid, -1)
    }

    /// What the whole is. `may_lack`: NULL is one of the choices. COALESCE leaves it out.
    fn chosen(&mut self, choice: Choice<'_>, may_lack: bool, scope: &Scope<'_>) -> Result<Column> {
        let Choice { shape, types, constants, .. } = choice;
        let Some(Shape::Sealed(rights)) = shape else {
            let shape = shape.unwrap_or(Shape::Open);
            let are_null = constants.iter().all(|(_, literal)| matches!(literal, Literal::Null));
            for (node, _) in constants {
                self.open(node, scope)?;
            }
            if !are_null {
                self.require_open(&shape, "mixed-with-sealed", MIXED)?;
            }
            return Ok(Column { shape, ..Column::open("") });
        };
        let Some(mut ty) = common_type(&types) else { return Err(mixed(&rights)) };
        let has_constants = constants.iter().any(|(_, literal)| !matches!(literal, Literal::Null));
        if may_lack || has_constants {
            ty.typmod = -1;
        }
        let shape = match has_constants {
            true => self.with_constants(&rights, constants, ty)?,
            false => Shape::Sealed(rights),
        };
        Ok(Column { shape, ty: Some(ty), ..Column::open("") })
    }

    /// Seals the constants that stand beside sealed values.
    fn with_constants(
        &mut self,
        rights: &Arc<[SealedRight]>,
        constants: Vec<(&mut Node, Literal)>,
        ty: LogicalType,
    ) -> Result<Shape> {
        // What a view holds the server runs as it is
        let (Some(first), false) = (rights.first(), self.is_in_view) else { return Err(mixed(rights)) };
        let are_alike = rights.iter().all(|right| {
            let (one, other) = (&right.column, &first.column);
            one.equality && one.domain == other.domain && one.fold_case == other.fold_case && one.ty.kind == ty.kind
        });
        let column = Arc::new(SealedColumn {
            id: CONSTANT_ID,
            domain: Arc::clone(&first.column.domain),
            algorithm: first.column.algorithm,
            equality: are_alike,
            fold_case: first.column.fold_case,
            ty,
            name: Arc::from("of the statement's own constants"),
        });
        for (node, literal) in constants {
            *node = match literal {
                Literal::Null => build::null(),
                Literal::Text { text, source, typmod } => {
                    let text = self.cut(&column, source, typmod, text)?;
                    let value = self.read(&column, source, &text, Purpose::Assign)?;
                    build::text(self.context.sealer.seal(&column, &value)?)
                }
                Literal::Parameter { number, source, typmod } => {
                    let shown = if source == 0 { ty.oid() } else { source };
                    let action = ParamAction::Seal { column: Arc::clone(&column), guard: None };
                    let cast = LogicalType::from_oid(source, typmod);
                    build::parameter(self.parameters.place_cast(number, action, shown, cast))
                }
            };
        }
        let look_up = rights.iter().all(|right| right.look_up);
        let constant = Shape::of(&SealedRight { column, reveal: Some(Reveal::Clear), look_up });
        Shape::Sealed(Arc::clone(rights)).merged(&constant).ok_or_else(|| mixed(rights))
    }
}

const MIXED: &str = "a choice between it and other values";

fn mixed(rights: &[SealedRight]) -> Stop {
    match rights.first() {
        Some(right) => Stop::unsupported("mixed-with-sealed", MIXED, &right.column, ""),
        None => Stop::not_understood("mixed-with-sealed", MIXED, ""),
    }
}

fn hidden(rights: &[SealedRight]) -> Option<&SealedRight> {
    rights.iter().find(|right| right.reveal == Some(Reveal::Null))
}
