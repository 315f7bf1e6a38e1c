//! What the values of an expression are: open, or sealed values of known columns.

use std::sync::Arc;

use super::rights::{SealedRight, Veil};
use super::stop::{Result, Stop};
use crate::plan::{Output, OutputAction, Reveal, RevealColumn};
use crate::value::LogicalType;

/// The values of an expression or of a column of a row source.
#[derive(Clone)]
pub(super) enum Shape {
    /// Nothing sealed is in it; masks and filters have been applied.
    Open,
    /// Sealed values of these columns, as they are stored.
    Sealed(Arc<[SealedRight]>),
    /// A plain column inside a view's definition, not yet masked: the reference to the view does it.
    Stored(Veil),
}

impl Shape {
    pub(super) fn of(right: &SealedRight) -> Self {
        Self::Sealed(Arc::from([right.clone()]))
    }

    pub(super) fn sealed(&self) -> Option<&Arc<[SealedRight]>> {
        match self {
            Self::Open | Self::Stored(_) => None,
            Self::Sealed(rights) => Some(rights),
        }
    }

    /// Both together, as UNION ALL and CASE bring them. `None` where open and sealed values would mix, or constants of two
    /// makes.
    pub(super) fn merged(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Open, Self::Open) => Some(Self::Open),
            (Self::Sealed(left), Self::Sealed(right)) => {
                let is_at_odds =
                    |r: &SealedRight| left.iter().any(|l| l.column.id == r.column.id && l.column != r.column);
                if right.iter().any(is_at_odds) {
                    return None;
                }
                let mut all = left.to_vec();
                all.extend(right.iter().filter(|r| left.iter().all(|l| l.column.id != r.column.id)).cloned());
                Some(Self::Sealed(all.into()))
            }
            (Self::Open | Self::Sealed(_) | Self::Stored(_), _) => None,
        }
    }
}

/// One column of a row source: of a table, a derived table, or a query's answer.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// Table OID and column number that RowDescription would name, where the rewrite hides them.
    pub(super) origin: Option<(u32, i16)>,
    /// Where it comes from, where that is asked for.
    pub(super) via: Option<Arc<Step>>,
    /// The type of sealed values where it is not that of their one column.
    pub(super) ty: Option<LogicalType>,
}

/// A reference on the way from an output to its source.
pub(super) struct Step {
    pub(super) reference: String,
    /// The relation and its column, at the end of the way.
    pub(super) source: Option<(String, String)>,
    pub(super) then: Option<Arc<Step>>,
}

impl Column {
    pub(super) fn open(name: impl Into<String>) -> Self {
        Self { name: name.into(), shape: Shape::Open, origin: None, via: None, ty: None }
    }

    /// What becomes of it on its way to the client.
    ///
    /// # Errors
    /// 42501 where the caller may not see one of its columns.
    pub(super) fn output(&self) -> Result<Output> {
        let action = match &self.shape {
            Shape::Open => OutputAction::Relay,
            Shape::Sealed(rights) => {
                OutputAction::Reveal(rights.iter().map(reveal).collect::<Result<Vec<_>>>()?.into())
            }
            Shape::Stored(_) => return Err(Stop::not_understood("view-column", "column of a view", "")),
        };
        Ok(Output { action, origin: self.origin, ty: self.ty.map(|ty| (ty.oid(), ty.typmod)) })
    }

    /// The type of sealed values as the client knows it.
    pub(super) fn logical_type(&self) -> Option<LogicalType> {
        self.ty.or_else(|| Some(self.shape.sealed()?.first()?.column.ty))
    }
}

/// The type of a choice or a set operation among values of these types, as far as sealed values can be shown in it.
/// Source: <https://www.postgresql.org/docs/current/typeconv-union-case.html>
pub(super) fn common_type(types: &[LogicalType]) -> Option<LogicalType> {
    let (first, rest) = types.split_first()?;
    rest.iter().try_fold(*first, |so_far, next| match () {
        () if so_far == *next => Some(so_far),
        // Strings convert into each other both ways: the first stays
        () if so_far.kind == next.kind || so_far.is_text() && next.is_text() => {
            Some(LogicalType { typmod: -1, ..so_far })
        }
        () if next.widens_to(so_far) => Some(LogicalType { typmod: -1, ..so_far }),
        () if so_far.widens_to(*next) => Some(LogicalType { typmod: -1, ..*next }),
        () => None,
    })
}

fn reveal(right: &SealedRight) -> Result<RevealColumn> {
    let column = Arc::clone(&right.column);
    match right.reveal.clone() {
        Some(right) => Ok(RevealColumn { column, right }),
        None => Err(denied(right)),
    }
}

/// The caller may not see this column at all.
pub(super) fn denied(right: &SealedRight) -> Stop {
    let name = right.column.name.to_string();
    Stop::denied("column-denied", format!("permission denied for column {name}"), vec![name], "")
}

/// Whether every column is seen in clear, so that a value may stand for others equal to it.
pub(super) fn all_clear(rights: &[SealedRight]) -> bool {
    rights.iter().all(|right| right.reveal == Some(Reveal::Clear))
}
