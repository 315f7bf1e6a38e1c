//! Counting: the one aggregate that sealed values can answer.

use pg_query::NodeEnum;
use pg_query::protobuf::{FuncCall, Node};

use super::analyzer::Analyzer;
use super::naming::string;
use super::rights::SealedRight;
use super::scope::Scope;
use super::shape::{Shape, all_clear};
use super::stop::{Result, Stop};
use crate::plan::Reveal;

/// Whether a call is PostgreSQL's `count` of one value.
pub(super) fn is_count(call: &FuncCall) -> bool {
    let name: Vec<_> = call.funcname.iter().filter_map(string).collect();
    matches!(name.as_slice(), ["count"] | ["pg_catalog", "count"]) && call.args.len() == 1
}

impl Analyzer<'_> {
    /// `count(x)` counts what is not NULL; `count(DISTINCT x)` counts equality prefixes, for who sees them apart.
    pub(super) fn count(&mut self, call: &mut FuncCall, scope: &Scope<'_>) -> Result<()> {
        let is_distinct = call.agg_distinct;
        let Some(arg) = call.args.first_mut() else { return Ok(()) };
        let shape = self.value(arg, scope)?.shape;
        let Some(rights) = shape.sealed() else { return self.require_open(&shape, "count", "count") };
        if rights.iter().any(|right| right.reveal == Some(Reveal::Null)) {
            return self.require_open(&shape, "count", "count");
        }
        if is_distinct {
            self.groupable(&shape, "count(DISTINCT …)")?;
            self.to_term(arg);
        }
        Ok(())
    }

    /// Whether the caller sees pseudonyms that are alike exactly where the values are: to go by the values' terms shows no
    /// more than the pseudonyms do.
    pub(super) fn are_shown_apart(&self, rights: &[SealedRight]) -> bool {
        let Some(first) = rights.first() else { return false };
        let is_like_the_first = |right: &SealedRight| {
            let (one, other) = (&right.column, &first.column);
            right.reveal == first.reveal && one.domain == other.domain && one.ty.kind == other.ty.kind
        };
        let is_told_apart = |right: &SealedRight| {
            matches!(&right.reveal, Some(Reveal::Mask(mask)) if mask.tells_apart())
                && right.column.equality
                && !right.column.fold_case
        };
        !self.is_in_view && rights.iter().all(|right| is_like_the_first(right) && is_told_apart(right))
    }

    /// Whether values may be told apart and put together by their equality prefixes: for a caller who sees masks, groups
    /// would be those of the clear values.
    pub(super) fn groupable(&mut self, shape: &Shape, what: &str) -> Result<()> {
        let Some(rights) = shape.sealed() else { return Ok(()) };
        if self.are_shown_apart(rights) {
            return Ok(());
        }
        if let Some(right) = rights.iter().find(|_| !all_clear(rights)) {
            let hint = "Values that this role sees masked cannot be grouped by what they hide.";
            return Err(Stop::unsupported("group-on-masked", what, &right.column, hint));
        }
        self.look_up(rights)?;
        super::equality::check_domain(rights, rights)
    }
}

/// One value of a group whose values are all equal.
pub(super) fn any_of_group(value: Node) -> Node {
    let value = super::build::node(NodeEnum::CollateClause(Box::new(pg_query::protobuf::CollateClause {
        arg: Some(Box::new(value)),
        collname: vec![super::build::name("pg_catalog"), super::build::name("C")],
        location: -1,
    })));
    super::build::call("min", vec![value])
}
