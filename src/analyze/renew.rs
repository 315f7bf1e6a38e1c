//! A statement that has a name is decided again when it is used: policy and catalog may have moved since.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::Node;

use super::stop::{Result, Stop};
use super::{Context, Statement};
use crate::plan::{
    Effect, MAGIC_COMMON, MAGIC_EQUALITY, MAGIC_PLAIN, ParamAction, Plan, PreparedSql, TERM_CHARS, Verdict,
};
use crate::sql;

/// The verdict of now on what the server has under a name.
///
/// # Errors
/// 0A000 where the server would run something else than the verdict asks for.
pub(super) fn renewed(statement: &Statement<'_>, named: &PreparedSql) -> Result<Verdict> {
    let Some(inner) = sql::parse(&named.sql, true)?.pop() else { return Ok(named.verdict.clone()) };
    if !is_followed(&inner.tree) {
        return not_followed(statement);
    }
    let context = Context { param_types: &named.param_types, ..*statement.context };
    let verdict = super::verdict(&named.sql, &inner.tree, &context, statement.is_fresh)?;
    let is_same = match (&named.verdict, &verdict) {
        (Verdict::Pass(_), Verdict::Pass(_)) | (_, Verdict::Refuse(_)) => true,
        (Verdict::Rewrite(old), Verdict::Rewrite(new)) => is_same_upstream(old, new),
        // A table that was new then and that the catalog knows now: the server has the client's own text
        (Verdict::Rewrite(old), Verdict::Pass(_)) => old.only_watches(&named.sql),
        (Verdict::Pass(_), Verdict::Rewrite(new)) => new.only_watches(&named.sql),
        (Verdict::Refuse(_), _) => false,
    };
    match is_same {
        true => Ok(verdict),
        false => Err(Stop::not_understood(
            "outdated",
            "policy or catalog changed since the statement was prepared or its cursor opened",
            "Prepare or open it again.",
        )),
    }
}

/// What PREPARE and DECLARE can name, and COPY. A Parse names anything, EXECUTE and FETCH of its own name included: to
/// follow those would never end.
fn is_followed(tree: &Node) -> bool {
    matches!(
        &tree.node,
        Some(
            NodeEnum::SelectStmt(_)
                | NodeEnum::InsertStmt(_)
                | NodeEnum::UpdateStmt(_)
                | NodeEnum::DeleteStmt(_)
                | NodeEnum::MergeStmt(_)
                | NodeEnum::CopyStmt(_)
        )
    )
}

fn not_followed(statement: &Statement<'_>) -> Result<Verdict> {
    if statement.context.rights.sees_everything() {
        return Ok(statement.watching(Effect::None));
    }
    Err(Stop::not_understood("prepare", "EXECUTE or FETCH of what is not a query", ""))
}

fn is_same_upstream(old: &Arc<Plan>, new: &Arc<Plan>) -> bool {
    let kinds = |plan: &Plan| {
        let kind = |action: &ParamAction| matches!(action, ParamAction::Relay | ParamAction::RefuseMasked { .. });
        plan.params.iter().map(|param| (param.client, kind(&param.action))).collect::<Vec<_>>()
    };
    without_seals(&old.sql) == without_seals(&new.sql) && kinds(old) == kinds(new)
}

/// The text with the random part of every freshly sealed literal taken out.
fn without_seals(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(MAGIC_COMMON) {
        let (before, value) = rest.split_at(at);
        out.push_str(before);
        let end = value.find('\'').unwrap_or(value.len());
        let (value, after) = value.split_at(end);
        let kept = if value.starts_with(MAGIC_EQUALITY) { TERM_CHARS } else { MAGIC_PLAIN.len() };
        out.push_str(value.get(..kept).unwrap_or(value));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::without_seals;

    #[test]
    fn terms_count_and_the_rest_of_a_seal_does_not() {
        let text = |term: char, seal: char| {
            format!("INSERT INTO t VALUES ('~pv1:{}{}', 1)", term.to_string().repeat(22), seal.to_string().repeat(40))
        };
        assert_eq!(without_seals(&text('a', 'x')), without_seals(&text('a', 'y')));
        assert_ne!(without_seals(&text('a', 'x')), without_seals(&text('b', 'x')));
        let plain = |seal: char| format!("SELECT '~pv0:{}'", seal.to_string().repeat(60));
        assert_eq!(without_seals(&plain('x')), without_seals(&plain('y')));
        assert_eq!(without_seals("SELECT 1"), "SELECT 1");
    }
}
