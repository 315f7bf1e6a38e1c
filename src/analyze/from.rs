//! FROM: the row sources of a query, and the derived tables that protected ones become.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{self, Alias, JoinExpr, JoinType, LimitOption, Node, RangeFunction, RangeSubselect, RangeVar};

use super::analyzer::Analyzer;
use super::build;
use super::column::veiled;
use super::naming::{of_value, string, strings};
use super::relation::{self, Referred};
use super::rights::Veil;
use super::scope::{Mode, Scope, Table, Visible};
use super::shape::Column;
use super::stop::{Result, Stop};
use crate::sql::Marks;

/// Functions that return one column, named as their alias; others' columns are not known.
const ONE_COLUMN: &[&str] = &[
    "generate_series",
    "generate_subscripts",
    "unnest",
    "regexp_split_to_table",
    "string_to_table",
    "json_object_keys",
    "jsonb_object_keys",
];

impl Analyzer<'_> {
    /// Reads one FROM list into `scope`, which is the list's own.
    pub(super) fn from(&mut self, items: &mut [Node], scope: &mut Scope<'_>) -> Result<()> {
        for item in items {
            let visible = self.row_source(item, scope)?;
            scope.visible.extend(visible);
        }
        Ok(())
    }

    fn row_source(&mut self, item: &mut Node, scope: &mut Scope<'_>) -> Result<Vec<Visible>> {
        match &mut item.node {
            Some(NodeEnum::RangeVar(range)) => self.reference(range, scope),
            Some(NodeEnum::RangeSubselect(subselect)) => self.subselect(subselect, scope),
            Some(NodeEnum::JoinExpr(join)) => self.join(join, scope),
            Some(NodeEnum::RangeFunction(function)) => self.function(function, scope),
            Some(NodeEnum::RangeTableSample(sample)) => {
                self.all_open(&mut sample.args, scope)?;
                self.opt_open(sample.repeatable.as_deref_mut(), scope)?;
                let before = scope.tables.len();
                let Some(sampled) = sample.relation.as_deref_mut() else { return Ok(Vec::new()) };
                let visible = self.row_source(sampled, scope)?;
                match scope.tables.iter().skip(before).any(|table| table.mode == Mode::Veiled) {
                    true => Err(Stop::not_understood("tablesample", "TABLESAMPLE of a masked relation", "")),
                    false => Ok(visible),
                }
            }
            _ => Err(not_understood(item)),
        }
    }

    /// A relation or a WITH query.
    fn reference(&mut self, range: &mut RangeVar, scope: &mut Scope<'_>) -> Result<Vec<Visible>> {
        if range.schemaname.is_empty()
            && let Some(common) = scope.common(&range.relname)
        {
            let Some(mut columns) = common.columns.clone() else {
                return Err(Stop::not_understood("recursive-query", "a recursive query over protected columns", ""));
            };
            let label = range.alias.as_ref().map_or(&range.relname, |alias| &alias.aliasname).clone();
            rename(&mut columns, range.alias.as_ref());
            return Ok(scope.add(Table::derived(label, columns)));
        }
        if self.reads_catalog && range.schemaname.is_empty() {
            "pg_catalog".clone_into(&mut range.schemaname);
        }
        let referred = self.referred(range)?;
        self.pin(range, &referred);
        let mut table = relation::table(referred, range);
        if let Some(rights) = &table.rights {
            self.check_readable(&Arc::clone(rights))?;
        }
        table.is_complete &= self.are_columns_known(range, table.rights.as_deref())?;
        // Found again when the derived tables are put in
        range.location = i32::try_from(scope.tables.len()).unwrap_or(i32::MAX);
        Ok(scope.add(table))
    }

    /// Writes the schema out, so that the name cannot come to mean something else before the statement runs.
    pub(super) fn pin(&self, range: &mut RangeVar, referred: &Referred) {
        let relation = match referred {
            Referred::Protected(rights) => &rights.relation,
            Referred::View(relation, _) | Referred::Inlined(relation, _) | Referred::Open(relation) => relation,
            Referred::NewView(_) | Referred::Unseen => return,
        };
        range.schemaname.clone_from(&relation.schema);
    }

    fn check_readable(&mut self, rights: &Arc<super::rights::RelationRights>) -> Result<()> {
        self.touch_relation(rights);
        if self.is_in_view && rights.filter.is_some() {
            let what = format!("a view over {} for a role that may not see all its rows", rights.full_name());
            return Err(Stop::not_understood("filter-behind-view", what, "Query the table itself."));
        }
        match rights.is_denied() {
            true => Err(denied(rights)),
            false => Ok(()),
        }
    }

    fn subselect(&mut self, subselect: &mut RangeSubselect, scope: &mut Scope<'_>) -> Result<Vec<Visible>> {
        let Some(query) = subselect.subquery.as_deref_mut() else { return Ok(Vec::new()) };
        // Without LATERAL the FROM list around it is out of sight, what surrounds that is not
        let mut columns = match subselect.lateral {
            true => self.query(query, Some(&*scope))?,
            false => {
                let outer = Scope { parent: scope.parent, ..Scope::default() };
                self.query(query, Some(&outer))?
            }
        };
        rename(&mut columns, subselect.alias.as_ref());
        let label = subselect.alias.as_ref().map(|alias| alias.aliasname.clone()).unwrap_or_default();
        Ok(scope.add(Table::derived(label, columns)))
    }

    fn function(&mut self, function: &mut RangeFunction, scope: &mut Scope<'_>) -> Result<Vec<Visible>> {
        let label = function_label(function);
        for item in &mut function.functions {
            let Some(NodeEnum::List(call)) = &mut item.node else { return Err(not_understood(item)) };
            // The call, which need not look like one (`COALESCE`, `CAST`); definitions of columns come after it
            let Some(call) = call.items.first_mut() else { continue };
            self.open(call, &*scope)?;
        }
        let alias = function.alias.clone();
        let table = match one_column(function) {
            Some(_) => {
                let mut columns = vec![Column::open(&label)];
                if function.ordinality {
                    columns.push(Column::open("ordinality"));
                }
                rename(&mut columns, alias.as_ref());
                Table::derived(label, columns)
            }
            None if !function.coldeflist.is_empty() => {
                let names = function.coldeflist.iter().filter_map(|column| match &column.node {
                    Some(NodeEnum::ColumnDef(column)) => Some(Column::open(&column.colname)),
                    _ => None,
                });
                Table::derived(label, names.collect())
            }
            None => Table::unknown(label),
        };
        Ok(scope.add(table))
    }

    fn join(&mut self, join: &mut JoinExpr, scope: &mut Scope<'_>) -> Result<Vec<Visible>> {
        let (Some(left), Some(right)) = (join.larg.as_deref_mut(), join.rarg.as_deref_mut()) else {
            return Err(Stop::not_understood("join", "a join without sides", ""));
        };
        let first = scope.tables.len();
        let left = self.row_source(left, scope)?;
        // A LATERAL item on the right sees the left
        let before = scope.visible.len();
        scope.visible.extend(left.iter().cloned());
        let right = self.row_source(right, scope)?;
        scope.visible.truncate(before);
        if join.alias.is_some() || join.join_using_alias.is_some() {
            return Err(Stop::not_understood(
                "join-alias",
                "an alias over a join",
                "Give each table an alias instead.",
            ));
        }
        let using = self.merged_names(join, &left, &right, scope)?;
        let visible = match using.is_empty() {
            true => left.into_iter().chain(right).collect(),
            false => self.merge(join, &using, left, right, scope)?,
        };
        // One that came of USING has been resolved
        if let Some(condition) = join.quals.as_deref_mut().filter(|_| using.is_empty()) {
            // The condition sees the two sides and what stands around the query
            let outer = std::mem::replace(&mut scope.visible, visible.clone());
            let hidden = std::mem::replace(&mut scope.hidden, first);
            let checked = self.open(condition, &*scope);
            (scope.visible, scope.hidden) = (outer, hidden);
            checked?;
        }
        Ok(visible)
    }

    fn merged_names(
        &self,
        join: &JoinExpr,
        left: &[Visible],
        right: &[Visible],
        scope: &Scope<'_>,
    ) -> Result<Vec<String>> {
        if !join.is_natural {
            return Ok(strings(&join.using_clause));
        }
        if !scope.is_complete() {
            return Err(Stop::not_understood(
                "natural-join",
                "NATURAL JOIN with a function",
                "Write JOIN … USING (…).",
            ));
        }
        let is_common = |name: &&String| right.iter().any(|other| other.column.name == **name);
        Ok(left.iter().map(|visible| &visible.column.name).filter(is_common).cloned().collect())
    }

    /// The columns of JOIN … USING. Where one of the merged ones is sealed the join becomes one with ON.
    fn merge(
        &mut self,
        join: &mut JoinExpr,
        using: &[String],
        left: Vec<Visible>,
        right: Vec<Visible>,
        scope: &Scope<'_>,
    ) -> Result<Vec<Visible>> {
        let mut pairs = Vec::new();
        for name in using {
            pairs.push((one_of(&left, name)?.clone(), one_of(&right, name)?.clone()));
        }
        let is_sealed = |visible: &Visible| visible.column.shape.sealed().is_some();
        let rest =
            |side: Vec<Visible>| side.into_iter().filter(|v| !using.contains(&v.column.name)).collect::<Vec<_>>();
        let mut merged: Vec<Visible> = Vec::new();
        let is_rewritten = pairs.iter().any(|(l, r)| is_sealed(l) || is_sealed(r));
        if is_rewritten && !build::is_inner_or_left(join.jointype) {
            return Err(Stop::not_understood(
                "using-outer",
                "RIGHT or FULL JOIN … USING an encrypted column",
                "Write JOIN … ON.",
            ));
        }
        for (l, r) in pairs {
            if is_rewritten {
                check_types(&l, &r, scope)?;
                let condition = self.using_condition(&l, &r, scope)?;
                join.quals = Some(build::and(join.quals.take(), condition));
                merged.push(Visible { node: Some(reference_to(&l, scope)), is_merged: false, ..l });
            } else {
                // The server merges them; both sides are used
                for side in [&l, &r] {
                    let shape = self.use_column(scope, side)?.shape;
                    self.require_open(&shape, "comparison", "JOIN … USING")?;
                }
                merged.push(merged_column(join.jointype, l, r, scope));
            }
        }
        if is_rewritten {
            join.is_natural = false;
            join.using_clause.clear();
        }
        merged.extend(rest(left));
        merged.extend(rest(right));
        Ok(merged)
    }

    fn using_condition(&mut self, l: &Visible, r: &Visible, scope: &Scope<'_>) -> Result<Node> {
        let (left, right) = (self.use_column(scope, l)?, self.use_column(scope, r)?);
        let (mut l, mut r) = (reference_to(l, scope), reference_to(r, scope));
        match (left.shape.sealed(), right.shape.sealed()) {
            (Some(a), Some(b)) => self.sealed_pair(&mut l, a, &mut r, b)?,
            (None, None) => {}
            (Some(one), None) | (None, Some(one)) => return Err(super::equality::not_comparable(one)),
        }
        Ok(build::binary(l, "=", r))
    }

    /// Puts derived tables in the place of relations that the caller sees masked or filtered. Comes last: by then it is
    /// known which columns are used.
    pub(super) fn veil(&mut self, items: &mut [Node], scope: &Scope<'_>) -> Result<()> {
        for item in items {
            match &mut item.node {
                Some(NodeEnum::RangeVar(range)) => {
                    let at = usize::try_from(range.location).unwrap_or(usize::MAX);
                    if let Some(table) = scope.tables.get(at)
                        && table.mode == Mode::Veiled
                        && table.alias == *range.alias.as_ref().map_or(&range.relname, |alias| &alias.aliasname)
                    {
                        *item = derived_table(range, table, &mut self.marks)?;
                    }
                }
                Some(NodeEnum::JoinExpr(join)) => {
                    let sides = [join.larg.as_deref_mut(), join.rarg.as_deref_mut()];
                    for side in sides.into_iter().flatten() {
                        self.veil(std::slice::from_mut(side), scope)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// `(SELECT mask(a) AS a, b FROM s.t WHERE filter) AS t`, of the columns that the statement uses.
fn derived_table(range: &RangeVar, table: &Table, marks: &mut Marks) -> Result<Node> {
    if let Some(query) = &table.inlined {
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        return Ok(build::subquery((**query).clone(), &table.alias, &names));
    }
    let mut select = build::empty_select();
    for index in table.used.borrow().iter() {
        let (Some(name), Some(shown), Some(veil)) =
            (table.stored.get(*index), table.columns.get(*index), table.veils.get(*index))
        else {
            continue;
        };
        let value = match veil {
            Veil::Expression { sql, .. } => marks.mark(sql, name)?,
            Veil::None | Veil::Null { .. } | Veil::Denied => veiled(veil, build::column([name.as_str()]))?,
        };
        select.target_list.push(build::target(value, &shown.name));
    }
    let filter = table.rights.as_ref().and_then(|rights| rights.filter.as_ref());
    if let Some(filter) = filter {
        select.where_clause = Some(Box::new(marks.mark(filter, "")?));
        // A caller's predicate must not run on rows that the filter hides: the server does not look into this
        select.limit_offset = Some(Box::new(build::integer(0)));
        select.limit_option = LimitOption::Count.into();
    }
    let inner = RangeVar { alias: None, location: -1, ..range.clone() };
    select.from_clause = vec![build::node(NodeEnum::RangeVar(inner))];
    Ok(build::subquery(select, &table.alias, &[]))
}

fn denied(rights: &super::rights::RelationRights) -> Stop {
    let name = rights.full_name();
    Stop::denied("relation-denied", format!("permission denied for table {name}"), vec![name], "")
}

fn rename(columns: &mut [Column], alias: Option<&Alias>) {
    if let Some(alias) = alias {
        relation::rename(columns, &strings(&alias.colnames));
    }
}

fn one_of<'v>(side: &'v [Visible], name: &str) -> Result<&'v Visible> {
    let mut found = side.iter().filter(|visible| visible.column.name == name);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => {
            Err(Stop::not_understood("using-column", format!("column \"{name}\" of JOIN … USING"), "Write JOIN … ON."))
        }
    }
}

/// The type of a table's column, where the table's own are known.
fn type_of(visible: &Visible, scope: &Scope<'_>) -> Option<u32> {
    let rights = scope.tables.get(visible.place.0)?.rights.as_ref()?;
    rights.relation.columns.get(visible.place.1).map(|column| column.type_oid)
}

/// The server gives merged columns a common type; where they are written as the left one alone it has to have it.
fn check_types(l: &Visible, r: &Visible, scope: &Scope<'_>) -> Result<()> {
    let is_sealed = |visible: &Visible| visible.column.shape.sealed().is_some();
    let is_alike = type_of(l, scope).is_some_and(|left| type_of(r, scope) == Some(left));
    match is_sealed(l) || is_sealed(r) || (is_alike && !l.is_merged && !r.is_merged) {
        true => Ok(()),
        false => {
            let what = "JOIN … USING columns that may be of different types beside an encrypted one";
            Err(Stop::not_understood("using-types", what, "Write JOIN … ON."))
        }
    }
}

/// What a bare name means where the server merges two columns: the left one, the right one, or whichever there is.
fn merged_column(jointype: i32, l: Visible, r: Visible, scope: &Scope<'_>) -> Visible {
    let is_alike = type_of(&l, scope).is_some_and(|left| type_of(&r, scope) == Some(left));
    let mut merged = match JoinType::try_from(jointype) {
        Ok(JoinType::JoinRight) => r,
        Ok(JoinType::JoinFull) => Visible { column: Column::open(&l.column.name), ..l },
        _ => l,
    };
    if !is_alike {
        // It is a column's own or converted: the server says which
        merged.column.origin = None;
    }
    merged.is_merged = true;
    merged
}

/// The column by its table, as it can be written anywhere in the query.
pub(super) fn reference_to(visible: &Visible, scope: &Scope<'_>) -> Node {
    if let Some(node) = &visible.node {
        return node.clone();
    }
    match scope.tables.get(visible.place.0) {
        Some(table) => build::column([table.alias.as_str(), &visible.column.name]),
        None => build::column([visible.column.name.as_str()]),
    }
}

/// What a function in FROM is called: by its alias, or as its own column would be.
fn function_label(function: &RangeFunction) -> String {
    if let Some(alias) = &function.alias {
        return alias.aliasname.clone();
    }
    let first = match function.functions.first().and_then(|item| item.node.as_ref()) {
        Some(NodeEnum::List(call)) => call.items.first(),
        _ => None,
    };
    first.map(of_value).unwrap_or_default()
}

/// The name of the single function whose single column is known.
fn one_column(function: &RangeFunction) -> Option<&str> {
    let [protobuf::Node { node: Some(NodeEnum::List(call)) }] = function.functions.as_slice() else { return None };
    match &call.items.first()?.node {
        Some(NodeEnum::FuncCall(call)) => {
            let name = call.funcname.last().and_then(string)?;
            (ONE_COLUMN.contains(&name) && call.args.len() <= 4 && !(name == "unnest" && call.args.len() > 1))
                .then_some(name)
        }
        _ => None,
    }
}

fn not_understood(item: &Node) -> Stop {
    let kind = item.node.as_ref().map_or("nothing", super::kind_of);
    Stop::not_understood("from-item", format!("{kind} in FROM beside protected relations"), "")
}
