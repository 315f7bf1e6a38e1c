//! Rows that an INSERT takes from arrays: `INSERT INTO t (a, b) SELECT * FROM unnest($1::int[], '{x,y}'::varchar[])`, as
//! Django, pgx, sqlx and programs by hand store many rows at once. Values that a query computes cannot be sealed; the
//! elements of an array that is there before the statement runs can.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{FuncCall, Node, RangeFunction, SelectStmt};

use super::analyzer::Analyzer;
use super::build;
use super::constant::{Literal, check_magic, constructed, literal};
use super::naming::{string, strings};
use super::rights::{ColumnRights, SealedRight};
use super::scope::Scope;
use super::stop::{Result, Stop};
use crate::plan::{ParamAction, Reveal, SealedColumn};
use crate::value::{Format, LogicalType, Plaintext, Purpose, element_of, read_array};

impl Analyzer<'_> {
    /// Seals what arrays bring for sealed columns; false where the query is another one, or this caller's values would
    /// have to be looked at.
    pub(super) fn insert_unnested(
        &mut self,
        select: &mut SelectStmt,
        columns: &[&ColumnRights],
        with: &Scope<'_>,
    ) -> Result<bool> {
        let is_clear = |sealed: &SealedRight| sealed.reveal == Some(Reveal::Clear);
        let is_plain = |column: &&ColumnRights| {
            column.plain_mask().is_none() && column.write && column.sealed.as_ref().is_none_or(is_clear)
        };
        let Some(order) = order(select).filter(|order| order.len() == columns.len()) else { return Ok(false) };
        let Some(call) = unnest(select) else { return Ok(false) };
        if !columns.iter().all(is_plain) || columns.iter().all(|column| column.sealed.is_none()) {
            return Ok(false);
        }
        // Of several arrays it is the grammar's own, and only without a schema
        if call.args.len() == 1 {
            call.funcname = function_name();
        }
        for (place, array) in call.args.iter_mut().enumerate() {
            let column = order.iter().position(|from| *from == place).and_then(|at| columns.get(at));
            match column.and_then(|column| Some((column, column.sealed.as_ref()?))) {
                Some((column, sealed)) => {
                    self.check_writable(column)?;
                    self.seal_array(array, column, sealed)?;
                }
                None => self.open(array, with)?,
            }
        }
        Ok(true)
    }

    fn seal_array(&mut self, node: &mut Node, stored: &ColumnRights, right: &SealedRight) -> Result<()> {
        let column = &right.column;
        if let Some((elements, of)) = constructed(node).and_then(|(elements, cast)| Some((elements, element_of(cast)?)))
        {
            let is_of = |source: u32| source == 0 || source == of;
            let sealed = elements.iter().map(|element| {
                let of_its_type = literal(element).filter(|literal| match literal {
                    Literal::Null => true,
                    Literal::Text { source, typmod, .. } => is_of(*source) && *typmod == -1,
                    Literal::Parameter { number, source, typmod } => {
                        is_of(self.typed(*number, *source)) && *typmod == -1
                    }
                });
                match of_its_type.filter(|_| is_alike(column, Some(of))) {
                    Some(literal) => self.sealed_literal_value(literal, stored, right, None, Some(of)),
                    None => Err(computed(column)),
                }
            });
            *node = build::text_array(sealed.collect::<Result<_>>()?);
            return Ok(());
        }
        *node = match literal(node) {
            Some(Literal::Text { text, source, .. }) if is_alike(column, element_of(source)) => {
                let (style, bytes) = (self.context.style, text.as_bytes());
                let values = read_array(column.ty, source, Format::Text, bytes, style, Purpose::Assign)?;
                let seal = |value: &Option<Plaintext>| match value {
                    Some(value) => {
                        check_magic(column, value.expose())?;
                        Ok(build::text(self.context.sealer.seal(column, value)?))
                    }
                    None => Ok(build::null()),
                };
                let sealed = values.iter().map(seal).collect::<Result<_>>()?;
                self.reusable = false;
                build::text_array(sealed)
            }
            Some(Literal::Parameter { number, source, typmod: -1 })
                if is_alike(column, element_of(self.typed(number, source))) =>
            {
                let shown = self.typed(number, source);
                let action = ParamAction::SealArray { column: Arc::clone(column) };
                build::parameter(self.parameters.place(number, action, shown))
            }
            Some(_) | None => return Err(computed(column)),
        };
        Ok(())
    }
}

