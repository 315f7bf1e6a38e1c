//! What a statement touches, and what has to become of it for one caller: from syntax tree, catalog and rights to a
//! [`crate::plan::Verdict`]. Pure.

mod rights;

use std::sync::Arc;

pub use rights::Rights;

use crate::catalog::{Catalog, TempSchema};
use crate::crypto::Sealer;
use crate::plan::{Effect, PreparedSql, Verdict};
use crate::sql;
use crate::value::Style;

/// Everything a verdict rests on besides the statement itself.
pub struct Context<'a> {
    pub catalog: &'a Catalog,
    pub rights: &'a Rights,
    /// Expanded; `None` where the session may have changed it in a way that the proxy did not see.
    pub search_path: Option<&'a [String]>,
    pub temp: TempSchema<'a>,
    pub style: &'a Style,
    pub sealer: &'a dyn Sealer,
    pub names: &'a dyn Names,
    /// Type OIDs that the client declared for its parameters, 0 where it did not; may be shorter than their number.
    pub param_types: &'a [u32],
}

/// Names that statements of this session gave to other statements.
pub trait Names {
    fn prepared(&self, name: &str) -> Option<&Arc<PreparedSql>>;
    fn cursor(&self, name: &str) -> Option<&Arc<PreparedSql>>;
}

/// A name that no relation in the catalog bears: a newer catalog may know it.
pub struct UnknownName;

/// Decides about one statement of `text`.
///
/// # Errors
/// [`UnknownName`] where the statement names a relation that the catalog does not have and `is_fresh` is false: read the
/// catalog again and ask with `is_fresh`, which then refuses (42P01).
pub fn decide(
    _text: &str,
    _statement: &sql::Statement,
    _context: &Context<'_>,
    _is_fresh: bool,
) -> Result<Verdict, UnknownName> {
    Ok(Verdict::Pass(Effect::None))
}
