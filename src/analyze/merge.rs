//! MERGE, into an unprotected relation or into one that the caller sees as it is. What it reads is masked and filtered
//! like any row source.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{CmdType, MergeMatchKind, MergeStmt, MergeWhenClause};

use super::analyzer::Analyzer;
use super::rights::RelationRights;
use super::scope::{Scope, Visible};
use super::shape::Column;
use super::stop::{Result, Stop};
use super::write::{check_named, names_of};

impl Analyzer<'_> {
    pub(super) fn merge_into(&mut self, merge: &mut MergeStmt, parent: Option<&Scope<'_>>) -> Result<Vec<Column>> {
        if merge.returning_clause.is_some() {
            return Err(Stop::not_understood("merge", "MERGE … RETURNING beside protected relations", ""));
        }
        let mut with = Scope::inside(parent);
        self.with(merge.with_clause.as_mut(), &mut with)?;
        let (table, rights) = self.target(merge.relation.as_mut())?;
        if let Some(rights) = rights.as_deref().filter(|rights| !rights.is_clear()) {
            let what = format!("MERGE into {} for a role that sees it masked", rights.full_name());
            return Err(Stop::not_understood("merge", what, "Write INSERT … ON CONFLICT, or UPDATE and INSERT."));
        }
        let label = table.alias.clone();
        let mut scope = Scope::inside(Some(&with));
        let target = scope.add(table);
        let source = match merge.source_relation.as_deref_mut() {
            Some(source) => {
                self.from(std::slice::from_mut(source), &mut scope)?;
                std::mem::take(&mut scope.visible)
            }
            None => Vec::new(),
        };
        scope.visible = target.iter().chain(&source).cloned().collect();
        self.opt_open(merge.join_condition.as_deref_mut(), &scope)?;
        for clause in &mut merge.merge_when_clauses {
            let Some(NodeEnum::MergeWhenClause(clause)) = &mut clause.node else { continue };
            see_only(&mut scope, clause, &target, &source)?;
            self.opt_open(clause.condition.as_deref_mut(), &scope)?;
            self.merge_action(clause, rights.as_ref(), &label, &scope)?;
        }
        if let Some(source) = merge.source_relation.as_deref_mut() {
            self.veil(std::slice::from_mut(source), &scope)?;
        }
        Ok(Vec::new())
    }

    fn merge_action(
        &mut self,
        clause: &mut MergeWhenClause,
        rights: Option<&Arc<RelationRights>>,
        label: &str,
        scope: &Scope<'_>,
    ) -> Result<()> {
        match (CmdType::try_from(clause.command_type), rights) {
            (Ok(CmdType::CmdUpdate), _) => self.set(&mut clause.target_list, rights, label, scope),
            (Ok(CmdType::CmdInsert), Some(rights)) => self.merge_insert(clause, rights, scope),
            (Ok(CmdType::CmdInsert), None) => self.all_open(&mut clause.values, scope),
            (Ok(CmdType::CmdDelete | CmdType::CmdNothing), _) => Ok(()),
            (_, _) => Err(Stop::not_understood("merge", "this action of MERGE", "")),
        }
    }

    fn merge_insert(&mut self, clause: &mut MergeWhenClause, rights: &RelationRights, scope: &Scope<'_>) -> Result<()> {
        if scope.tables.first().is_some_and(|table| !table.is_complete) {
            check_named(&names_of(&clause.target_list), rights)?;
        }
        let columns = self.stored_in(&clause.target_list, rights)?;
        let given = clause.values.len();
        let is_given = |name: &str| columns.iter().take(given).any(|column| column.name == name);
        for omitted in rights.columns.iter().filter(|column| !is_given(&column.name)) {
            self.assign_default(omitted)?;
        }
        for (value, column) in clause.values.iter_mut().zip(columns) {
            self.assign(value, column, None, scope)?;
        }
        Ok(())
    }
}

/// What an action sees: the row that is not matched is the source's or the target's alone.
fn see_only(scope: &mut Scope<'_>, clause: &MergeWhenClause, target: &[Visible], source: &[Visible]) -> Result<()> {
    let (hidden, visible) = match MergeMatchKind::try_from(clause.match_kind) {
        Ok(MergeMatchKind::MergeWhenMatched) => (0, [target, source].concat()),
        Ok(MergeMatchKind::MergeWhenNotMatchedByTarget) => (1, source.to_vec()),
        Ok(MergeMatchKind::MergeWhenNotMatchedBySource) => (0, target.to_vec()),
        Ok(MergeMatchKind::Undefined) | Err(_) => {
            return Err(Stop::not_understood("merge", "this action of MERGE", ""));
        }
    };
    (scope.hidden, scope.visible) = (hidden, visible);
    Ok(())
}