/// Whether elements of a type are stored as they are, or as one text in another.
fn is_alike(column: &SealedColumn, element: Option<u32>) -> bool {
    let ty = element.and_then(|oid| LogicalType::from_oid(oid, -1));
    ty.is_some_and(|ty| ty.kind == column.ty.kind || (ty.is_text() && column.ty.is_text()))
}

fn computed(column: &SealedColumn) -> Stop {
    let hint = "Pass the values as a constant or a parameter that is cast to an array of the column's type.";
    Stop::unsupported("computed-value", "a value that the server computes", column, hint)
}

/// Which array each column of the rows comes from, of a query that hands on what `unnest` gives and does nothing else.
fn order(select: &mut SelectStmt) -> Option<Vec<usize>> {
    let is_bare =
        SelectStmt { target_list: Vec::new(), from_clause: Vec::new(), ..select.clone() } == build::empty_select();
    let arrays = unnest(select).filter(|_| is_bare)?.args.len();
    let [Node { node: Some(NodeEnum::RangeFunction(function)) }] = select.from_clause.as_slice() else { return None };
    let (label, names) = match &function.alias {
        Some(alias) => (alias.aliasname.as_str(), strings(&alias.colnames)),
        None => ("unnest", Vec::new()),
    };
    let fields = |target: &Node| match &target.node {
        Some(NodeEnum::ResTarget(target)) => match &target.val.as_deref()?.node {
            Some(NodeEnum::ColumnRef(column)) => Some(column.fields.clone()),
            _ => None,
        },
        _ => None,
    };
    let own = |fields: Vec<Node>| match fields.as_slice() {
        [last] => Some(last.clone()),
        [table, last] if string(table) == Some(label) => Some(last.clone()),
        _ => None,
    };
    let columns: Vec<Node> = select.target_list.iter().map(|target| own(fields(target)?)).collect::<Option<_>>()?;
    if let [Node { node: Some(NodeEnum::AStar(_)) }] = columns.as_slice() {
        return Some((0..arrays).collect());
    }
    let place = |column: &Node| {
        let name = string(column)?;
        let mut places = names.iter().enumerate().filter(|(_, known)| *known == name);
        places.next().map(|(at, _)| at).filter(|at| places.next().is_none() && *at < arrays)
    };
    let order: Vec<usize> = columns.iter().map(place).collect::<Option<_>>()?;
    let mut once = order.clone();
    once.sort_unstable();
    once.dedup();
    (once.len() == order.len()).then_some(order)
}

/// The one function that the rows come from, if it is `unnest` of one or more arrays and nothing beside it.
fn unnest(select: &mut SelectStmt) -> Option<&mut FuncCall> {
    let [Node { node: Some(NodeEnum::RangeFunction(function)) }] = select.from_clause.as_mut_slice() else {
        return None;
    };
    let bare = RangeFunction { functions: Vec::new(), alias: None, ..function.clone() };
    if bare != RangeFunction::default() {
        return None;
    }
    let [Node { node: Some(NodeEnum::List(list)) }] = function.functions.as_mut_slice() else { return None };
    let (call, definitions) = list.items.split_first_mut()?;
    let Some(NodeEnum::FuncCall(call)) = &mut call.node else { return None };
    let plain = build::call("unnest", call.args.clone());
    let own = FuncCall { funcname: function_name(), location: -1, ..(**call).clone() };
    let is_plain = plain.node == Some(NodeEnum::FuncCall(Box::new(own)));
    let names = strings(&call.funcname);
    let is_unnest = match names.as_slice() {
        [name] => name == "unnest",
        [schema, name] => schema == "pg_catalog" && name == "unnest" && call.args.len() == 1,
        _ => false,
    };
    let has_definitions = definitions.iter().any(|definition| definition.node.is_some());
    (is_plain && is_unnest && !has_definitions && !call.args.is_empty()).then_some(&mut **call)
}

fn function_name() -> Vec<Node> {
    vec![build::name("pg_catalog"), build::name("unnest")]
}
